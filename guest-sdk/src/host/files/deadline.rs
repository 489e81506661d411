//! The time in `SUBLET_DEADLINE`: RFC 3339 in UTC, such as `2026-11-22T10:50:00.250Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_OF_DAY: u64 = 24 * 60 * 60;

pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time, ':')?;
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && year >= 1970;
    if !is_time || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * SECONDS_OF_DAY + (hour * 60 + minute) * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(millis(fraction)?))
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.splitn(3, separator).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

fn millis(fraction: &str) -> Option<u64> {
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    digits.parse().ok()
}

/// Days since 1970, for a year that is not before: years begin in March here, so that the odd day comes last.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    // The 719,468 days before 1970 in this way of counting.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: u64) {
        let expected = UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(parse(text), Some(expected), "{text}");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        check("1970-01-01T00:00:00Z", 0);
        check("2000-02-29T23:59:59.5Z", 951_868_799_500);
        check("2026-11-22T10:50:00.250123Z", 1_795_344_600_250);
        check("2100-03-01T00:00:00Z", 4_107_542_400_000);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2026-13-01T00:00:00Z",
            "2026-11-22T25:00:00Z",
            "2026-11-22T10:50:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
