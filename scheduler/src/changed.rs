//! The sub-clusters that are to be looked at, each once. There are at most a few hundred, mostly one or two, so they stand
//! in a list by number, which is used again and again: whoever looks at them takes it and brings it back.

use alloc::vec::Vec;
use core::mem;

use crate::SubclusterId;

/// Sub-clusters by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    listed: Vec<SubclusterId>,
    /// A list that nobody reads at the moment.
    spare: Vec<SubclusterId>,
}

impl Changed {
    pub(crate) const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(crate) fn insert(&mut self, subcluster: SubclusterId) {
        if let Err(place) = self.listed.binary_search(&subcluster) {
            self.listed.insert(place, subcluster);
        }
    }

    pub(crate) fn remove(&mut self, subcluster: SubclusterId) {
        self.listed.retain(|&listed| listed != subcluster);
    }

    /// Hands over all that are listed; those that come from now on are for the next time.
    pub(crate) fn take(&mut self) -> Vec<SubclusterId> {
        let next = mem::take(&mut self.spare);
        mem::replace(&mut self.listed, next)
    }

    /// Takes back a list that was read to its end.
    pub(crate) fn bring_back(&mut self, mut read: Vec<SubclusterId>) {
        read.clear();
        self.spare = read;
    }
}

impl Extend<SubclusterId> for Changed {
    fn extend<T: IntoIterator<Item = SubclusterId>>(&mut self, more: T) {
        more.into_iter().for_each(|one| self.insert(one));
    }
}
