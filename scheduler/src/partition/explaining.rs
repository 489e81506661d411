//! Why a node is where it is, and why it is not elsewhere: the rules with their values, and what forbids what they say.

use alloc::string::String;
use alloc::vec::Vec;

use super::Partition;
use super::entering::Closed;
use super::flow::facts;
use super::node::{Grace, Intent, Node, NodeState, Place};
use super::subcluster::Subcluster;
use crate::rules::{Explanation, Rule};
use crate::{NodeId, Resources, SubclusterId, UnixMillis};

/// Why a node is where it is.
#[derive(Clone, Debug)]
pub struct NodeExplanation {
    /// Where it is.
    pub state: NodeState,
    /// What the exit rule of its sub-cluster says, if it is in one that has any.
    pub exit: Option<Explanation>,
    /// For a node that is in none: what each sub-cluster says of it, by name.
    pub entries: Vec<EntryExplanation>,
    /// What keeps it from going where the rules would have it.
    pub held_by: Vec<Hold>,
}

/// What one sub-cluster says of a node that might enter.
#[derive(Clone, Debug)]
pub struct EntryExplanation {
    /// Its name.
    pub subcluster: String,
    /// What it says.
    pub verdict: EntryVerdict,
}

/// Whether a node may enter a sub-cluster.
#[derive(Clone, Debug)]
pub enum EntryVerdict {
    /// Its entry rule was asked.
    Asked(Explanation),
    /// Its entry rule is not asked.
    Closed(Closed),
}

/// What keeps a node where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It entered a moment ago.
    Dwell {
        /// When it has stayed as long as a node must.
        until: UnixMillis,
    },
    /// It moved as often as a node may within a minute.
    MoveBudget {
        /// When it may move again.
        until: UnixMillis,
    },
    /// Attempts that hold slots of it.
    Running {
        /// How many.
        attempts: u64,
        /// When they are stopped.
        stopped_at: Option<UnixMillis>,
    },
    /// An operator.
    Operator {
        /// Why, in the operator's words.
        reason: String,
    },
    /// Its host is lost.
    HostLost,
    /// Other nodes of its host have what it would need.
    NoRoomOnHost {
        /// What it would have.
        wanted: Resources,
        /// What the other nodes have.
        reserved: Resources,
        /// What the host has.
        capacity: Resources,
    },
    /// Its host has less than it lists.
    ListExceedsHost {
        /// What the host has.
        capacity: Resources,
    },
}

impl Partition {
    /// Why a node is where it is now. Nothing when it is not known.
    pub(crate) fn explain_node(&self, now: UnixMillis, id: NodeId) -> Option<NodeExplanation> {
        let node = self.nodes.get(&id)?;
        let exit = match &node.place {
            Place::In(seat) | Place::Draining(seat, _) => {
                self.explain_exit(now, id, seat.subcluster)
            }
            Place::Unassigned | Place::Down => None,
        };
        let entries = match &node.place {
            Place::Unassigned => self.explain_entries(now, id),
            Place::In(_) | Place::Draining(..) | Place::Down => Vec::new(),
        };
        Some(NodeExplanation {
            state: node.state(),
            held_by: self.holds(now, id, node, exit.as_ref()),
            exit,
            entries,
        })
    }

    fn explain_exit(&self, now: UnixMillis, id: NodeId, home: SubclusterId) -> Option<Explanation> {
        let subcluster = &self.subclusters[&home];
        let rule = subcluster.spec.exit.as_ref()?;
        Some(self.explain_rule(now, rule, id, subcluster))
    }

    fn explain_entries(&self, now: UnixMillis, id: NodeId) -> Vec<EntryExplanation> {
        let capacity = self.node(id).spec.capacity;
        let entries = self.names.iter().map(|(name, home)| {
            let one = &self.subclusters[home];
            let verdict = match (one.closed_to(capacity), &one.spec.entry) {
                (None, Some(rule)) => EntryVerdict::Asked(self.explain_rule(now, rule, id, one)),
                (closed, _) => EntryVerdict::Closed(closed.unwrap_or(Closed::NoRule)),
            };
            EntryExplanation {
                subcluster: name.clone(),
                verdict,
            }
        });
        entries.collect()
    }

    fn explain_rule(
        &self,
        now: UnixMillis,
        rule: &Rule,
        id: NodeId,
        subcluster: &Subcluster,
    ) -> Explanation {
        let (node, sub) = (self.facts_of(id), subcluster.facts());
        rule.explain(&facts(now, &node, &sub))
    }

    fn holds(
        &self,
        now: UnixMillis,
        id: NodeId,
        node: &Node,
        exit: Option<&Explanation>,
    ) -> Vec<Hold> {
        let operator = node.kept_out.iter().map(|reason| Hold::Operator {
            reason: reason.clone(),
        });
        let mut holds: Vec<Hold> = operator.collect();
        match &node.place {
            Place::In(_) if exit.is_some_and(|exit| exit.holds) => {
                holds.extend(self.dwell_of(now, id));
                let budget = node.recent.forbid_until(now, self.moves_per_minute_max);
                holds.extend(budget.map(|until| Hold::MoveBudget { until }));
            }
            Place::Draining(seat, departure) => holds.push(Hold::Running {
                attempts: seat.slots.held(),
                stopped_at: match departure.grace {
                    Grace::Until(instant) => Some(instant),
                    Grace::Unlimited | Grace::Over => None,
                },
            }),
            Place::In(_) | Place::Unassigned => {}
            Place::Down => holds.push(self.why_down(node)),
        }
        holds
    }

    fn dwell_of(&self, now: UnixMillis, id: NodeId) -> Option<Hold> {
        let seat = self.node(id).seat()?;
        let dwell_min_ms = self.subclusters[&seat.subcluster].spec.dwell_min_ms;
        let until = seat.entered_at.plus(dwell_min_ms);
        (until > now).then_some(Hold::Dwell { until })
    }

    fn why_down(&self, node: &Node) -> Hold {
        let host = &self.hosts[&node.host];
        if host.contact == super::host::Contact::Lost {
            return Hold::HostLost;
        }
        match node.intent {
            Intent::Waits(wanted) | Intent::Resizes(wanted) => Hold::NoRoomOnHost {
                wanted,
                reserved: host.reserved,
                capacity: host.capacity,
            },
            Intent::Exceeds | Intent::Stays | Intent::Retires => Hold::ListExceedsHost {
                capacity: host.capacity,
            },
        }
    }
}
