//! Bursts: one user hands in up to 100,000 mice at one instant, a third into the time of the others' steady trickle.
//! [`trickle_of`] is the same load without the burst, to compare with.

use super::{Act, Deed, Deeds, Room, Runs, Scale, Submission, Workload, honest, merge, trickle};
use crate::world::amount;

/// Who bursts; the others follow.
const BURSTING: u64 = 0;
const OTHERS: std::ops::Range<u64> = 1..7;
/// The burst comes as this many arrays, or as a hundredth of all jobs if that is less.
const ARRAYS_MAX: u64 = 100;
const MICE_PER_ARRAY: u32 = 1_000;
const MOUSE_US: u64 = 2_000;

pub(super) fn workload(seed: u64, scale: Scale, room: Room) -> Workload {
    let mut workload = trickle_in(seed, scale, room);
    let at_us = at_us(scale, room);
    let mice = (0..arrays(scale)).map(move |array| Deed {
        at_us,
        act: Act::Submit(mice(seed, array)),
    });
    let mice: Deeds = Box::new(mice);
    workload.deeds = merge(vec![workload.deeds, mice]);
    workload
}

/// The load of a seed without its burst. The user who would burst is there and does nothing.
#[must_use]
pub fn trickle_of(seed: u64, scale: Scale) -> Workload {
    trickle_in(seed, scale, Room::of_world(scale.hosts))
}

/// The same on a pool with these slots.
#[must_use]
pub fn trickle_in(seed: u64, scale: Scale, room: Room) -> Workload {
    let jobs = scale.jobs - arrays(scale);
    Workload {
        customers: honest("user", BURSTING..OTHERS.end),
        deeds: trickle::trickle(seed, OTHERS, jobs, gap_us(scale, room)),
    }
}

/// The user who bursts.
#[must_use]
pub const fn bursting() -> sublet_scheduler::UserId {
    sublet_scheduler::UserId(BURSTING)
}

fn arrays(scale: Scale) -> u64 {
    ARRAYS_MAX.min(scale.jobs / 100)
}

fn gap_us(scale: Scale, room: Room) -> f64 {
    scale.gap_us(trickle::MEAN_RUN_US as f64, room.short, 0.0)
}

fn at_us(scale: Scale, room: Room) -> u64 {
    crate::random::whole(gap_us(scale, room) * scale.jobs as f64 / 3.0)
}

fn mice(seed: u64, array: u64) -> Submission {
    let mut job = Submission::plain(BURSTING, "mice", amount(250, 64));
    job.tasks = MICE_PER_ARRAY;
    job.timeout_ms = 1_000;
    job.runs = Runs::Around {
        mean_us: MOUSE_US,
        seed: seed ^ array,
    };
    job
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{at_us, bursting, gap_us, trickle_of};
    use crate::workload::{Act, Kind, Room, Scale};

    const SCALE: Scale = Scale {
        jobs: 20_000,
        hosts: 8,
        load_percent: 70,
    };

    fn room() -> Room {
        Room::of_world(SCALE.hosts)
    }

    #[test]
    fn w4_one_user_submits_a_hundred_thousand_mice_at_once() {
        let mut mice: BTreeMap<u64, u64> = BTreeMap::new();
        for deed in Kind::Bursts.workload(1, SCALE).deeds {
            if let Act::Submit(job) = deed.act
                && job.user == bursting()
            {
                *mice.entry(deed.at_us).or_default() += u64::from(job.tasks);
            }
        }
        assert_eq!(mice, BTreeMap::from([(at_us(SCALE, room()), 100_000)]));
    }

    #[test]
    fn w4_the_others_are_steady_and_the_same_with_and_without_the_burst() {
        let of_others = |act: &Act| matches!(act, Act::Submit(job) if job.user != bursting());
        let with = Kind::Bursts.workload(1, SCALE).deeds;
        let with: Vec<_> = with.filter(|deed| of_others(&deed.act)).collect();
        let without: Vec<_> = trickle_of(1, SCALE).deeds.collect();
        assert_eq!(with, without);
        let tenth = gap_us(SCALE, room()) * SCALE.jobs as f64 / 10.0;
        let mut tenths = [0_u64; 10];
        for deed in &without {
            let at = crate::random::whole((deed.at_us as f64 / tenth).floor());
            tenths[usize::try_from(at.min(9)).unwrap()] += 1;
        }
        let expected = SCALE.jobs / 10;
        assert!(
            tenths
                .iter()
                .all(|&jobs| jobs.abs_diff(expected) < expected / 5),
            "{tenths:?}"
        );
    }
}
