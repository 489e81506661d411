//! Days and times as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::quantity;

/// A point in time: so long ago, or one that is on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Milliseconds ago.
    Ago(u64),
    /// Then.
    At(Timestamp),
}

impl Moment {
    /// As an instant.
    pub(crate) fn seen_from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(millis) => {
                let span = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
                now.saturating_sub(span).unwrap_or(Timestamp::MIN)
            }
        }
    }
}

/// `--since`, `--until` of lists: `5m`, a day or a time.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    if let Some(at) = on_the_calendar(text) {
        return Ok(Moment::At(at));
    }
    // What does not even begin like a day is taken for a length of time.
    if text.contains(':') || text.matches('-').count() > 1 {
        return Err(not_a_day());
    }
    quantity::milliseconds(text).map(Moment::Ago)
}

/// `--from`, `--to` of sums: a day or a time. Passed on as it is written, because the two mean something else to the server.
pub(crate) fn day_or_time(text: &str) -> Result<String, String> {
    match on_the_calendar(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(not_a_day()),
    }
}

fn not_a_day() -> String {
    "write a day such as 2026-11-22, or a time such as 2026-11-22T14:30:00Z".to_owned()
}

/// A time with its zone, or the beginning of a day in UTC.
fn on_the_calendar(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let date = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let at = |text: &str| Some(Moment::At(text.parse().unwrap()));
        for (text, expected) in [
            ("5m", Some(Moment::Ago(300_000))),
            ("2026-11-22", at("2026-11-22T00:00:00Z")),
            ("2026-11-22T14:30:00Z", at("2026-11-22T14:30:00Z")),
            ("2026-11-22T14:30:00+02:00", at("2026-11-22T12:30:00Z")),
            ("2026-11-22T14:30:00", None),
            ("2026-02-30", None),
            ("-5m", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(moment(text).ok(), expected, "{text}");
        }
        assert!(moment("2026-02-30").unwrap_err().contains("2026-11-22"));
        assert!(moment("soon").unwrap_err().contains("5m"));
    }

    #[test]
    fn days_are_passed_on_as_they_are_written() {
        for good in ["2026-11-22", "2026-11-22T14:30:00Z"] {
            assert_eq!(day_or_time(good).as_deref(), Ok(good));
        }
        for bad in ["", "5m", "2026-11", "20261122", "yesterday"] {
            assert!(day_or_time(bad).is_err(), "{bad}");
        }
    }
}
