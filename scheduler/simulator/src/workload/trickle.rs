//! The steady work of honest users, beside which bursts and adversaries are watched.

use std::ops::Range;

use sublet_scheduler::UserId;

use super::{Act, Deed, Deeds, Runs, SECOND_US, Submission};
use crate::random::{Random, whole};
use crate::world::amount;

/// How long a task runs on average.
pub(super) const MEAN_RUN_US: u64 = SECOND_US / 5;

/// `jobs` jobs of one task each, of the users in turn, with gaps that know nothing of each other.
pub(super) fn trickle(seed: u64, users: Range<u64>, jobs: u64, gap_us: f64) -> Deeds {
    let mut random = Random::of(seed, 1_000);
    let mut at_us = 0.0;
    Box::new((0..jobs).map(move |number| {
        at_us += random.exponential(gap_us);
        let user = users.start + number % (users.end - users.start);
        Deed {
            at_us: whole(at_us),
            act: Act::Submit(job(&mut random, user)),
        }
    }))
}

fn job(random: &mut Random, user: u64) -> Submission {
    let mut job = Submission::plain(user, "steady", amount(250, 128));
    let run_us = whole(random.exponential(MEAN_RUN_US as f64));
    job.user = UserId(user);
    job.runs = Runs::Equal(run_us.clamp(1, 20 * SECOND_US));
    job.module = random.below_u32(20);
    job
}
