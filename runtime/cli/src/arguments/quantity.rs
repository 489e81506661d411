//! Sizes, durations and shares as people write them. Each flag has its range, so that an absurd number is told here,
//! by the name of its flag; the server has its own limits and has the last word.

use bytesize::ByteSize;
use jiff::SignedDuration;

use crate::show::unit;

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;
/// A year: more is a slip of the unit.
const DURATION_MS_MAX: u64 = 365 * 24 * 3_600_000;
/// More processors than any host has.
const CPU_MILLIS_MAX: u64 = 1_024_000;

/// `--memory`: a guest without a page cannot start, and none can address more than its memories sum up to.
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    size(text, 64 * KIB, 64 * GIB)
}

/// `--output-limit`, `--scratch`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    size(text, 0, TIB)
}

fn size(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let size: ByteSize = text.parse().map_err(|_| {
        "write a number and a unit, such as 64MiB (B, KiB, MiB, GiB, TiB)".to_owned()
    })?;
    if (min..=max).contains(&size.0) {
        Ok(size.0)
    } else {
        Err(format!(
            "allowed are {} to {}",
            unit::bytes(min),
            unit::bytes(max)
        ))
    }
}

/// `--timeout`, `--cpu-time`, `--backoff`, `--since`: in milliseconds.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write a number and a unit, such as 500ms, 30s, 5m or 2h".to_owned())?;
    u64::try_from(duration.as_millis())
        .ok()
        .filter(|millis| (1..=DURATION_MS_MAX).contains(millis))
        .ok_or_else(|| "allowed are 1ms to 8760h (a year)".to_owned())
}

/// `--grace`: in milliseconds; none at all is a choice, too.
pub(crate) fn grace(text: &str) -> Result<u64, String> {
    match text.parse::<SignedDuration>() {
        Ok(duration) if duration.is_zero() => Ok(0),
        _ => milliseconds(text),
    }
}

/// `--cpu`: processors, in thousandths of one.
pub(crate) fn cpu_millis(text: &str) -> Result<u64, String> {
    thousandths(text)
        .filter(|millis| (1..=CPU_MILLIS_MAX).contains(millis))
        .ok_or_else(|| {
            "write processors with at most three decimals, such as 0.5; allowed are 0.001 to 1024"
                .to_owned()
        })
}

/// A decimal number with at most three decimals, exactly.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 3 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let decimals: u64 = format!("{decimals:0<3}").parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("64MiB", Some(64 << 20)),
            ("64 MiB", Some(64 << 20)),
            ("1.5GiB", Some(3 << 29)),
            ("65536", Some(65_536)),
            ("1GB", Some(1_000_000_000)),
            ("65535", None),
            ("65GiB", None),
            ("-1MiB", None),
            ("", None),
            ("MiB", None),
            ("64Mib/s", None),
            ("999999999999999999999999999TiB", None),
            ("NaN", None),
        ] {
            assert_eq!(memory(text).ok(), expected, "{text}");
        }
        assert_eq!(bytes("0"), Ok(0));
        assert_eq!(memory("1").unwrap_err(), "allowed are 64 KiB to 64 GiB");
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("500ms", Some(500)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            ("8760h", Some(DURATION_MS_MAX)),
            ("8761h", None),
            ("0s", None),
            ("-5s", None),
            ("30", None),
            ("soon", None),
            ("99999999999999999999h", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_grace_may_be_nothing() {
        assert_eq!(grace("0s"), Ok(0));
        assert_eq!(grace("2m"), Ok(120_000));
        assert!(grace("-1s").is_err() && grace("0").is_err());
    }

    #[test]
    fn shares() {
        for (text, expected) in [
            ("0.5", Some(500)),
            ("2", Some(2_000)),
            ("0.001", Some(1)),
            ("1.25", Some(1_250)),
            ("1024", Some(1_024_000)),
            ("1024.001", None),
            ("0", None),
            ("0.0001", None),
            ("-1", None),
            (".5", None),
            ("1e3", None),
            ("half", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(cpu_millis(text).ok(), expected, "{text}");
        }
    }
}
