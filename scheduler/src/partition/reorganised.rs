//! What came of a change: moves, attempts to stop, sub-clusters that are gone, and what was asked for it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::moves::NodeMove;
use super::node::Offer;
use crate::{AttemptId, NodeId, SubclusterId};

/// What came of all changes since the last time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reorganised {
    /// In the order in which they happened.
    pub(crate) moves: Vec<NodeMove>,
    /// Attempts whose node drains and whose grace is over. Each is named once, to be stopped.
    pub(crate) evicted: Vec<(AttemptId, NodeId)>,
    /// Attempts of whose slot it is another question now whether it may be granted again when it comes back.
    pub(crate) reoffered: BTreeMap<AttemptId, Offer>,
    /// Sub-clusters that may have other slots than before.
    pub(crate) resized: BTreeSet<SubclusterId>,
    /// Removed sub-clusters that the last node has left.
    pub(crate) gone: Vec<SubclusterId>,
    /// How many rules were asked.
    pub(crate) evaluations: Evaluations,
    /// The steps, if somebody wants them.
    pub(crate) trace: Option<Vec<Step>>,
}

/// Rules that were asked, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evaluations {
    pub(crate) exit: u64,
    pub(crate) entry: u64,
}

/// One step of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An exit rule was asked about a member.
    AskedExit(NodeId, SubclusterId, Answer),
    /// A node left.
    Left(NodeId, SubclusterId),
    /// An entry rule was asked about an unassigned node.
    AskedEntry(NodeId, SubclusterId, Answer),
    /// A node joined.
    Joined(NodeId, SubclusterId),
}

/// What a rule said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Holds,
    DoesNotHold,
}

impl Reorganised {
    /// Whether nothing came that anybody would have to act on.
    pub(super) fn is_empty(&self) -> bool {
        self.moves.is_empty()
            && self.evicted.is_empty()
            && self.reoffered.is_empty()
            && self.resized.is_empty()
            && self.gone.is_empty()
    }

    /// Keeps a step, if somebody wants it.
    pub(super) fn step(&mut self, step: Step) {
        if let Some(trace) = &mut self.trace {
            trace.push(step);
        }
    }

    /// Adds what came later.
    pub(super) fn absorb(&mut self, later: Self) {
        self.moves.extend(later.moves);
        self.evicted.extend(later.evicted);
        self.reoffered.extend(later.reoffered);
        self.resized.extend(later.resized);
        self.gone.extend(later.gone);
        self.evaluations.exit += later.evaluations.exit;
        self.evaluations.entry += later.evaluations.entry;
        if let (Some(trace), Some(later)) = (&mut self.trace, later.trace) {
            trace.extend(later);
        }
    }
}

impl Answer {
    pub(super) const fn of(holds: bool) -> Self {
        if holds {
            Self::Holds
        } else {
            Self::DoesNotHold
        }
    }
}
