//! One pattern: `HOST:PORT` in all its forms.
//!
//! ```text
//! [protected:] api.example.org | *.example.org | * | 203.0.114.0/24 | 8.8.8.8 | [2606:4700::/32]  :  443 | 8000-8999 | *
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ports::Ports;
use super::problem::{PatternError, Problem};
use crate::names::{self, Name};
use crate::range::Range;

/// The longest pattern that is looked at.
const PATTERN_BYTES_MAX: usize = 300;

/// What marks a rule of the operator that opens protected ranges.
const MARK: &str = "protected:";

/// A rule: which host, on which ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As it was written, to be shown and sent on.
    pub(super) text: String,
    /// Whether it opens protected ranges.
    pub(super) marked: bool,
    host: Host,
    ports: Ports,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// Everything that is not protected.
    Any,
    /// A name and nothing else.
    Name(String),
    /// All names that end so; it begins with a dot.
    Below(String),
    /// Addresses.
    Range(Range),
}

/// What is wrong, and at which byte.
type At<T> = Result<T, (usize, Problem)>;

impl Pattern {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        read(text).map_err(|(byte, problem)| PatternError {
            pattern: text.chars().take(PATTERN_BYTES_MAX).collect(),
            position: text.char_indices().take_while(|(at, _)| *at < byte).count() + 1,
            problem,
        })
    }

    /// Whether it is for names like this, on some port.
    pub(super) fn knows(&self, name: &str) -> bool {
        match &self.host {
            Host::Any => true,
            Host::Name(own) => own == name,
            Host::Below(suffix) => name
                .strip_suffix(suffix.as_str())
                .is_some_and(|rest| !rest.is_empty()),
            Host::Range(_) => false,
        }
    }

    /// Whether it allows a name on a port.
    pub(super) fn allows_name(&self, name: &str, port: u16) -> bool {
        self.ports.contains(port) && self.knows(name)
    }

    /// Whether it allows an address on a port. `*` never means protected ones.
    pub(super) fn allows_address(&self, ip: IpAddr, port: u16, protected: bool) -> bool {
        let host = match &self.host {
            Host::Any => !protected,
            Host::Range(range) => range.contains(ip),
            Host::Name(_) | Host::Below(_) => false,
        };
        host && self.ports.contains(port)
    }
}

fn read(text: &str) -> At<Pattern> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err((0, Problem::TooLong));
    }
    // A single label before a port would be a name of the network, so the mark is never taken for a host.
    let (marked, rest) = match text.strip_prefix(MARK) {
        Some(rest) if rest.contains(':') => (true, rest),
        _ => (false, text),
    };
    let start = text.len() - rest.len();
    let (host_at, host, ports_at, ports) = split(rest, start)?;
    let ports = Ports::parse(ports).map_err(|problem| (ports_at, problem))?;
    let host = read_host(host, host_at)?;
    if marked && !matches!(host, Host::Range(_)) {
        return Err((0, Problem::MarkOnName));
    }
    Ok(Pattern {
        text: text.to_owned(),
        marked,
        host,
        ports,
    })
}

/// The host and the ports, each with the byte where it begins.
fn split(rest: &str, start: usize) -> At<(usize, &str, usize, &str)> {
    let end = start + rest.len();
    if let Some(inner) = rest.strip_prefix('[') {
        let (host, after) = inner.split_once(']').ok_or((start, Problem::OpenBracket))?;
        let ports_at = end - after.len();
        let ports = after.strip_prefix(':').ok_or((ports_at, Problem::NoPort))?;
        if host.parse::<Ipv4Addr>().is_ok() || !host.contains(':') {
            return Err((start + 1, Problem::NotAHost));
        }
        return Ok((start + 1, host, ports_at + 1, ports));
    }
    let (host, ports) = rest.rsplit_once(':').ok_or((end, Problem::NoPort))?;
    if host.contains(':') {
        return Err((start, Problem::NoBrackets));
    }
    Ok((start, host, end - ports.len(), ports))
}

fn read_host(host: &str, at: usize) -> At<Host> {
    if host == "*" {
        return Ok(Host::Any);
    }
    if let Some((address, length)) = host.split_once('/') {
        return read_range(address, length, at);
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return check_mapped(ip, at).map(|ip| Host::Range(Range::one(ip)));
    }
    let below = host.strip_prefix("*.");
    let name_at = at + host.len() - below.unwrap_or(host).len();
    let name = read_name(below.unwrap_or(host), name_at)?;
    Ok(if below.is_some() {
        Host::Below(format!(".{name}"))
    } else {
        Host::Name(name)
    })
}

fn read_range(address: &str, length: &str, at: usize) -> At<Host> {
    let ip = address
        .parse::<IpAddr>()
        .map_err(|_not_one| (at, Problem::NotAHost))?;
    check_mapped(ip, at)?;
    let wrong = (at + address.len() + 1, Problem::NotALength);
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    let bits = length.parse().ok().filter(|_| digits).ok_or(wrong)?;
    let range = Range::new(ip, bits).ok_or(wrong)?;
    if !range.begins_at(ip) {
        return Err((at, Problem::NotTheFirst));
    }
    Ok(Host::Range(range))
}

fn check_mapped(ip: IpAddr, at: usize) -> At<IpAddr> {
    match ip {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() || is_compatible(v6) => {
            Err((at, Problem::Mapped))
        }
        ip => Ok(ip),
    }
}

/// `::1.2.3.4`, an old spelling of IPv4 addresses; `::` and `::1` are not.
fn is_compatible(ip: Ipv6Addr) -> bool {
    let number = u128::from(ip);
    (0x1_0000..=u128::from(u32::MAX)).contains(&number)
}

fn read_name(name: &str, at: usize) -> At<String> {
    if let Some(star) = name.find('*') {
        return Err((at + star, Problem::MisplacedStar));
    }
    if let Some((byte, _)) = name.char_indices().find(|(_, letter)| !letter.is_ascii()) {
        return Err((at + byte, Problem::NotAscii));
    }
    match names::parse(name) {
        Ok(Name::External(name)) => Ok(name),
        Ok(Name::Localhost | Name::Internal(_)) => Err((at, Problem::Internal)),
        Ok(Name::Literal(_)) | Err(_) => Err((at, Problem::NotAHost)),
    }
}
