//! Whom workers and compilers are to the host: accounts of their own, where the server may give them any, or its own.
//!
//! Decided once, at the start, for processes and for the directories that they write to alike.

use sublet_scheduler::UserId;
use sublet_store::Owner;
use sublet_worker::wall::{self, Account};

/// Who has which account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Accounts {
    /// Each user one for their workers, and compilers one.
    Own,
    /// That of the server.
    Shared,
}

impl Accounts {
    /// What this process may give.
    pub(crate) fn of_this_host() -> Self {
        let why_not = wall::why_no_accounts().unwrap_or_else(|error| Some(error.to_string()));
        match why_not {
            None => Self::Own,
            Some(why) => {
                tracing::info!("workers share the account of the server: {why}");
                Self::Shared
            }
        }
    }

    /// That of a user's workers, where it is not the server's.
    pub(crate) fn of_user(self, user: UserId) -> Option<Account> {
        match self {
            Self::Own => Account::of_user(user.0),
            Self::Shared => None,
        }
    }

    /// Whose the files are that they write.
    pub(crate) fn owner_for(self, user: UserId) -> Option<Owner> {
        let account = self.of_user(user)?;
        Some(Owner(account.number()))
    }

    /// That of compilers, where it is not the server's.
    pub(crate) const fn of_compilers(self) -> Option<Account> {
        match self {
            Self::Own => Some(Account::COMPILERS),
            Self::Shared => None,
        }
    }
}
