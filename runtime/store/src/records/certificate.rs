//! Certificates as they are recorded: which were issued, to whom, and which count no more. The certificates themselves are
//! with their users.

use std::{fmt, str::FromStr};

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sublet_scheduler::{UnixMillis, UserId};

use super::Role;

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What distinguishes it from all others.
    pub serial: Serial,
    /// Whom it speaks for.
    pub user: UserId,
    /// The role that is written in it.
    pub role: Role,
    /// It does not count before this instant.
    pub not_before: UnixMillis,
    /// It does not count after this instant.
    pub not_after: UnixMillis,
    /// When it was made.
    pub issued_at: UnixMillis,
    /// The name of whoever asked for it.
    pub issued_by: String,
}

/// When a certificate was taken back, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: UnixMillis,
    /// Why, in the words of whoever did it.
    pub reason: String,
}

/// The number of a certificate, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; Self::BYTES]);

/// A text that is not the number of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the serial of a certificate is {} hexadecimal digits", Serial::BYTES * 2)]
pub struct NotASerial;

impl Serial {
    /// Length in bytes.
    pub const BYTES: usize = 16;

    /// The serial with these bytes.
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

impl FromStr for Serial {
    type Err = NotASerial;

    fn from_str(text: &str) -> Result<Self, NotASerial> {
        let digits_only = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() != Self::BYTES * 2 || !digits_only {
            return Err(NotASerial);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| NotASerial)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ToSql for Serial {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_slice()))
    }
}

impl FromSql for Serial {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?.try_into();
        bytes.map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotASerial, Serial};

    #[test]
    fn a_serial_reads_what_it_writes() {
        let serial = Serial::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff]);
        assert_eq!(serial.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(serial.to_string().parse(), Ok(serial));
        assert_eq!(serial.to_string().to_uppercase().parse(), Ok(serial));
    }

    #[test]
    fn what_is_no_serial_is_refused() {
        let long = "0".repeat(33);
        let signed = format!("+{}", "0".repeat(31));
        for text in ["", "00", &long[..31], &long, &signed, &"g".repeat(32)] {
            assert_eq!(text.parse::<Serial>(), Err(NotASerial), "{text:?}");
        }
    }
}
