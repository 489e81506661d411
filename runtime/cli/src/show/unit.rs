//! Numbers for people: sizes in IEC units, durations in their two largest parts, ages in one.

use jiff::Timestamp;

const SIZES: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// A size, with at most one decimal: `64 MiB`, `2.1 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mut unit = 0;
    // Tenths, rounded once at the end; in 128 bits no size overflows.
    let mut divisor: u128 = 1;
    while unit + 1 < SIZES.len() && u128::from(bytes) >= divisor << 10 {
        divisor <<= 10;
        unit += 1;
    }
    let tenths = (u128::from(bytes) * 10 + divisor / 2) / divisor;
    decimal(tenths, SIZES[unit])
}

fn decimal(tenths: u128, unit: &str) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, rest) => format!("{whole}.{rest} {unit}"),
    }
}

/// A duration in its two largest parts: `2m 11s`, `350ms`, `12us`.
pub(crate) fn duration(micros: u64) -> String {
    if micros < 1_000 {
        return format!("{micros}us");
    }
    let millis = micros / 1_000;
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let seconds = millis / 1_000;
    if seconds < 10 && millis % 1_000 >= 100 {
        return format!("{seconds}.{}s", millis % 1_000 / 100);
    }
    let parts = parts(seconds);
    match parts[1].0 {
        0 => format!("{}{}", parts[0].0, parts[0].1),
        rest => format!("{}{} {rest}{}", parts[0].0, parts[0].1, parts[1].1),
    }
}

/// How long ago: `40s`, `2m`, `3h`, `5d`.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second().saturating_sub(then.as_second())).unwrap_or(0);
    let parts = parts(seconds);
    format!("{}{}", parts[0].0, parts[0].1)
}

/// The largest part of a number of seconds that is not zero, and the next smaller one.
fn parts(seconds: u64) -> [(u64, &'static str); 2] {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if days > 0 {
        [(days, "d"), (hours % 24, "h")]
    } else if hours > 0 {
        [(hours, "h"), (minutes % 60, "m")]
    } else if minutes > 0 {
        [(minutes, "m"), (seconds % 60, "s")]
    } else {
        [(seconds, "s"), (0, "")]
    }
}

/// The time between two instants, in microseconds; none is negative.
pub(crate) fn micros_between(start: Timestamp, end: Timestamp) -> u64 {
    u64::try_from(end.as_microsecond().saturating_sub(start.as_microsecond())).unwrap_or(0)
}

/// Thousandths of processors as processors: `0.5`, `48`.
pub(crate) fn processors(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of things: `1 task`, `100 tasks`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    if number == 1 {
        format!("1 {thing}")
    } else {
        format!("{number} {thing}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (size, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (64 << 20, "64 MiB"),
            (2_254_857_830, "2.1 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn durations() {
        for (micros, text) in [
            (0, "0us"),
            (12, "12us"),
            (350_000, "350ms"),
            (1_000_000, "1s"),
            (2_340_000, "2.3s"),
            (11_900_000, "11s"),
            (131_000_000, "2m 11s"),
            (120_000_000, "2m"),
            (3_660_000_000, "1h 1m"),
            (90_000_000_000, "1d 1h"),
        ] {
            assert_eq!(duration(micros), text);
        }
    }

    #[test]
    fn ages() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, text) in [
            (0, "0s"),
            (40, "40s"),
            (130, "2m"),
            (7_300, "2h"),
            (200_000, "2d"),
            (-5, "0s"),
        ] {
            assert_eq!(age(at(0), at(now)), text);
        }
    }

    #[test]
    fn shares() {
        for (millis, text) in [
            (500, "0.5"),
            (48_000, "48"),
            (1, "0.001"),
            (1_250, "1.25"),
            (0, "0"),
        ] {
            assert_eq!(processors(millis), text);
        }
    }
}
