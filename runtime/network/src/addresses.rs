//! Addresses of one network, given to its nics. Pure: for the front, which alone gives them out.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use crate::{Addresses, Plan};

/// All addresses of a network are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "all {in_use} addresses of the network are in use; wait until an instance ends, or use fewer at a time"
)]
pub struct NoAddress {
    /// How many there are.
    pub in_use: u32,
}

/// Gives out the addresses of one network, each to one at a time, and the one that rested longest first.
///
/// The n-th IPv4 address goes with the n-th IPv6 address. The first and the last IPv4 address, which mean the network and
/// everybody, are left out.
#[derive(Clone, Debug)]
pub struct Allocator {
    plan: Plan,
    /// Numbers from 1 to this.
    last: u32,
    /// The first number that was never given.
    fresh: u32,
    returned: VecDeque<u32>,
    used: HashSet<u32>,
}

impl Allocator {
    /// All addresses of a plan, none of them in use.
    pub fn new(plan: Plan) -> Self {
        let of_family = |bits: u8, length: u32| length.saturating_sub(bits.into()).min(32);
        let host_bits = of_family(plan.v4_bits, 32).min(of_family(plan.v6_bits, 128));
        let all = 1_u64.checked_shl(host_bits).unwrap_or(0);
        Self {
            plan,
            last: u32::try_from(all.saturating_sub(2)).unwrap_or(u32::MAX),
            fresh: 1,
            returned: VecDeque::new(),
            used: HashSet::new(),
        }
    }

    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.used.len()
    }

    /// How many there are.
    pub fn capacity(&self) -> u32 {
        self.last
    }

    /// The next in turn.
    ///
    /// # Errors
    ///
    /// All are in use.
    pub fn allocate(&mut self) -> Result<Addresses, NoAddress> {
        let number = if self.fresh <= self.last {
            self.fresh += 1;
            self.fresh - 1
        } else {
            let exhausted = NoAddress { in_use: self.last };
            self.returned.pop_front().ok_or(exhausted)?
        };
        self.used.insert(number);
        Ok(self.addresses(number))
    }

    /// Gives addresses back. Says whether they were in use.
    pub fn release(&mut self, addresses: Addresses) -> bool {
        let number = self.number(addresses);
        let was_used = number.is_some_and(|number| self.used.remove(&number));
        self.returned.extend(number.filter(|_| was_used));
        was_used
    }

    fn addresses(&self, number: u32) -> Addresses {
        let [v4, v6] = self.plan.ranges().map(|range| range.first());
        Addresses {
            v4: match v4 {
                IpAddr::V4(first) => Ipv4Addr::from(u32::from(first) + number),
                IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
            },
            v6: match v6 {
                IpAddr::V6(first) => Ipv6Addr::from(u128::from(first) + u128::from(number)),
                IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
            },
        }
    }

    fn number(&self, addresses: Addresses) -> Option<u32> {
        let [v4, _] = self.plan.ranges().map(|range| range.first());
        let IpAddr::V4(first) = v4 else {
            return None;
        };
        let number = u32::from(addresses.v4).checked_sub(u32::from(first))?;
        (self.addresses(number) == addresses).then_some(number)
    }
}
