//! The sha256 of some content: how modules, artifacts and inputs are named.

use std::{
    fmt,
    io::{self, Read},
    str::FromStr,
};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const READ_BYTES: usize = 64 << 10;

/// The sha256 of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; Self::BYTES]);

/// The first hexadecimal digits of a digest, as people type them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestPrefix {
    first: Digest,
    last: Digest,
}

/// A text that is not (the beginning of) a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is {} hexadecimal digits", Digest::BYTES * 2)]
pub struct NotADigest;

impl Digest {
    /// Length in bytes.
    pub const BYTES: usize = 32;

    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// The digest of all that is left to be read.
    pub(crate) fn of_rest(mut content: impl Read) -> io::Result<Self> {
        let (mut sha256, mut buffer) = (Sha256::new(), vec![0; READ_BYTES]);
        loop {
            match content.read(&mut buffer)? {
                0 => return Ok(Self(sha256.finalize().into())),
                count => sha256.update(&buffer[..count]),
            }
        }
    }

    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl DigestPrefix {
    /// The least and the greatest digest with this prefix.
    pub(crate) const fn bounds(self) -> (Digest, Digest) {
        (self.first, self.last)
    }
}

impl From<Digest> for DigestPrefix {
    /// All of it.
    fn from(whole: Digest) -> Self {
        Self {
            first: whole,
            last: whole,
        }
    }
}

/// Reads up to 64 digits; digits that are missing are `fill`.
fn filled(text: &str, fill: u8) -> Result<Digest, NotADigest> {
    let mut bytes = [fill << 4 | fill; Digest::BYTES];
    for (index, character) in text.chars().enumerate() {
        let digit = character.to_digit(16).ok_or(NotADigest)?;
        let digit = u8::try_from(digit).map_err(|_| NotADigest)?;
        let byte = bytes.get_mut(index / 2).ok_or(NotADigest)?;
        *byte = if index % 2 == 0 {
            digit << 4 | fill
        } else {
            *byte & 0xf0 | digit
        };
    }
    Ok(Digest(bytes))
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        if text.len() == Self::BYTES * 2 {
            filled(text, 0)
        } else {
            Err(NotADigest)
        }
    }
}

impl FromStr for DigestPrefix {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        if text.is_empty() {
            return Err(NotADigest);
        }
        Ok(Self {
            first: filled(text, 0x0)?,
            last: filled(text, 0xf)?,
        })
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_slice()))
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_blob()?
            .try_into()
            .map(Self)
            .map_err(|_| FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, DigestPrefix, NotADigest};

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(
            text,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(text[1..].parse::<Digest>(), Err(NotADigest));
        assert_eq!("zz".repeat(32).parse::<Digest>(), Err(NotADigest));
    }

    #[test]
    fn a_prefix_covers_the_digests_that_begin_with_it() {
        let digest = Digest::of(b"abc");
        for digits in 1..=64 {
            let prefix: DigestPrefix = digest.to_string()[..digits].parse().unwrap();
            let (first, last) = prefix.bounds();
            assert!(first <= digest && digest <= last, "{digits} digits");
        }
        let (first, last) = "ba7".parse::<DigestPrefix>().unwrap().bounds();
        assert!(first.to_string().starts_with("ba7000") && last.to_string().starts_with("ba7fff"));
        assert_eq!("".parse::<DigestPrefix>(), Err(NotADigest));
        assert_eq!("0".repeat(65).parse::<DigestPrefix>(), Err(NotADigest));
    }
}
