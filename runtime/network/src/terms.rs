//! What a network and a nic are given.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::policy;
use crate::range::Range;

/// The addresses that belong to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Any IPv4 address of the network; its leading bits count.
    pub v4: Ipv4Addr,
    /// Leading bits of IPv4 that all addresses of the network share.
    pub v4_bits: u8,
    /// Any IPv6 address of the network; its leading bits count.
    pub v6: Ipv6Addr,
    /// Leading bits of IPv6 that all addresses of the network share.
    pub v6_bits: u8,
}

impl Plan {
    /// Whether an address is of this network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.ranges().iter().any(|range| range.contains(ip))
    }

    /// Both ranges. Bits beyond an address' length name that address alone.
    pub fn ranges(&self) -> [Range; 2] {
        let range = |ip: IpAddr, bits| Range::new(ip, bits).unwrap_or_else(|| Range::one(ip));
        [
            range(self.v4.into(), self.v4_bits),
            range(self.v6.into(), self.v6_bits),
        ]
    }

    /// The address that would mean everybody; nobody has it.
    pub(crate) fn is_broadcast(&self, ip: IpAddr) -> bool {
        let IpAddr::V4(ip) = ip else {
            return false;
        };
        let hosts = u32::MAX.checked_shr(self.v4_bits.into()).unwrap_or(0);
        // A network of one or two addresses has none to spare.
        hosts > 1 && u32::from(ip) == (u32::from(self.v4) | hosts)
    }
}

/// What one nic has and may.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Names the nic for [`Outside`](crate::Outside): chosen by who attaches.
    pub id: u64,
    /// Its addresses, both of the network's plan.
    pub addresses: Addresses,
    /// Names without `.internal`: `sort`, `reducer-0`, `reducer-0.sort`. Several nics may carry the same.
    pub names: Vec<String>,
    /// What it may dial beyond its network.
    pub egress: policy::Egress,
    /// How much of everything.
    pub limits: Limits,
}

/// The two addresses of one nic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Addresses {
    /// The IPv4 address.
    pub v4: Ipv4Addr,
    /// The IPv6 address.
    pub v6: Ipv6Addr,
}

impl Addresses {
    /// Whether it is one of the two.
    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        ip == self.v4 || ip == self.v6
    }
}

/// What one nic may use. Each is enforced.
///
/// Host memory of a nic is at most `sockets` times two windows for streams, 256 KiB for each mailbox, and for each of at
/// most 16 peers outside with whom it exchanges datagrams 256 KiB and a buffer of 64 KiB. A connection that leaves the
/// process has a buffer of 16 KiB. Connections that wait at a listener cost who dialled them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sockets at a time, accepted ones included: bounds host memory, together with the window.
    pub sockets: u32,
    /// Connections at a time that lead beyond this process, peers with whom it exchanges datagrams among them: each costs
    /// a descriptor here, and one of whoever dialled it.
    pub connections: u32,
    /// Bytes that wait in one direction of a connection, at least 4 KiB. The smaller of the two ends holds.
    pub window_bytes: u32,
    /// Bytes per second in all directions together; nothing is no bound.
    pub bytes_per_s: Option<u64>,
    /// Datagrams sent per second; nothing is no bound.
    pub datagrams_per_s: Option<u64>,
    /// Connections begun per second; nothing is no bound.
    pub connects_per_s: Option<u64>,
    /// Names looked up per second; nothing is no bound.
    pub lookups_per_s: Option<u64>,
}

/// Which kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, without mapped IPv4.
    V6,
}

impl Family {
    /// The kind of a socket address.
    pub fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Streams of bytes.
    Tcp,
    /// Datagrams.
    Udp,
}
