//! Ranges that no rule opens by itself.

use std::net::IpAddr;

use crate::range::Range;

/// IPv4 that is not the public internet.
const CLOSED_V4: [Range; 16] = [
    Range::v4([0, 0, 0, 0], 8),       // this host
    Range::v4([10, 0, 0, 0], 8),      // private
    Range::v4([100, 64, 0, 0], 10),   // shared with a carrier
    Range::v4([127, 0, 0, 0], 8),     // loopback
    Range::v4([169, 254, 0, 0], 16),  // link-local, and the metadata service of clouds
    Range::v4([172, 16, 0, 0], 12),   // private
    Range::v4([192, 0, 0, 0], 24),    // protocol assignments
    Range::v4([192, 0, 2, 0], 24),    // documentation
    Range::v4([192, 88, 99, 0], 24),  // relays of 6to4
    Range::v4([192, 168, 0, 0], 16),  // private
    Range::v4([198, 18, 0, 0], 15),   // benchmarks, and our synthetic addresses
    Range::v4([198, 51, 100, 0], 24), // documentation
    Range::v4([203, 0, 113, 0], 24),  // documentation
    Range::v4([224, 0, 0, 0], 4),     // multicast
    Range::v4([240, 0, 0, 0], 4),     // reserved
    Range::v4([255, 255, 255, 255], 32),
];

/// All of IPv6 that is given out to the internet. Everything else is closed: `::`, `::1`, IPv4-compatible, NAT64
/// (`64:ff9b::/96`), discard, unique local, link-local, site-local, multicast, and what may be invented there.
const PUBLIC_V6: Range = Range::v6([0x2000, 0, 0, 0], 3);

/// What is closed within that.
const CLOSED_V6: [Range; 5] = [
    Range::v6([0x2001, 0, 0, 0], 23), // protocol assignments: Teredo (2001::/32), benchmarks, ORCHID
    Range::v6([0x2001, 0xdb8, 0, 0], 32), // documentation
    Range::v6([0x2002, 0, 0, 0], 16), // 6to4, which carries any IPv4 address
    Range::v6([0x3ffe, 0, 0, 0], 16), // the first test network
    Range::v6([0x3fff, 0, 0, 0], 20), // documentation
];

/// Whether an address is closed unless the operator opens it. Mapped IPv4 counts as IPv4.
pub(super) fn is_protected(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let among = |ranges: &[Range]| ranges.iter().any(|range| range.contains(ip));
    match ip {
        IpAddr::V4(_) => among(&CLOSED_V4),
        IpAddr::V6(_) => !PUBLIC_V6.contains(ip) || among(&CLOSED_V6),
    }
}
