//! Names: which spellings are names, and which of them never leave the network.

use std::net::IpAddr;

use thiserror::Error;

/// The longest name, without the dot at its end.
const NAME_BYTES_MAX: usize = 253;

/// The longest part of a name between dots.
const LABEL_BYTES_MAX: usize = 63;

/// The zone of names that are decided in the network alone.
const ZONE: &str = ".internal";

/// What somebody looks up, in canonical form: lower case, without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// An address, strictly spelled.
    Literal(IpAddr),
    /// This instance.
    Localhost,
    /// A name of the network, without `.internal`. It never reaches a resolver.
    Internal(String),
    /// A name of the world.
    External(String),
}

/// It cannot be looked up anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a name: names have labels of 1 to 63 of a-z, 0-9, - and _, together at most 253 characters"
)]
pub struct NotAName;

/// Reads what somebody looks up.
///
/// # Errors
///
/// It is neither an address nor a name. Lenient spellings of addresses (`127.1`, `0x7f.1`) are neither.
pub fn parse(text: &str) -> Result<Name, NotAName> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(Name::Literal(ip));
    }
    let name = canonical(text)?;
    if name == "localhost" {
        return Ok(Name::Localhost);
    }
    if let Some(bare) = name.strip_suffix(ZONE) {
        return Ok(Name::Internal(bare.to_owned()));
    }
    if !name.contains('.') || name.ends_with(".localhost") {
        return Ok(Name::Internal(name));
    }
    if ends_in_a_number(&name) {
        return Err(NotAName);
    }
    Ok(Name::External(name))
}

/// The canonical form of a name that an instance carries, such as `sort` or `reducer-0.sort`; `.internal` is dropped.
///
/// # Errors
///
/// It is not a name, or one that means something else.
pub fn carried(text: &str) -> Result<String, NotAName> {
    let name = canonical(text)?;
    let bare = name.strip_suffix(ZONE).unwrap_or(&name);
    let last = bare.rsplit('.').next().unwrap_or(bare);
    if last == "localhost" || last == "internal" || bare.len() + ZONE.len() > NAME_BYTES_MAX {
        return Err(NotAName);
    }
    Ok(bare.to_owned())
}

/// Lower case, without a dot at its end, of labels that are labels.
pub(crate) fn canonical(text: &str) -> Result<String, NotAName> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > NAME_BYTES_MAX || !name.split('.').all(is_label) {
        return Err(NotAName);
    }
    Ok(name.to_ascii_lowercase())
}

/// Whether some resolver would take the name for an address: resolvers read `127.1`, `2130706433` and `0x7f000001` so.
pub(crate) fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hexadecimal = last.strip_prefix("0x");
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_label(label: &str) -> bool {
    let fits = (1..=LABEL_BYTES_MAX).contains(&label.len());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    fits && label.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{Name, NotAName, carried, parse};

    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(Name::Literal(ip)) => format!("literal {ip}"),
            Ok(Name::Localhost) => "localhost".to_owned(),
            Ok(Name::Internal(name)) => format!("internal {name}"),
            Ok(Name::External(name)) => format!("external {name}"),
            Err(NotAName) => "no".to_owned(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_are_told_apart_by_their_spelling() {
        check("127.0.0.1", "literal 127.0.0.1");
        check("::1", "literal ::1");
        check("LocalHost.", "localhost");
        check("reducer-0", "internal reducer-0");
        check("Reducer-0.SORT.internal.", "internal reducer-0.sort");
        check("evil.localhost", "internal evil.localhost");
        check("API.example.ORG.", "external api.example.org");
        check("_dmarc.example.org", "external _dmarc.example.org");
        check(
            &format!("{}.org", "a".repeat(63)),
            &format!("external {}.org", "a".repeat(63)),
        );
    }

    #[test]
    fn lenient_spellings_of_addresses_are_not_names() {
        for text in [
            "127.1",
            "0177.0.0.1",
            "0x7f.0.0.0x1",
            "127.0.0.1.",
            "1.2.3.4.5",
            "fe80::1%eth0",
            "[::1]",
            "a.0x",
        ] {
            check(text, "no");
        }
        // A number alone is a single label: it is asked of the network, which has no such name, and of nobody else.
        check("2130706433", "internal 2130706433");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            ".",
            "a..b",
            ".a",
            "a b",
            "münchen.example",
            "a/b",
            "a.b..",
            "a:1",
        ] {
            check(text, "no");
        }
        check(&format!("{}.org", "a".repeat(64)), "no");
        check(&"a.".repeat(128), "no");
    }

    #[test]
    fn carried_names_mean_nothing_else() {
        assert_eq!(carried("Sort").as_deref(), Ok("sort"));
        assert_eq!(
            carried("reducer-0.sort.internal").as_deref(),
            Ok("reducer-0.sort")
        );
        for text in [
            "localhost",
            "a.localhost",
            "internal",
            "a.internal.internal",
            "",
            "a b",
        ] {
            assert_eq!(carried(text), Err(NotAName), "{text}");
        }
    }
}
