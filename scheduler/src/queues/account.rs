//! The account of one user over all sub-clusters: what is granted, what is held, what was used, and where the user waits.
//! It must not know jobs.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::queues::question::Bound;
use crate::queues::share::{Pool, Standing};
use crate::{Resources, SubclusterId, Terms};

/// What a user has.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) terms: Terms,
    pub(crate) held: Held,
    /// Usage over weight, see [`super::accounts`].
    pub(crate) virtual_time: u128,
    /// The sub-clusters in which jobs of the user wait.
    pub(crate) places: BTreeMap<SubclusterId, Place>,
}

/// What a user holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) slots: u64,
    pub(crate) amount: Resources,
}

/// What an account knows of a sub-cluster where its user waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) slot: Resources,
    /// The fewest slots that a job of the user there needs at once.
    pub(crate) least_size: u64,
    /// The standing under which the sub-cluster has the user in its order, never above the true one; nothing while the
    /// user is parked because the quota has no room for any of the jobs.
    pub(crate) filed: Option<Standing>,
}

impl Account {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            held: Held::default(),
            virtual_time: 0,
            places: BTreeMap::new(),
        }
    }

    /// Whether the user has or wants anything.
    pub(crate) fn is_busy(&self) -> bool {
        self.held.slots > 0 || !self.places.is_empty()
    }

    pub(crate) fn standing(&self, pool: Pool) -> Standing {
        Standing {
            share: pool.share(self.held.amount, self.terms.weight),
            virtual_time: self.virtual_time,
        }
    }

    /// The sub-clusters whose order does not do: the user stands too far back there, or is parked although there is room.
    pub(crate) fn misfiled(&self, pool: Pool) -> Vec<SubclusterId> {
        let standing = self.standing(pool);
        let is_misfiled = |place: &Place| match place.filed {
            Some(filed) => filed > standing,
            None => place.least_size <= self.room(place.slot),
        };
        let misfiled = self.places.iter().filter(|(_, place)| is_misfiled(place));
        misfiled.map(|(&subcluster, _)| subcluster).collect()
    }

    /// How many further slots of that shape the quota has room for.
    pub(crate) fn room(&self, slot: Resources) -> u64 {
        let bounds = [Bound::Slots, Bound::CpuMillis, Bound::MemoryBytes];
        let rooms = bounds.map(|bound| self.room_under(bound, slot));
        rooms.into_iter().min().unwrap_or(0)
    }

    pub(crate) fn room_under(&self, bound: Bound, slot: Resources) -> u64 {
        let left = self.limit(bound).saturating_sub(self.amount(bound));
        let each = match bound {
            Bound::Slots => 1,
            Bound::CpuMillis => slot.cpu_millis,
            Bound::MemoryBytes => slot.memory_bytes,
        };
        // Of what a slot does not need, the quota has room for any number.
        left.checked_div(each).unwrap_or(u64::MAX)
    }

    pub(crate) const fn limit(&self, bound: Bound) -> u64 {
        match bound {
            Bound::Slots => self.terms.quota.slots,
            Bound::CpuMillis => self.terms.quota.cpu_millis,
            Bound::MemoryBytes => self.terms.quota.memory_bytes,
        }
    }

    pub(crate) const fn amount(&self, bound: Bound) -> u64 {
        match bound {
            Bound::Slots => self.held.slots,
            Bound::CpuMillis => self.held.amount.cpu_millis,
            Bound::MemoryBytes => self.held.amount.memory_bytes,
        }
    }
}

impl Held {
    pub(crate) fn take(&mut self, slot: Resources) {
        self.slots += 1;
        self.amount = self
            .amount
            .checked_add(slot)
            .expect("who holds slots of hosts holds no more than hosts have");
    }

    pub(crate) fn give_back(&mut self, slot: Resources) {
        self.slots -= 1;
        self.amount = self
            .amount
            .checked_sub(slot)
            .expect("what is given back was taken");
    }
}
