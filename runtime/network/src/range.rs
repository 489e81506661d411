//! Ranges of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that share their leading bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    first: IpAddr,
    bits: u8,
}

impl Range {
    /// The addresses that share `bits` leading bits with `ip`. Nothing where there are not so many bits.
    pub fn new(ip: IpAddr, bits: u8) -> Option<Self> {
        let bits_max = if ip.is_ipv4() { 32 } else { 128 };
        (bits <= bits_max).then_some(Self { first: ip, bits })
    }

    /// One address.
    pub fn one(ip: IpAddr) -> Self {
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        Self { first: ip, bits }
    }

    /// A range of our own tables.
    pub(crate) const fn v4(octets: [u8; 4], bits: u8) -> Self {
        let [a, b, c, d] = octets;
        Self {
            first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            bits,
        }
    }

    /// A range of our own tables, by its first four groups.
    pub(crate) const fn v6(groups: [u16; 4], bits: u8) -> Self {
        let [a, b, c, d] = groups;
        Self {
            first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
            bits,
        }
    }

    /// Whether an address is one of these. Families never mix: who wants mapped addresses to count canonicalises first.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.first, ip) {
            (IpAddr::V4(first), IpAddr::V4(ip)) => {
                let rest = 32_u32.saturating_sub(self.bits.into());
                let leading = |ip: Ipv4Addr| u32::from(ip).checked_shr(rest).unwrap_or(0);
                leading(first) == leading(ip)
            }
            (IpAddr::V6(first), IpAddr::V6(ip)) => {
                let rest = 128_u32.saturating_sub(self.bits.into());
                let leading = |ip: Ipv6Addr| u128::from(ip).checked_shr(rest).unwrap_or(0);
                leading(first) == leading(ip)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// The first address of it.
    pub(crate) fn first(&self) -> IpAddr {
        match self.first {
            IpAddr::V4(ip) => {
                let rest = u32::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                Ipv4Addr::from(u32::from(ip) & !rest).into()
            }
            IpAddr::V6(ip) => {
                let rest = u128::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                Ipv6Addr::from(u128::from(ip) & !rest).into()
            }
        }
    }

    /// Whether its first address is this one.
    pub(crate) fn begins_at(&self, ip: IpAddr) -> bool {
        self.first() == ip
    }

    /// Whether any address is in both ranges.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.bits <= other.bits {
            self.contains(other.first)
        } else {
            other.contains(self.first)
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}
