//! The address of a server: `https://`, a name or an address, and a port where it is not 443. Nothing besides.

use rustls::pki_types::{DnsName, Ipv4Addr, Ipv6Addr};

/// Whether a text is the address of a server.
pub(super) fn is_server(text: &str) -> bool {
    let Some(place) = text.strip_prefix("https://") else {
        return false;
    };
    match place.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((v6, port))) => Ipv6Addr::try_from(v6).is_ok() && is_port(port),
        Some(None) => false,
        None => {
            let end = place.find(':').unwrap_or(place.len());
            let (host, port) = place.split_at(end);
            is_host(host) && is_port(port)
        }
    }
}

fn is_host(text: &str) -> bool {
    Ipv4Addr::try_from(text).is_ok() || DnsName::try_from(text).is_ok()
}

/// Nothing, or a colon and a number from 1 to 65,535 as people write it.
fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else {
        return text.is_empty();
    };
    let port: Result<u16, _> = digits.parse();
    matches!(port, Ok(port) if port > 0 && port.to_string() == digits)
}
