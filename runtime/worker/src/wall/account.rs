//! Who a process is to the host: where root starts it, an account that nobody else has.
//!
//! The oldest wall of all: files, processes and memory of the server's account, and those of other users' workers, are
//! somebody else's. Only root can give accounts away, so a server that runs as any other shares its own with its workers.

use std::fmt;
use std::fs;
use std::io;
use std::num::ParseIntError;
use std::str::FromStr;

use rustix::process::{DumpableBehavior, Gid, Uid, geteuid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};
use thiserror::Error;

/// The first of the numbers that are given away, and how many there are. Distributions, systemd and containers share out
/// what lies below, and leave this range to nobody (<https://systemd.io/UIDS-GIDS/>).
const FIRST: u32 = 1_900_000_000;
const COUNT: u32 = 200_000_000;

/// What root needs to give accounts to others and to go on serving them: make them who they are, end and slow them, and
/// give them their files and take those back.
const NEEDED: CapabilitySet = CapabilitySet::SETUID
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SYS_NICE)
    .union(CapabilitySet::CHOWN)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::DAC_OVERRIDE);

/// An account of the host that is nobody's but a user's workers', or the compilers'. User and group have the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account(u32);

impl Account {
    /// That of compile processes, of which there is one at a time.
    pub const COMPILERS: Self = Self(FIRST);

    /// That of the workers of a user. None once the numbers are used up.
    #[must_use]
    pub fn of_user(user: u64) -> Option<Self> {
        let after = user.checked_add(1)?;
        let number = FIRST.checked_add(u32::try_from(after).ok()?)?;
        (number < FIRST + COUNT).then_some(Self(number))
    }

    /// Its number, as user and as group.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Has this process be that account, for good. To be called on the one thread that there is.
    pub(super) fn take(self) -> io::Result<()> {
        let (user, group) = (Uid::from_raw(self.0), Gid::from_raw(self.0));
        set_thread_groups(&[])?;
        set_thread_res_gid(group, group, group)?;
        set_thread_res_uid(user, user, user)?;
        // The kernel takes it that whoever changes has secrets, and keeps what it tells of a process from itself then. What
        // is between here and the end of the wall needs that.
        Ok(set_dumpable_behavior(DumpableBehavior::Dumpable)?)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Not the number of an account that is given away.
#[derive(Debug, Error)]
pub enum NoAccount {
    /// No number at all.
    #[error(transparent)]
    Number(#[from] ParseIntError),
    /// The number of somebody else.
    #[error("{0} is not between {FIRST} and {last}", last = FIRST + COUNT - 1)]
    Foreign(u32),
}

impl FromStr for Account {
    type Err = NoAccount;

    fn from_str(text: &str) -> Result<Self, NoAccount> {
        let number = text.parse()?;
        let range = FIRST..FIRST + COUNT;
        range
            .contains(&number)
            .then_some(Self(number))
            .ok_or(NoAccount::Foreign(number))
    }
}

/// Whether this process may give accounts to those that it starts; if not, why not.
///
/// # Errors
/// When the system does not tell what the process may do.
pub fn why_no_accounts() -> io::Result<Option<String>> {
    if !geteuid().is_root() {
        return Ok(Some("the server does not run as root".to_owned()));
    }
    let lacking = NEEDED - capabilities(None)?.effective;
    if !lacking.is_empty() {
        let names: Vec<_> = lacking.iter_names().map(|(name, _)| name).collect();
        let names = names.join(", CAP_");
        return Ok(Some(format!(
            "root has not all its rights here: no CAP_{names}"
        )));
    }
    for map in ["/proc/self/uid_map", "/proc/self/gid_map"] {
        if !covers(&fs::read_to_string(map)?) {
            return Ok(Some(format!(
                "this is a container that has not the accounts from {FIRST} on: {map}"
            )));
        }
    }
    Ok(None)
}

/// Whether all the accounts are there, by a map as `user_namespaces(7)` describes it: lines of the first number inside, the
/// first outside, and how many there are.
fn covers(map: &str) -> bool {
    let covered = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse);
        let (inside, _outside, count): (u64, u64, u64) = (
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
        );
        Some(inside..inside.checked_add(count)?)
    });
    let (first, after) = (u64::from(FIRST), u64::from(FIRST + COUNT));
    covered
        .into_iter()
        .any(|range| range.start <= first && after <= range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_another_account_and_none_is_that_of_compilers() {
        let numbers = [0, 1, 2, u64::from(COUNT) - 2].map(|user| Account::of_user(user).unwrap());
        for (at, account) in numbers.iter().enumerate() {
            assert!(*account != Account::COMPILERS && !numbers[..at].contains(account));
            assert_eq!(account.to_string().parse::<Account>().unwrap(), *account);
        }
        for beyond in [u64::from(COUNT) - 1, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(Account::of_user(beyond), None);
        }
    }

    #[test]
    fn accounts_of_others_are_not_given_away() {
        for text in ["0", "1000", "1899999999", "2100000000", "root", "-1", ""] {
            assert!(text.parse::<Account>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_container_without_the_numbers_is_told_apart() {
        assert!(covers("         0          0 4294967295\n"));
        assert!(covers("0 1000 1\n1900000000 5 200000000\n"));
        for map in [
            "",
            "0 100000 65536\n",
            "1900000001 0 200000000\n",
            "nonsense\n",
        ] {
            assert!(!covers(map), "{map:?}");
        }
    }
}
