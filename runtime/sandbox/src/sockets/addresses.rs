//! Which addresses the standard lets a guest name, before anybody asks whether it may use them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use sublet_network::Family;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};

/// An address to bind to.
pub(crate) fn local(address: IpSocketAddress, family: Family) -> Result<SocketAddr, ErrorCode> {
    let address = of_family(address, family)?;
    only(is_unicast(address.ip()), address)
}

/// The far end of a connection.
pub(crate) fn peer(address: IpSocketAddress, family: Family) -> Result<SocketAddr, ErrorCode> {
    let address = destination(address, family)?;
    only(is_unicast(address.ip()), address)
}

/// Where a datagram may be sent to.
pub(crate) fn destination(
    address: IpSocketAddress,
    family: Family,
) -> Result<SocketAddr, ErrorCode> {
    let address = of_family(address, family)?;
    only(
        !address.ip().is_unspecified() && address.port() != 0,
        address,
    )
}

/// An address of the socket's own family. One of IPv4 in the clothes of IPv6 is of neither, so that no rule is asked for
/// the one and the other is reached.
pub(crate) fn of_family(address: IpSocketAddress, family: Family) -> Result<SocketAddr, ErrorCode> {
    let address = SocketAddr::from(address);
    let fits = match (family, address.ip()) {
        (Family::V4, IpAddr::V4(_)) => true,
        (Family::V6, IpAddr::V6(ip)) => !embeds_v4(ip),
        (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => false,
    };
    // Flow and scope mean nothing here, and two spellings of one address are to be equal.
    only(fits, SocketAddr::new(address.ip(), address.port()))
}

pub(crate) const fn from_guest(family: IpAddressFamily) -> Family {
    match family {
        IpAddressFamily::Ipv4 => Family::V4,
        IpAddressFamily::Ipv6 => Family::V6,
    }
}

pub(crate) const fn to_guest(family: Family) -> IpAddressFamily {
    match family {
        Family::V4 => IpAddressFamily::Ipv4,
        Family::V6 => IpAddressFamily::Ipv6,
    }
}

fn only(fits: bool, address: SocketAddr) -> Result<SocketAddr, ErrorCode> {
    if fits {
        Ok(address)
    } else {
        Err(ErrorCode::InvalidArgument)
    }
}

fn is_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_multicast(),
    }
}

/// Whether it is IPv4-mapped or IPv4-compatible; `::` and `::1` only look like the latter.
fn embeds_v4(ip: Ipv6Addr) -> bool {
    ip.to_ipv4().is_some() && !ip.is_unspecified() && !ip.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_is_taken_where_it_makes_sense() {
        use Family::{V4, V6};
        // The address, the family of the socket, and whether it can be bound, connected to and sent to.
        for (text, family, expected) in [
            ("10.77.0.2:80", V4, [true, true, true]),
            ("10.77.0.2:0", V4, [true, false, false]),
            ("0.0.0.0:80", V4, [true, false, false]),
            ("127.0.0.1:80", V4, [true, true, true]),
            ("224.0.0.1:80", V4, [false, false, true]),
            ("255.255.255.255:80", V4, [false, false, true]),
            ("10.77.0.2:80", V6, [false, false, false]),
            ("[fd00::2]:80", V6, [true, true, true]),
            ("[fd00::2]:80", V4, [false, false, false]),
            ("[::]:80", V6, [true, false, false]),
            ("[::1]:80", V6, [true, true, true]),
            ("[ff02::1]:80", V6, [false, false, true]),
            ("[::ffff:10.77.0.2]:80", V6, [false, false, false]),
            ("[::ffff:10.77.0.2]:80", V4, [false, false, false]),
            ("[::10.77.0.2]:80", V6, [false, false, false]),
        ] {
            let address = IpSocketAddress::from(text.parse::<SocketAddr>().unwrap());
            let found = [
                local(address, family).is_ok(),
                peer(address, family).is_ok(),
                destination(address, family).is_ok(),
            ];
            assert_eq!(found, expected, "{text} on a socket of {family:?}");
        }
    }
}
