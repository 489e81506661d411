//! The name of a user: what may be one.
//!
//! A name stands in certificates, on the command line, in paths of the API and in records, so that its letters are few,
//! and no two names differ only in their case. Most names of accounts on unix are names of users too, `_apt` and
//! `systemd-network` among them; an account with another one, like `Debian-snmp`, goes by its number.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The name of a user: 1 to 64 of `a-z 0-9 . _ -`, of which the first is a letter, a digit or `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// A text that cannot be the name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAUserName {
    /// It is empty, or too long.
    #[error(
        "a user name has 1 to {} bytes, this one has {bytes}",
        UserName::BYTES_MAX
    )]
    Length {
        /// How long it is.
        bytes: usize,
    },
    /// It begins with something else.
    #[error("a user name begins with a-z, 0-9 or _, this one begins with {found:?}")]
    Begin {
        /// With what.
        found: char,
    },
    /// There is something else in it.
    #[error("a user name has only a-z, 0-9 and . _ - in it, this one has {found:?}")]
    Character {
        /// What.
        found: char,
    },
}

impl UserName {
    /// Most bytes of a name: as many as the common name of a certificate may have.
    pub const BYTES_MAX: usize = 64;

    /// The name of an account that has none, or one that is no name of a user: `uid-1000`.
    #[must_use]
    pub fn of_uid(uid: u32) -> Self {
        Self(format!("uid-{uid}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str) -> Result<(), NotAUserName> {
    let first = text.chars().next();
    let (Some(first), true) = (first, text.len() <= UserName::BYTES_MAX) else {
        return Err(NotAUserName::Length { bytes: text.len() });
    };
    let is_plain = |found: char| matches!(found, 'a'..='z' | '0'..='9' | '_');
    if !is_plain(first) {
        return Err(NotAUserName::Begin { found: first });
    }
    match text
        .chars()
        .find(|&c| !(is_plain(c) || c == '.' || c == '-'))
    {
        Some(found) => Err(NotAUserName::Character { found }),
        None => Ok(()),
    }
}

impl FromStr for UserName {
    type Err = NotAUserName;

    fn from_str(text: &str) -> Result<Self, NotAUserName> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for UserName {
    type Error = NotAUserName;

    fn try_from(text: String) -> Result<Self, NotAUserName> {
        check(&text)?;
        Ok(Self(text))
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

impl AsRef<str> for UserName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_of_accounts_are_names() {
        let longest = "a".repeat(UserName::BYTES_MAX);
        for text in [
            "ada",
            "a",
            "uid-1000",
            "_apt",
            "systemd-network",
            "a.b_c-9",
            "0",
            &longest,
        ] {
            let name: UserName = text.parse().unwrap();
            assert_eq!(name.as_str(), text);
            assert_eq!(UserName::try_from(text.to_owned()), Ok(name));
        }
        assert_eq!(UserName::of_uid(1000), "uid-1000".parse().unwrap());
    }

    #[test]
    fn whatever_else_there_is_is_none_and_says_why() {
        let too_long = "a".repeat(UserName::BYTES_MAX + 1);
        for (text, why) in [
            ("", NotAUserName::Length { bytes: 0 }),
            (&*too_long, NotAUserName::Length { bytes: 65 }),
            (".", NotAUserName::Begin { found: '.' }),
            ("-rf", NotAUserName::Begin { found: '-' }),
            ("Ada", NotAUserName::Begin { found: 'A' }),
            ("adA", NotAUserName::Character { found: 'A' }),
            ("a/b", NotAUserName::Character { found: '/' }),
            ("a:b", NotAUserName::Character { found: ':' }),
            ("a b", NotAUserName::Character { found: ' ' }),
            ("ad\u{e4}", NotAUserName::Character { found: '\u{e4}' }),
            ("ada\n", NotAUserName::Character { found: '\n' }),
            ("ada\0", NotAUserName::Character { found: '\0' }),
        ] {
            assert_eq!(text.parse::<UserName>(), Err(why), "{text:?}");
            assert_eq!(UserName::try_from(text.to_owned()), Err(why), "{text:?}");
        }
        assert_eq!(
            "adA".parse::<UserName>().unwrap_err().to_string(),
            "a user name has only a-z, 0-9 and . _ - in it, this one has 'A'"
        );
    }
}
