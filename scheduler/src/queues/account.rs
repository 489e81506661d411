//! The account of one user over all sub-clusters: what is granted, what is held, what was used, and where the user waits.
//! It must not know jobs.

use alloc::collections::{BTreeMap, BTreeSet};
use core::mem;

use crate::queues::question::Bound;
use crate::queues::share::{Pool, Standing};
use crate::queues::tree::Summary;
use crate::{Resources, SubclusterId, Terms};

/// What a user has.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) terms: Terms,
    pub(crate) held: Held,
    /// Usage over weight, see [`super::accounts`].
    pub(crate) virtual_time: u128,
    /// Whether it stands in the list by virtual time, see [`super::busy`].
    pub(crate) is_listed: bool,
    /// The sub-clusters in which jobs of the user wait.
    places: BTreeMap<SubclusterId, Place>,
    /// Those of them where the quota has no room for any of the jobs, as far as somebody has looked.
    parked: BTreeSet<SubclusterId>,
    /// The others of them.
    asks: Places,
}

/// What a user holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) slots: u64,
    pub(crate) amount: Resources,
}

/// What an account knows of a sub-cluster where its user waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: Resources,
    /// The fewest slots that a job of the user there needs at once.
    pub(crate) least_size: u64,
}

/// A set of sub-clusters, of which those whose numbers are equal modulo 128 cannot be told apart. It says where to look;
/// with more sub-clusters than that, some looks are in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(u128);

impl Places {
    pub(crate) const fn of(subcluster: SubclusterId) -> Self {
        Self(1 << (subcluster.0 % u128::BITS))
    }

    pub(crate) const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Summary for Places {
    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Account {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            held: Held::default(),
            virtual_time: 0,
            is_listed: false,
            places: BTreeMap::new(),
            parked: BTreeSet::new(),
            asks: Places::default(),
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

    /// The sub-clusters where a job of the user waits.
    pub(crate) fn waits_in(&self) -> impl Iterator<Item = SubclusterId> {
        self.places.keys().copied()
    }

    /// The sub-clusters where a job of the user waits and may have room.
    pub(crate) const fn asks(&self) -> Places {
        self.asks
    }

    /// Whether the user asks in a sub-cluster already, with the same.
    pub(crate) fn asks_with(&self, subcluster: SubclusterId, place: Place) -> bool {
        self.places.get(&subcluster) == Some(&place) && !self.parked.contains(&subcluster)
    }

    /// What waits in a sub-cluster is another; nothing, when nobody does.
    pub(crate) fn wait_in(&mut self, subcluster: SubclusterId, place: Option<Place>) {
        let before = match place {
            Some(place) => self.places.insert(subcluster, place),
            None => self.places.remove(&subcluster),
        };
        // Most jobs come to others of their size: the user asks there as before.
        if self.parked.remove(&subcluster) || before != place {
            self.list_asks();
        }
    }

    /// The quota has no room for any of the jobs there.
    pub(crate) fn park(&mut self, subcluster: SubclusterId) {
        self.parked.insert(subcluster);
        self.list_asks();
    }

    /// The quota has more room: whoever fits asks again.
    pub(crate) fn wake(&mut self) {
        if self.parked.is_empty() {
            return;
        }
        let parked = mem::take(&mut self.parked);
        let still = parked.into_iter().filter(|subcluster| {
            let place = self.places.get(subcluster);
            place.is_some_and(|place| place.least_size > self.room(place.slot))
        });
        self.parked = still.collect();
        self.list_asks();
    }

    fn list_asks(&mut self) {
        let asking = self
            .places
            .keys()
            .filter(|&subcluster| !self.parked.contains(subcluster));
        self.asks = asking.fold(Places::default(), |sum, &subcluster| {
            sum.with(Places::of(subcluster))
        });
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
