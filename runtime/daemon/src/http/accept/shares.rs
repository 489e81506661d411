//! How many connections each user has open: nobody takes the places of all others, however many connections they leave idle.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_identity::UserName;

/// Connections of one user at a time.
const SHARE_MAX: usize = 256;

/// The open connections of each user who has any.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<UserName, usize>>>);

/// One open connection of a user, as long as it is kept.
pub(super) struct Share {
    shares: Shares,
    user: UserName,
}

impl Shares {
    /// Nothing if the user has as many as there may be.
    pub(super) fn take(&self, user: &UserName) -> Option<Share> {
        let mut open = self.open();
        let taken = open.entry(user.clone()).or_default();
        if *taken >= SHARE_MAX {
            return None;
        }
        *taken += 1;
        Some(Share {
            shares: self.clone(),
            user: user.clone(),
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<UserName, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.shares.open();
        let Some(taken) = open.get_mut(&self.user) else {
            return;
        };
        *taken -= 1;
        if *taken == 0 {
            open.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_and_others_have_theirs() {
        let shares = Shares::default();
        let ada: UserName = "ada".parse().unwrap();
        let held: Vec<_> = (0..SHARE_MAX).map(|_| shares.take(&ada).unwrap()).collect();
        assert!(shares.take(&ada).is_none());
        assert!(shares.take(&"bob".parse().unwrap()).is_some());
        drop(held);
        assert!(shares.take(&ada).is_some());
        assert!(shares.open().is_empty());
    }
}
