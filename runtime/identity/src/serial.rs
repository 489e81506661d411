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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_the_same_as_text_as_bytes_and_as_chance() {
        for byte in [0x00, 0x3f, 0x40, 0x7f, 0x80, 0xff] {
            let serial = Serial::from_random([byte; 16]);
            assert_eq!(serial.as_bytes()[0] & 0xc0, 0x40);
            assert_eq!(serial.as_bytes()[1..], [byte; 15]);
            assert_eq!(serial.to_string().parse(), Ok(serial));
            assert_eq!(Serial::from_bytes(serial.as_bytes()), Ok(serial));
            assert_eq!(Serial::from_random(*serial.as_bytes()), serial);
        }
        let serial = Serial::from_random([0xab; 16]);
        assert_eq!(serial.to_string(), format!("6b{}", "ab".repeat(15)));
    }

    #[test]
    fn another_form_of_it_is_none() {
        let written = Serial::from_random([0xab; 16]).to_string();
        for text in [
            String::new(),
            written[1..].to_owned(),
            format!("{written}0"),
            format!("0x{}", &written[2..]),
            written.to_uppercase(),
            format!("8{}", &written[1..]),
            format!("3{}", &written[1..]),
            format!("+{}", &written[1..]),
            "\u{e4}".repeat(16),
        ] {
            assert_eq!(text.parse::<Serial>(), Err(NotASerial), "{text}");
        }
        for bytes in [&[0x40; 15][..], &[0x40; 17], &[0x80; 16], &[0x00; 16], &[]] {
            assert_eq!(Serial::from_bytes(bytes), Err(NotASerial));
        }
    }
}
