//! From when until when a certificate holds.

use std::fmt;

use rustls::pki_types::UnixTime;

use crate::fault::Fault;

/// A point in time: seconds since 1970, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

/// From when until when a certificate holds, both seconds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validity {
    /// The first second.
    pub not_before: UnixSeconds,
    /// The last second.
    pub not_after: UnixSeconds,
}

impl Validity {
    /// Whether it holds at that time.
    #[must_use]
    pub fn contains(&self, now: UnixSeconds) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Refuses what no certificate can say.
    pub(crate) fn check(self) -> Result<Self, Fault> {
        if self.not_before <= self.not_after && self.not_after.timestamp().is_some() {
            Ok(self)
        } else {
            Err(Fault::Validity(self))
        }
    }
}

impl UnixSeconds {
    /// As a calendar knows it, before the year 10,000.
    fn timestamp(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_second(self.0.try_into().ok()?).ok()
    }
}

impl From<UnixTime> for UnixSeconds {
    fn from(time: UnixTime) -> Self {
        Self(time.as_secs())
    }
}

impl fmt::Display for UnixSeconds {
    /// Like `2026-10-01T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(timestamp) => timestamp.fmt(f),
            None => write!(f, "{} seconds after 1970", self.0),
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} until {}", self.not_before, self.not_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!(UnixSeconds(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(
            UnixSeconds(1_800_000_000).to_string(),
            "2027-01-15T08:00:00Z"
        );
        assert_eq!(
            UnixSeconds(u64::MAX).to_string(),
            "18446744073709551615 seconds after 1970"
        );
    }

    #[test]
    fn both_ends_belong_to_it() {
        let validity = Validity {
            not_before: UnixSeconds(10),
            not_after: UnixSeconds(20),
        };
        let inside = |second| validity.contains(UnixSeconds(second));
        assert_eq!([9, 10, 20, 21].map(inside), [false, true, true, false]);
    }
}
