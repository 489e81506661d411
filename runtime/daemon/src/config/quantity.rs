//! Quantities as people write them: `0.5`, `64MiB`, `30s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::SignedDuration;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// Bytes, written `64MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(u64);

/// A length of time, written `30s`, `2m`, `1h30m`, `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(u64);

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A share of processors, written `0.5`; kept in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu(u64);

impl Size {
    /// That many bytes.
    #[must_use]
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// That many times 1,048,576 bytes.
    #[must_use]
    pub const fn mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// In bytes.
    #[must_use]
    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl Span {
    /// That many milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Cpu {
    /// That many thousandths of a processor.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// In thousandths of a processor.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    /// In the largest unit that shows it exactly: `64MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let exact = units
            .into_iter()
            .find(|(bits, _)| self.0 > 0 && self.0.trailing_zeros() >= *bits);
        match exact {
            Some((bits, unit)) => write!(f, "{}{unit}", self.0 >> bits),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl fmt::Display for Span {
    /// In the largest unit that shows it exactly: `90m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let exact = units
            .into_iter()
            .find(|(millis, _)| self.0 > 0 && self.0.is_multiple_of(*millis));
        match exact {
            Some((millis, unit)) => write!(f, "{}{unit}", self.0 / millis),
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Display for Cpu {
    /// With as many decimals as it needs: `0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(decimals.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size: ByteSize = text.trim().parse().map_err(|_| {
            format!(
                "`{text}` is not a size: write a number and B, KiB, MiB, GiB or TiB, such as 64MiB"
            )
        })?;
        Ok(Self(size.as_u64()))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a length of time: write a number and ms, s, m, h or d, such as 30s"
            )
        };
        let (days, rest) = days(text.trim()).ok_or_else(wrong)?;
        let span = match rest {
            "" => Duration::ZERO,
            rest => {
                let rest: SignedDuration = rest.parse().map_err(|_| wrong())?;
                Duration::try_from(rest).map_err(|_| wrong())?
            }
        };
        let rest = u64::try_from(span.as_millis()).map_err(|_| wrong())?;
        let days = days.checked_mul(DAY_MS).ok_or_else(wrong)?;
        days.checked_add(rest).map(Self).ok_or_else(wrong)
    }
}

/// The days at the beginning of a length of time, which here have 24 hours each, and what comes behind them. Nothing at all
/// is no length of time.
fn days(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    match rest.strip_prefix('d') {
        Some(rest) if !number.is_empty() => Some((number.parse().ok()?, rest.trim_start())),
        _ => Some((0, text)).filter(|(_, text)| !text.is_empty()),
    }
}

impl FromStr for Cpu {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not a share of processors: write 0.001 to 4096, such as 0.5");
        let (whole, fraction) = text
            .trim()
            .split_once('.')
            .unwrap_or_else(|| (text.trim(), ""));
        if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let thousandths: u64 = format!("{fraction:0<3}").parse().map_err(|_| wrong())?;
        let millis = whole
            .checked_mul(1000)
            .and_then(|whole| whole.checked_add(thousandths))
            .ok_or_else(wrong)?;
        if (1..=4_096_000).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(wrong())
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written {
            expects: "a size such as \"64MiB\"",
            parse: str::parse,
        })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written {
            expects: "a length of time such as \"30s\"",
            parse: str::parse,
        })
    }
}

impl<'de> Deserialize<'de> for Cpu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written {
            expects: "a share of processors such as 0.5",
            parse: str::parse,
        })
    }
}

/// Takes a string, or a number in the same spelling.
struct Written<T> {
    expects: &'static str,
    parse: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expects)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!("64MiB".parse(), Ok(Size::mib(64)));
        assert_eq!("30s".parse(), Ok(Span::millis(30_000)));
        assert_eq!("1h 30m".parse(), Ok(Span::millis(5_400_000)));
        assert_eq!("250ms".parse(), Ok(Span::millis(250)));
        assert_eq!("30d".parse(), Ok(Span::millis(30 * DAY_MS)));
        assert_eq!("1d 12h".parse(), Ok(Span::millis(DAY_MS * 3 / 2)));
        assert_eq!("0.05".parse(), Ok(Cpu::millis(50)));
        assert_eq!("2".parse(), Ok(Cpu::millis(2000)));
    }

    #[test]
    fn quantities_are_written_as_they_are_read() {
        for text in ["64MiB", "1GiB", "3TiB", "1537B", "0B"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        for text in ["30s", "90m", "2h", "1500ms", "0ms"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in ["0.05", "2", "0.001", "10.5"] {
            assert_eq!(text.parse::<Cpu>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_quantity_says_what_one_looks_like() {
        for text in ["", "much", "-1MiB", "64 apples"] {
            assert!(
                text.parse::<Size>()
                    .is_err_and(|error| error.contains("64MiB")),
                "{text}"
            );
        }
        for text in ["", "soon", "-3s", "3", "d", "3dd", "-1d", "999999999999d"] {
            assert!(
                text.parse::<Span>()
                    .is_err_and(|error| error.contains("30s")),
                "{text}"
            );
        }
        for text in ["", "0", "-1", "0.0001", "1e3", "9999999", "0.5.5"] {
            assert!(
                text.parse::<Cpu>()
                    .is_err_and(|error| error.contains("0.5")),
                "{text}"
            );
        }
    }
}
