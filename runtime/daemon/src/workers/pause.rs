//! When a worker may be started in the place of one that died, so that deaths cannot follow each other without end.
//!
//! Time is an argument. Each user and sub-cluster has a row of deaths of its own; one attempt that ends well ends the row.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sublet_scheduler::{SubclusterId, UserId};

/// The pause after the first death of a row; each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// Rows of deaths, for each user and sub-cluster that has one.
#[derive(Debug, Default)]
pub(super) struct Pauses(HashMap<(UserId, SubclusterId), Row>);

#[derive(Clone, Copy, Debug)]
struct Row {
    deaths: u32,
    until: Instant,
}

impl Pauses {
    /// A worker died that nobody ended.
    pub(super) fn died(&mut self, place: (UserId, SubclusterId), now: Instant) {
        let deaths = self.0.get(&place).map_or(0, |row| row.deaths);
        let until = now + after(deaths);
        let deaths = deaths.saturating_add(1);
        self.0.insert(place, Row { deaths, until });
    }

    /// An attempt ended there and its worker lived.
    pub(super) fn ran_well(&mut self, place: (UserId, SubclusterId)) {
        self.0.remove(&place);
    }

    /// The instant before which no worker is to be started, if it has not come.
    pub(super) fn not_before(
        &self,
        place: (UserId, SubclusterId),
        now: Instant,
    ) -> Option<Instant> {
        let until = self.0.get(&place)?.until;
        (until > now).then_some(until)
    }

    /// Nothing runs there any more.
    pub(super) fn forget(&mut self, subcluster: SubclusterId) {
        self.0.retain(|(_, of), _| *of != subcluster);
    }
}

/// The pause after a death that so many came before.
fn after(deaths: u32) -> Duration {
    let factor = 1_u32.checked_shl(deaths).unwrap_or(u32::MAX);
    FIRST.saturating_mul(factor).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (UserId, SubclusterId) = (UserId(1), SubclusterId(1));
    const ELSEWHERE: (UserId, SubclusterId) = (UserId(1), SubclusterId(2));
    const ANOTHER: (UserId, SubclusterId) = (UserId(2), SubclusterId(1));

    #[test]
    fn each_death_of_a_row_doubles_the_pause_up_to_a_minute() {
        let mut pauses = Pauses::default();
        let mut now = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..40 {
            pauses.died(HERE, now);
            let until = pauses.not_before(HERE, now).unwrap();
            seconds.push((until - now).as_secs());
            now = until;
            assert_eq!(pauses.not_before(HERE, now), None, "its time has come");
        }
        assert_eq!(seconds[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(seconds.last(), Some(&60));
    }

    #[test]
    fn a_good_end_ends_the_row_and_rows_are_of_one_user_and_sub_cluster() {
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        pauses.died(HERE, now);
        pauses.died(HERE, now);
        for place in [ELSEWHERE, ANOTHER] {
            assert_eq!(pauses.not_before(place, now), None);
        }
        pauses.ran_well(HERE);
        assert_eq!(pauses.not_before(HERE, now), None);
        pauses.died(HERE, now);
        assert_eq!(pauses.not_before(HERE, now), Some(now + FIRST));
        pauses.forget(HERE.1);
        assert!(pauses.0.is_empty());
    }
}
