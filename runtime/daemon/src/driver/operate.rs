//! What operators ask for while everything runs. Each wish is durable before it is obeyed, and stands in the audit record
//! with who asked and what was so before.

use std::collections::BTreeMap;

use sublet_scheduler::{Burst, Event, Isolation, NodeId, SubclusterId};
use sublet_store::{AuditOutcome, Audited, DrainedNode, PausedSubcluster, Record, RuleSet, Who};

use super::ground::Adoption;
use super::{Answer, Driver, NotKept, reply};
use crate::config::{Rules, RulesError, SLOTS_MAX};
use crate::workers::WorkerShape;

/// Somebody wants other rules to hold.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) rules: Rules,
    /// The version that they were made for; any, when somebody does not care.
    pub(crate) made_for: u64,
    pub(crate) who: Who,
    /// The word of the audit record.
    pub(crate) action: &'static str,
    pub(crate) object: String,
}

/// Why other rules do not hold.
#[derive(Debug)]
pub(crate) enum ApplyError {
    /// They were made for another version than the one in force.
    Stale {
        /// The version in force.
        current: u64,
    },
    /// The host cannot be carved as they say.
    Host(RulesError),
    /// They could not be recorded.
    NotKept(NotKept),
}

/// A wish about a sub-cluster or a node.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Pause {
        subcluster: String,
        reason: String,
    },
    Unpause {
        subcluster: String,
    },
    DrainNode {
        node: String,
        reason: String,
        grace_ms: Option<u64>,
    },
    ResumeNode {
        node: String,
    },
    LabelNode {
        node: String,
        set: BTreeMap<String, String>,
        remove: Vec<String>,
    },
}

/// Why a wish is not obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WishError {
    /// There is no such sub-cluster; the nearest name.
    NoSubcluster(String),
    /// There is no such node.
    NoNode(String),
    /// It could not be recorded.
    NotKept(NotKept),
}

impl Driver {
    pub(super) fn apply(&mut self, change: Change, answer: Answer<Result<u64, ApplyError>>) {
        let applied = self.try_apply(change);
        reply(answer, applied);
    }

    /// Answers the version that holds then: the old one where nothing changes.
    fn try_apply(&mut self, change: Change) -> Result<u64, ApplyError> {
        let current = self.ground.version();
        if change.made_for != current {
            return Err(ApplyError::Stale { current });
        }
        let offered = self.ground.offered;
        let carved = change.rules.carve(offered).map_err(ApplyError::Host)?;
        let (before, after) = (self.ground.rules.document(), change.rules.document());
        if before == after {
            return Ok(current);
        }
        let mut rules = change.rules;
        rules.set.version = current + 1;
        let mut ground = self.ground.clone();
        let adoption = ground.adopt(rules, carved);
        let at = (self.now)();
        let mut records = adoption.records.clone();
        records.push(Record::RuleSetApplied(RuleSet {
            version: current + 1,
            document: after.clone(),
            by: self.owner,
            at,
        }));
        let mut audited = self.audited(change.who, change.action, change.object);
        (audited.before, audited.after) = (Some(before), Some(after));
        records.push(Record::Audited(Box::new(audited)));
        self.keep_now(records).map_err(ApplyError::NotKept)?;
        self.ground = ground;
        self.obey_rules(adoption);
        Ok(current + 1)
    }

    /// Has the scheduler and the workers go by other rules, which are recorded.
    pub(super) fn obey_rules(&mut self, adoption: Adoption) {
        self.ground.rules = adoption.rules;
        for event in adoption.events {
            self.happened(event);
        }
        self.fit_workers();
    }

    /// Has workers be like the slots of their sub-clusters. Each can hold as many instances as the sub-cluster could have
    /// slots, so that one user may have them all.
    fn fit_workers(&mut self) {
        for one in self.scheduler.pool().subclusters {
            let slots = self.scheduler.slots_ever(one.subcluster);
            let shape = WorkerShape {
                instances_max: match one.spec.isolation {
                    Isolation::User => u32::try_from(slots.clamp(1, SLOTS_MAX)).unwrap_or(1),
                    Isolation::Process => 1,
                },
                memory_bytes_max: one.spec.slot.memory_bytes,
                isolation: match one.spec.isolation {
                    Isolation::User => sublet_worker::Isolation::User,
                    Isolation::Process => sublet_worker::Isolation::Process,
                },
                cpu_millis: one.spec.slot.cpu_millis,
                burst: match one.spec.burst {
                    Burst::Allowed => sublet_worker::Burst::Allowed,
                    Burst::Denied => sublet_worker::Burst::Forbidden,
                },
            };
            if !one.is_leaving {
                self.workers.reshape(one.subcluster, shape);
            }
        }
    }

    pub(super) fn wish(&mut self, wish: &Wish, who: Who, answer: Answer<Result<(), WishError>>) {
        let done = self.try_wish(wish, who);
        reply(answer, done);
    }

    fn try_wish(&mut self, wish: &Wish, who: Who) -> Result<(), WishError> {
        self.check(wish)?;
        let at = (self.now)();
        let mut records = wish.records(self.owner, at);
        let (action, object) = wish.named();
        let mut audited = self.audited(who, action, object);
        audited.after = wish.said();
        records.push(Record::Audited(Box::new(audited)));
        self.keep_now(records).map_err(WishError::NotKept)?;
        let event = self.event_of(wish)?;
        self.happened(event);
        Ok(())
    }

    /// Whether what the wish is about is there.
    fn check(&self, wish: &Wish) -> Result<(), WishError> {
        match wish {
            Wish::Pause { subcluster, .. } | Wish::Unpause { subcluster } => {
                self.subcluster_of(subcluster).map(drop)
            }
            Wish::DrainNode { node, .. }
            | Wish::ResumeNode { node }
            | Wish::LabelNode { node, .. } => self.node_of(node).map(drop),
        }
    }

    /// What the scheduler is told of a wish.
    pub(super) fn event_of(&mut self, wish: &Wish) -> Result<Event, WishError> {
        Ok(match wish {
            Wish::Pause { subcluster, reason } => Event::SubclusterPaused {
                subcluster: self.subcluster_of(subcluster)?,
                reason: reason.clone(),
            },
            Wish::Unpause { subcluster } => Event::SubclusterResumed {
                subcluster: self.subcluster_of(subcluster)?,
            },
            Wish::DrainNode {
                node,
                reason,
                grace_ms,
            } => Event::NodeDrainAsked {
                node: self.node_of(node)?,
                reason: reason.clone(),
                grace_ms: *grace_ms,
            },
            Wish::ResumeNode { node } => Event::NodeResumed {
                node: self.node_of(node)?,
            },
            Wish::LabelNode { node, set, remove } => {
                let id = self.node_of(node)?;
                self.ground.relabel(node, set, remove);
                let labels = self.ground.labels(node);
                Event::NodeLabelled { node: id, labels }
            }
        })
    }

    fn subcluster_of(&self, name: &str) -> Result<SubclusterId, WishError> {
        self.scheduler
            .subcluster_named(name)
            .ok_or_else(|| WishError::NoSubcluster(name.to_owned()))
    }

    fn node_of(&self, name: &str) -> Result<NodeId, WishError> {
        self.ground
            .node(name)
            .ok_or_else(|| WishError::NoNode(name.to_owned()))
    }

    /// Makes records durable now, with all that came before them. Answers once they are.
    fn keep_now(&mut self, records: Vec<Record>) -> Result<(), NotKept> {
        let unkept = |error: sublet_store::Error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what an operator asked for cannot be recorded"
            );
            NotKept::Fault
        };
        self.settle().map_err(unkept)?;
        if self.disk_full {
            return Err(NotKept::DiskFull);
        }
        self.batch.record_aside(records);
        self.settle().map_err(unkept)?;
        if self.disk_full {
            return Err(NotKept::DiskFull);
        }
        Ok(())
    }

    fn audited(&self, who: Who, action: &str, object: String) -> Audited {
        Audited {
            at: (self.now)(),
            who,
            action: action.to_owned(),
            object,
            before: None,
            after: None,
            outcome: AuditOutcome::Done,
        }
    }
}

impl Wish {
    /// The word of the audit record, and what the wish is about.
    fn named(&self) -> (&'static str, String) {
        match self {
            Self::Pause { subcluster, .. } => ("subclusters.pause", subcluster.clone()),
            Self::Unpause { subcluster } => ("subclusters.resume", subcluster.clone()),
            Self::DrainNode { node, .. } => ("nodes.drain", node.clone()),
            Self::ResumeNode { node } => ("nodes.resume", node.clone()),
            Self::LabelNode { node, .. } => ("nodes.label", node.clone()),
        }
    }

    fn said(&self) -> Option<String> {
        match self {
            Self::Pause { reason, .. } | Self::DrainNode { reason, .. } => Some(reason.clone()),
            Self::LabelNode { set, remove, .. } => {
                let set = set.iter().map(|(key, value)| format!("{key}={value}"));
                let removed = remove.iter().map(|key| format!("{key}-"));
                Some(set.chain(removed).collect::<Vec<_>>().join(" "))
            }
            Self::Unpause { .. } | Self::ResumeNode { .. } => None,
        }
    }

    fn records(
        &self,
        by: sublet_scheduler::UserId,
        at: sublet_scheduler::UnixMillis,
    ) -> Vec<Record> {
        match self {
            Self::Pause { subcluster, reason } => {
                vec![Record::SubclusterPaused(PausedSubcluster {
                    name: subcluster.clone(),
                    by,
                    reason: reason.clone(),
                    since: at,
                })]
            }
            Self::Unpause { subcluster } => vec![Record::SubclusterResumed {
                name: subcluster.clone(),
            }],
            Self::DrainNode { node, reason, .. } => vec![Record::NodeDrained(DrainedNode {
                node: node.clone(),
                by,
                reason: reason.clone(),
                since: at,
            })],
            Self::ResumeNode { node } => vec![Record::NodeResumed { node: node.clone() }],
            Self::LabelNode { node, set, remove } => {
                let set = set.iter().map(|(key, value)| (key, Some(value.clone())));
                let removed = remove.iter().map(|key| (key, None));
                set.chain(removed)
                    .map(|(key, value)| Record::NodeLabelled {
                        node: node.clone(),
                        key: key.clone(),
                        value,
                    })
                    .collect()
            }
        }
    }
}
