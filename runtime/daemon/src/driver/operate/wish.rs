//! Wishes about one sub-cluster or one node: pauses, drains, labels. What each of them is in the records, and what the
//! scheduler is told of it.

use std::collections::BTreeMap;

use sublet_scheduler::{Event, NodeId, SubclusterId, UnixMillis, UserId};
use sublet_store::{DrainedNode, PausedSubcluster, Record, Who};

use crate::driver::{Answer, Driver, NotKept, reply};

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
    /// There is no sub-cluster of that name.
    NoSubcluster(String),
    /// There is no node of that name.
    NoNode(String),
    /// It could not be recorded.
    NotKept(NotKept),
}

impl Driver {
    pub(in crate::driver) fn wish(
        &mut self,
        wish: &Wish,
        who: Who,
        answer: Answer<Result<(), WishError>>,
    ) {
        let done = self.try_wish(wish, who);
        reply(answer, done);
    }

    fn try_wish(&mut self, wish: &Wish, who: Who) -> Result<(), WishError> {
        self.check(wish)?;
        let at = (self.now)();
        let mut records = wish.records(who.user.unwrap_or(self.owner), at);
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
    pub(in crate::driver) fn event_of(&mut self, wish: &Wish) -> Result<Event, WishError> {
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

    fn records(&self, by: UserId, at: UnixMillis) -> Vec<Record> {
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
