//! Networks as they are recorded: the supply that was prepared ahead, who has which, and what an attempt had of one.

use std::net::{Ipv4Addr, Ipv6Addr};

use sublet_scheduler::{UnixMillis, UserId};

/// A network, for one user and never for two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNetwork {
    /// Its number, which no other network has.
    pub id: u32,
    /// The first of its IPv4 addresses.
    pub v4: Ipv4Addr,
    /// How many leading bits its IPv4 addresses share, 32 at most.
    pub v4_bits: u8,
    /// The first of its IPv6 addresses.
    pub v6: Ipv6Addr,
    /// How many leading bits its IPv6 addresses share, 128 at most.
    pub v6_bits: u8,
    /// Whose it is. Nobody's yet, if it is still in supply.
    pub user: Option<UserId>,
    /// Since when it is theirs: there when the user is.
    pub assigned_at: Option<UnixMillis>,
}

/// The nic that an attempt had in its user's network. What went over it is in the attempt's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNic {
    /// Its host number within the network, from which its addresses follow.
    pub number: u32,
    /// What the guest wanted to reach and was denied, in the words that people read. Whoever counts denials also bounds
    /// how many of them are kept.
    pub denied: Vec<String>,
}
