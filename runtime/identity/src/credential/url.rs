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

#[cfg(test)]
mod tests {
    use super::is_server;

    #[test]
    fn a_name_or_an_address_with_or_without_a_port_is_a_server() {
        for text in [
            "https://node.example.org:7070",
            "https://localhost",
            "https://192.0.2.7:1",
            "https://[2001:db8::7]:65535",
            "https://[::1]",
        ] {
            assert!(is_server(text), "{text}");
        }
    }

    #[test]
    fn whatever_leads_elsewhere_is_none() {
        for text in [
            "",
            "https://",
            "node.example.org:7070",
            "http://node.example.org",
            "HTTPS://node.example.org",
            "https://node.example.org/",
            "https://node.example.org:7070/v1",
            "https://node.example.org?x",
            "https://ada@node.example.org",
            "https://node.example.org:",
            "https://node.example.org:0",
            "https://node.example.org:070",
            "https://node.example.org:+70",
            "https://node.example.org:65536",
            "https://node.example.org:70:70",
            "https://::1",
            "https://[::1",
            "https://[192.0.2.7]",
            "https://[::1]7070",
            "https://*.example.org",
            "https://node example.org",
            "https://node.example.org\n",
        ] {
            assert!(!is_server(text), "{text}");
        }
    }
}
