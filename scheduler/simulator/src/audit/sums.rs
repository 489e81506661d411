//! The pool and its parts, in processors and memory.

use sublet_scheduler::{NodeState, Resources};

use super::{Checked, ensure};

/// The pool and its four parts (X1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) pool: Resources,
    pub(super) inside: Resources,
    pub(super) unassigned: Resources,
    pub(super) draining: Resources,
    pub(super) down: Resources,
}

impl Sums {
    /// Whether the parts are the whole.
    pub(super) fn check(&self) -> Checked {
        let Self {
            pool,
            inside,
            unassigned,
            draining,
            down,
        } = *self;
        let parts = inside.plus(unassigned).plus(draining).plus(down);
        ensure(parts == pool, "X1", || {
            format!("the parts are {parts}, the pool is {pool}: {self:?}")
        })
    }

    pub(super) const fn part(&mut self, state: NodeState) -> &mut Resources {
        match state {
            NodeState::In(_) => &mut self.inside,
            NodeState::Unassigned => &mut self.unassigned,
            NodeState::Draining(_) => &mut self.draining,
            NodeState::Down => &mut self.down,
        }
    }
}

/// A node leaves a part of the pool, or joins it.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Leave,
    Join,
}

impl Change {
    pub(super) fn apply(self, part: Resources, amount: Resources) -> Resources {
        match self {
            Self::Join => part.plus(amount),
            Self::Leave => part.checked_sub(amount).expect("it was a part of it"),
        }
    }

    pub(super) const fn count(self, part: u64, amount: u64) -> u64 {
        match self {
            Self::Join => part + amount,
            Self::Leave => part - amount,
        }
    }
}
