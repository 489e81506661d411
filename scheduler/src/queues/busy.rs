//! The least virtual time of those who have or want anything. It is asked for only when somebody comes back from doing
//! nothing, while virtual time grows with every start and every end. So the list by virtual time is not kept up to date: who
//! stands in it stands where the account was some time ago, which is never behind where it is now, and is put right when it
//! comes to be the first. Each growth is made up for at most once.

use alloc::collections::BinaryHeap;
use alloc::collections::binary_heap::PeekMut;
use core::cmp::Reverse;

use crate::UserId;
use crate::queues::account::Account;
use crate::shelf::Shelf;

/// Who is busy, by virtual time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy {
    /// Everyone who is busy, and some who were, each once, with a virtual time that the account had.
    listed: BinaryHeap<Reverse<(u128, UserId)>>,
    /// How many are busy.
    count: u64,
    /// The virtual time of the last one who was, while nobody is.
    last: u128,
}

impl Busy {
    /// Somebody has or wants something again.
    pub(crate) fn enter(&mut self, user: UserId, account: &mut Account) {
        self.count += 1;
        if !account.is_listed {
            account.is_listed = true;
            self.listed.push(Reverse((account.virtual_time, user)));
        }
    }

    /// Somebody has and wants nothing any more.
    pub(crate) fn leave(&mut self, account: &Account) {
        self.count -= 1;
        if self.count == 0 {
            self.last = self.last.max(account.virtual_time);
        }
    }

    /// The least virtual time of the busy, now or when somebody last was. It never falls: who comes back begins there.
    pub(crate) fn floor(&mut self, accounts: &mut Shelf<UserId, Account>) -> u128 {
        if self.count == 0 {
            return self.last;
        }
        while let Some(mut first) = self.listed.peek_mut() {
            let Reverse((listed_at, user)) = *first;
            let account = accounts.get_mut(&user);
            let account = account.expect("who is listed has an account");
            if !account.is_busy() {
                account.is_listed = false;
                PeekMut::pop(first);
            } else if account.virtual_time == listed_at {
                return listed_at;
            } else {
                *first = Reverse((account.virtual_time, user));
            }
        }
        self.last
    }
}
