//! The name of a job that people see: 128 bits, written as 26 digits of Crockford's base 32 (a ULID). This decides how
//! such a name is written and read; who makes them, and in which order, is not known here.

use std::{fmt, str::FromStr};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// The name of a job that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicId(pub u128);

/// The first characters of a public id, as people type them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicIdPrefix {
    first: PublicId,
    last: PublicId,
}

/// A text that is not (the beginning of) a public id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job id is {DIGITS} digits and letters, without U")]
pub struct NotAPublicId;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS: usize = 26;
const DIGIT_BITS: u32 = 5;

impl PublicIdPrefix {
    /// The least and the greatest public id with this prefix.
    pub(crate) const fn bounds(self) -> (PublicId, PublicId) {
        (self.first, self.last)
    }
}

impl From<PublicId> for PublicIdPrefix {
    /// All of it.
    fn from(whole: PublicId) -> Self {
        Self {
            first: whole,
            last: whole,
        }
    }
}

/// The value of a digit. Letters that are easily taken for digits are read as those, as Crockford has it.
fn digit(character: u8) -> Option<u128> {
    let plain = match character.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET
        .iter()
        .zip(0..)
        .find_map(|(letter, value)| (*letter == plain).then_some(value))
}

impl FromStr for PublicIdPrefix {
    type Err = NotAPublicId;

    fn from_str(text: &str) -> Result<Self, NotAPublicId> {
        if text.is_empty() || text.len() > DIGITS {
            return Err(NotAPublicId);
        }
        let (mut first, mut last) = (0_u128, 0_u128);
        for index in 0..DIGITS {
            let typed = text
                .as_bytes()
                .get(index)
                .map(|character| digit(*character).ok_or(NotAPublicId));
            let typed = typed.transpose()?;
            // 26 digits hold 130 bits, so the first of them stops at 7.
            let greatest = if index == 0 { 7 } else { 31 };
            if typed > Some(greatest) {
                return Err(NotAPublicId);
            }
            first = first << DIGIT_BITS | typed.unwrap_or(0);
            last = last << DIGIT_BITS | typed.unwrap_or(greatest);
        }
        Ok(Self {
            first: PublicId(first),
            last: PublicId(last),
        })
    }
}

impl FromStr for PublicId {
    type Err = NotAPublicId;

    fn from_str(text: &str) -> Result<Self, NotAPublicId> {
        let prefix: PublicIdPrefix = text.parse()?;
        if prefix.first == prefix.last {
            Ok(prefix.first)
        } else {
            Err(NotAPublicId)
        }
    }
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut text = [b'0'; DIGITS];
        for character in text.iter_mut().rev() {
            let index = usize::from(rest.to_le_bytes()[0] & 0x1f);
            *character = ALPHABET[index];
            rest >>= DIGIT_BITS;
        }
        text.iter()
            .try_for_each(|character| fmt::Write::write_char(f, char::from(*character)))
    }
}

/// Stored big-endian, so that the order of the bytes is the order of the ids.
impl ToSql for PublicId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_be_bytes().to_vec()))
    }
}

impl FromSql for PublicId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value
            .as_blob()?
            .try_into()
            .map_err(|_| FromSqlError::InvalidType)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAPublicId, PublicId, PublicIdPrefix};

    const EXAMPLE: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    #[test]
    fn an_id_reads_what_it_writes() {
        let id = PublicId(0x0156_3e3a_b5d3_d676_4c61_efb9_9302_bd5b);
        assert_eq!(id.to_string(), EXAMPLE);
        assert_eq!(EXAMPLE.parse(), Ok(id));
        assert_eq!(EXAMPLE.to_lowercase().parse(), Ok(id));
        assert_eq!(
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse(),
            Ok(PublicId(u128::MAX))
        );
        assert_eq!(PublicId(0).to_string(), "0".repeat(26));
    }

    #[test]
    fn letters_like_digits_are_read_as_digits() {
        assert_eq!(
            "OlARZ3NDEKTSV4RRFFQ69G5FAV".parse::<PublicId>(),
            EXAMPLE.parse()
        );
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "8", "u", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "01ARZ-", "é"] {
            assert_eq!(
                text.parse::<PublicIdPrefix>(),
                Err(NotAPublicId),
                "{text:?}"
            );
        }
        assert_eq!(EXAMPLE[..25].parse::<PublicId>(), Err(NotAPublicId));
    }

    #[test]
    fn a_prefix_covers_the_ids_that_begin_with_it() {
        let id: PublicId = EXAMPLE.parse().unwrap();
        for digits in 1..=26 {
            let prefix: PublicIdPrefix = EXAMPLE[..digits].parse().unwrap();
            let (first, last) = prefix.bounds();
            assert!(first <= id && id <= last);
            assert!(first.to_string().starts_with(&EXAMPLE[..digits]));
            assert!(last.to_string().starts_with(&EXAMPLE[..digits]));
        }
    }
}
