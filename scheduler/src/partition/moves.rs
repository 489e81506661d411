//! Changes of place: what they were, why, and how many of them one node may make in a minute.

use alloc::collections::VecDeque;
use alloc::string::String;

use super::node::NodeState;
use crate::rules::{Explanation, RuleKind};
use crate::{NodeId, UnixMillis};

/// The span over which moves of a node are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// A node that is somewhere else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMove {
    /// Which.
    pub node: NodeId,
    /// Where it was.
    pub from: NodeState,
    /// Where it is. One that retired is seen as [`NodeState::Down`] for the last time.
    pub to: NodeState,
    /// Why.
    pub cause: MoveCause,
}

/// Why a node is somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveCause {
    /// A rule held.
    Rule {
        /// The name of the sub-cluster whose rule it is.
        subcluster: String,
        /// Whether it let the node in or sent it away.
        kind: RuleKind,
        /// The version of the rule set.
        version: u64,
        /// What held, with the values it read.
        explanation: Explanation,
    },
    /// Its host has room for it.
    Joined,
    /// Its sub-cluster was removed, or has slots of another shape now.
    RulesChanged {
        /// The version of the rule set that did it.
        version: u64,
    },
    /// An operator keeps it out.
    Drained {
        /// The operator's reason.
        reason: String,
    },
    /// An operator lets it work again.
    Resumed,
    /// Its host is lost.
    HostLost,
    /// Its host does not list it any more.
    Retired,
    /// What still ran on it was stopped.
    GraceEnded,
    /// It gets another capacity, or its host has no room for it any more.
    CapacityChanged,
}

/// When a node last left a sub-cluster, within a minute.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentMoves {
    left_at: VecDeque<UnixMillis>,
}

impl RecentMoves {
    /// Notes that the node left, and forgets what is older than a minute.
    pub(super) fn note(&mut self, now: UnixMillis) {
        while let Some(first) = self.left_at.front()
            && first.plus(MINUTE_MS) <= now
        {
            self.left_at.pop_front();
        }
        self.left_at.push_back(now);
    }

    /// Until when the node may not leave again, when at most `moves_max` of its moves may lie within a minute.
    pub(super) fn forbid_until(&self, now: UnixMillis, moves_max: u32) -> Option<UnixMillis> {
        let moves_max = usize::try_from(moves_max).unwrap_or(usize::MAX);
        let counted = self.left_at.len().checked_sub(moves_max)?;
        // With a bound of 0 nothing that was noted can come to lie a minute back: only other rules help.
        let Some(oldest) = self.left_at.get(counted) else {
            return (moves_max == 0).then_some(UnixMillis(u64::MAX));
        };
        let until = oldest.plus(MINUTE_MS);
        (until > now).then_some(until)
    }
}
