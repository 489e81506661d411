//! What goes when it is old.

use serde::{Deserialize, Deserializer, de};

use super::quantity::{Size, Span};

/// What goes when it is old. Nothing does unless it stands here: a server that is brought up to date must not remove what
/// nobody asked it to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long jobs are kept after they finished, with everything that is known of them.
    #[serde(deserialize_with = "some_time")]
    pub jobs: Option<Span>,
    /// How long what a job printed is kept after it finished, where that is shorter.
    #[serde(deserialize_with = "some_time")]
    pub logs: Option<Span>,
    /// How many jobs each user may have before the oldest finished ones go.
    pub jobs_per_user: Option<u64>,
    /// How much the jobs of each user may have printed before the oldest finished ones go.
    pub log_bytes_per_user: Option<Size>,
}

impl Retention {
    /// The shortest of its times, in milliseconds; nothing where everything stays.
    pub(crate) fn shortest_ms(&self) -> Option<u64> {
        let times = [self.jobs, self.logs].into_iter().flatten();
        let bounds = [
            self.jobs_per_user.is_some(),
            self.log_bytes_per_user.is_some(),
        ];
        // A bound by number can be passed at any time.
        let bounds = bounds.into_iter().filter(|is_said| *is_said);
        times
            .map(Span::as_millis)
            .chain(bounds.map(|_| u64::MAX))
            .min()
    }
}

/// No time at all would remove jobs before anybody sees how they ended, and is not what anybody means by it.
fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    let span = Span::deserialize(deserializer)?;
    if span.as_millis() == 0 {
        return Err(de::Error::custom(
            "nothing would be kept: leave it out to keep everything",
        ));
    }
    Ok(Some(span))
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(table: &str) -> Result<Retention, String> {
        let text = format!("[service]\nretention = {table}");
        let config = Config::parse(&text).map_err(|error| error.to_string())?;
        Ok(config.service.retention)
    }

    #[test]
    fn nothing_goes_unless_it_is_said() {
        assert_eq!(Config::default().service.retention, Retention::default());
        assert_eq!(Retention::default().shortest_ms(), None);
        let said = read("{ jobs = '30d', logs = '7d', jobs_per_user = 5 }").unwrap();
        assert_eq!(said.jobs, Some(Span::millis(30 * 86_400_000)));
        assert_eq!(said.shortest_ms(), Some(7 * 86_400_000));
        let bound = read("{ log_bytes_per_user = '1GiB' }").unwrap();
        assert_eq!(bound.shortest_ms(), Some(u64::MAX));
    }

    #[test]
    fn no_time_at_all_is_refused_with_its_place() {
        for table in ["{ jobs = '0s' }", "{ logs = '0d' }"] {
            let error = read(table).unwrap_err();
            assert!(
                error.contains("line 2") && error.contains("leave it out"),
                "{error}"
            );
        }
        assert!(
            read("{ job = '30d' }")
                .unwrap_err()
                .contains("mean `jobs`?")
        );
    }
}
