//! Patterns of what may be dialled, `HOST:PORT`, as far as their shape goes: an error names the part at fault. The
//! server reads them again and has the last word.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name.
const NAME_BYTES_MAX: usize = 253;
/// Longest part of a name between two dots.
const LABEL_BYTES_MAX: usize = 63;
/// What opens a protected range; a job cannot ask for it.
const MARK: &str = "protected:";

/// `--allow-net HOST:PORT` of a job.
pub(crate) fn of_job(text: &str) -> Result<String, String> {
    if let Some(rest) = text.strip_prefix(MARK)
        && rest.contains(':')
    {
        return Err(format!(
            "only an operator's policy can open a protected range; write {rest}, and ask an operator"
        ));
    }
    shaped(text)?;
    Ok(text.to_owned())
}

/// `--allow-net PATTERN` of an operator, who may open protected ranges.
pub(crate) fn of_operator(text: &str) -> Result<String, String> {
    match text.strip_prefix(MARK) {
        Some(rest) if rest.contains(':') => shaped(rest)?,
        _ => shaped(text)?,
    }
    Ok(text.to_owned())
}

fn shaped(text: &str) -> Result<(), String> {
    let (host, ports) = parts(text)?;
    host_outside(host)?;
    port_or_ports(ports)
}

/// The host, with its brackets where it has some, and the ports.
fn parts(text: &str) -> Result<(&str, &str), String> {
    let end = match text.find(']') {
        Some(bracket) => bracket + 1,
        None if text.starts_with('[') => {
            return Err(
                "the bracket of the host is not closed; write [2606:4700::1]:443".to_owned(),
            );
        }
        None => text.rfind(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(end);
    let ports = rest.strip_prefix(':').ok_or_else(|| {
        format!("the port is missing; write {host}:443, or {host}:* for all ports")
    })?;
    Ok((host, ports))
}

fn port_or_ports(text: &str) -> Result<(), String> {
    if text == "*" {
        return Ok(());
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last => Ok(()),
        (Some(first), Some(last)) => Err(format!(
            "the first port, {first}, is after the last, {last}"
        )),
        _ => Err(format!(
            "the port `{text}` is none; write 1 to 65535, a range such as 8000-8999, or *"
        )),
    }
}

/// A port from 1 up. Digits only: a sign or a space is a slip.
pub(super) fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

fn host_outside(host: &str) -> Result<(), String> {
    if let Some(inner) = host.strip_prefix('[') {
        return v6(inner.strip_suffix(']').unwrap_or(inner));
    }
    if host.contains(':') {
        return Err(format!(
            "an IPv6 host stands in brackets; write [{host}] before the port"
        ));
    }
    let (address, length) = in_range(host);
    if address.parse::<Ipv4Addr>().is_ok() {
        return bits(length, 32);
    }
    match host {
        "*" => Ok(()),
        name => name_outside(name),
    }
}

fn v6(text: &str) -> Result<(), String> {
    let (address, length) = in_range(text);
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(format!(
            "the host `[{text}]` is no IPv6 address or range; write [2606:4700::1] or [2606:4700::/32]"
        ));
    }
    bits(length, 128)
}

fn name_outside(host: &str) -> Result<(), String> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.contains('*') {
        return Err(format!(
            "in the host `{host}` the star is misplaced; write *.example.org, or * alone"
        ));
    }
    if !is_name(name) {
        return Err(format!(
            "the host `{host}` is neither a name nor an address; write example.org, *.example.org, 8.8.8.8, 8.8.8.0/24 or [2606:4700::1]"
        ));
    }
    if is_inside(name) {
        return Err(format!(
            "the host `{host}` is a name of your own network, which needs no rule; only names with a dot are outside"
        ));
    }
    Ok(())
}

/// An address and the length after its slash.
fn in_range(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    }
}

fn bits(length: Option<&str>, max: u8) -> Result<(), String> {
    let Some(length) = length else { return Ok(()) };
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    match length.parse::<u8>() {
        Ok(bits) if digits && bits <= max => Ok(()),
        _ => Err(format!(
            "the length `/{length}` of the range is none; write /0 to /{max}"
        )),
    }
}

/// Labels with dots between. What ends in a number would be taken for an address somewhere.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label =
        |label: &str| (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(plain);
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_number = name.contains('.') && last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= NAME_BYTES_MAX && name.split('.').all(label) && !is_number
}

/// Whether the name never leaves the network.
fn is_inside(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.contains('.') || name.ends_with(".internal") || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for good in [
            "api.example.org:443",
            "API.example.org.:443",
            "_x.example.org:*",
            "*.example.org:8000-8999",
            "*:443",
            "8.8.8.8:1",
            "8.8.8.0/24:65535",
            "[2606:4700::1]:443",
            "[2606:4700::/32]:80-80",
        ] {
            assert_eq!(of_job(good).as_deref(), Ok(good));
            assert_eq!(of_operator(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn an_error_names_the_part_at_fault() {
        for (bad, part) in [
            ("", "port is missing"),
            ("api.example.org", "write api.example.org:443"),
            ("[2606:4700::1]", "port is missing"),
            ("[2606:4700::1]443", "port is missing"),
            ("[2606:4700::1:443", "bracket"),
            ("[1.2.3.4]:443", "`[1.2.3.4]`"),
            ("2606:4700::1:443", "brackets"),
            ("api.example.org:", "port ``"),
            ("api.example.org:0", "port `0`"),
            ("api.example.org:65536", "port `65536`"),
            ("api.example.org:+1", "port `+1`"),
            ("api.example.org:https", "port `https`"),
            ("api.example.org:90-80", "the first port, 90"),
            ("api.example.org:1-2-3", "port `1-2-3`"),
            (":443", "the host ``"),
            ("a b.example:443", "the host `a b.example`"),
            ("münchen.example:443", "the host `münchen.example`"),
            ("https://example.org:443", "brackets"),
            ("example]org:443", "port is missing"),
            ("[]:443", "the host `[]`"),
            ("example.org/x:443", "the host `example.org/x`"),
            ("127.1:443", "the host `127.1`"),
            ("8.8.8.0/33:443", "`/33`"),
            ("8.8.8.0/:443", "`/`"),
            ("[2606::/129]:443", "`/129`"),
            ("api.*.org:443", "star"),
            ("*example.org:443", "star"),
            ("localhost:80", "your own network"),
            ("reducer-0:80", "your own network"),
            ("render.internal:80", "your own network"),
        ] {
            let error = of_job(bad).unwrap_err();
            assert!(error.contains(part), "{bad}: {error}");
            assert_eq!(of_operator(bad).unwrap_err(), error);
        }
        let long = format!("{}.org:443", "a".repeat(64));
        assert!(of_job(&long).is_err());
    }

    #[test]
    fn only_operators_open_protected_ranges() {
        let marked = "protected:10.1.0.0/16:5432";
        assert_eq!(of_operator(marked).as_deref(), Ok(marked));
        let error = of_job(marked).unwrap_err();
        assert!(
            error.contains("operator") && error.contains("10.1.0.0/16:5432"),
            "{error}"
        );
        assert!(of_operator("protected:10.1.0.0/33:1").is_err());
    }
}
