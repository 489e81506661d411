//! The number of a certificate: what names it in the audit log, in records and when it is revoked.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The number of a certificate.
///
/// In a certificate it is an integer, of which zeros in front are not written and the first bit is the sign. So the
/// first two bits are always 01, and each number has 16 bytes in every form of it; 126 bits are left to chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial([u8; Self::BYTES]);

/// A text or a number that is not the serial number of a certificate of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a serial number is {} hexadecimal digits in lower case, of which the first is 4, 5, 6 or 7",
    Serial::BYTES * 2
)]
pub struct NotASerial;

impl Serial {
    /// Length in bytes.
    pub const BYTES: usize = 16;

    /// From 16 bytes of chance. The first two bits are replaced.
    #[must_use]
    pub const fn from_random(mut bytes: [u8; Self::BYTES]) -> Self {
        bytes[0] = bytes[0] & 0x3f | 0x40;
        Self(bytes)
    }

    /// The serial number that stands in a certificate, in a record.
    ///
    /// # Errors
    ///
    /// When it is none of ours: their first two bits are 01.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASerial> {
        let serial = Self(bytes.try_into().map_err(|_| NotASerial)?);
        if Self::from_random(serial.0) == serial {
            Ok(serial)
        } else {
            Err(NotASerial)
        }
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
        let digits = text.as_bytes();
        if digits.len() != 2 * Self::BYTES {
            return Err(NotASerial);
        }
        let mut bytes = [0; Self::BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                *byte = *byte << 4 | value(*digit)?;
            }
        }
        Self::from_bytes(&bytes)
    }
}

fn value(digit: u8) -> Result<u8, NotASerial> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotASerial),
    }
}

impl TryFrom<String> for Serial {
    type Error = NotASerial;

    fn try_from(text: String) -> Result<Self, NotASerial> {
        text.parse()
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.to_string()
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}
