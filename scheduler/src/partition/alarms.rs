//! Instants at which something is to be looked at again although nothing happened: ages that pass a threshold, a
//! minimum stay or a bound that ends, a grace that is over. It must not know what will be found then.

use alloc::collections::{BTreeMap, BTreeSet};

use super::alike::GroupId;
use crate::{NodeId, SubclusterId, UnixMillis};

/// What is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// The grace of a node that drains.
    Grace(NodeId),
    /// A node whose exit rule holds and that had to stay.
    Held(NodeId),
    /// Members that are alike: an age that their exit rule reads comes to a threshold.
    Exit(SubclusterId, GroupId),
    /// Unassigned nodes that are alike: an age that an entry rule reads comes to a threshold.
    Entry(GroupId),
}

/// At most one instant for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarms {
    by_time: BTreeSet<(UnixMillis, Alarm)>,
    instants: BTreeMap<Alarm, UnixMillis>,
}

impl Alarms {
    /// Sets the instant, instead of an earlier choice; none clears it.
    pub(super) fn set(&mut self, alarm: Alarm, at: Option<UnixMillis>) {
        if let Some(before) = self.instants.remove(&alarm) {
            self.by_time.remove(&(before, alarm));
        }
        if let Some(at) = at {
            self.instants.insert(alarm, at);
            self.by_time.insert((at, alarm));
        }
    }

    /// Sets the instant, unless an earlier one is set.
    pub(super) fn set_if_earlier(&mut self, alarm: Alarm, at: UnixMillis) {
        if self.instants.get(&alarm).is_none_or(|&before| at < before) {
            self.set(alarm, Some(at));
        }
    }

    /// Takes one out whose instant has come.
    pub(super) fn pop_due(&mut self, now: UnixMillis) -> Option<Alarm> {
        let &(at, alarm) = self.by_time.first()?;
        if at > now {
            return None;
        }
        self.set(alarm, None);
        Some(alarm)
    }

    /// The next instant there is.
    pub(super) fn next(&self) -> Option<UnixMillis> {
        self.by_time.first().map(|&(at, _)| at)
    }
}
