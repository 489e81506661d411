//! The shares of the processors that the slots of one worker have. An attempt is lent one for as long as it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_sandbox::{Burst, Share};

/// The shares of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Shares(Option<Arc<Slots>>);

#[derive(Debug)]
struct Slots {
    cpu_millis: u64,
    burst: Burst,
    free: Mutex<Vec<Share>>,
}

impl Shares {
    /// Whoever runs may have all it can get.
    pub(crate) const fn unlimited() -> Self {
        Self(None)
    }

    /// So many thousandths of a processor for each slot.
    pub(crate) fn of(cpu_millis: u64, burst: Burst) -> Self {
        Self(Some(Arc::new(Slots {
            cpu_millis,
            burst,
            free: Mutex::default(),
        })))
    }

    /// The share that was given back last, as it is: one attempt after the other in one slot has no more than one alone.
    /// A fresh one where more run at once than ever before.
    pub(crate) fn lend(&self) -> Lease {
        let share = self.0.as_ref().map(|slots| {
            let free = slots.free().pop();
            free.unwrap_or_else(|| Share::new(slots.cpu_millis, slots.burst))
        });
        Lease {
            share,
            home: self.clone(),
        }
    }
}

impl Slots {
    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn free(&self) -> MutexGuard<'_, Vec<Share>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A share in use. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Lease {
    share: Option<Share>,
    home: Shares,
}

impl Lease {
    /// What the instance is given.
    pub(crate) fn share(&self) -> Option<Share> {
        self.share.clone()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(share), Some(slots)) = (self.share.take(), &self.home.0) {
            slots.free().push(share);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(shares: &Shares) -> usize {
        shares.0.as_ref().unwrap().free().len()
    }

    #[test]
    fn one_attempt_after_the_other_has_the_same_share() {
        let shares = Shares::of(50, Burst::Forbidden);
        for _ in 0..3 {
            drop(shares.lend());
            assert_eq!(free(&shares), 1);
        }
        let both = (shares.lend(), shares.lend());
        drop(both);
        assert_eq!(free(&shares), 2);
    }

    #[test]
    fn without_shares_there_is_none_to_lend() {
        assert!(Shares::unlimited().lend().share().is_none());
    }
}
