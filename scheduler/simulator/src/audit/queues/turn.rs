//! F2 and F3: whose turn it is, by what follows from it.
//!
//! **F3.** Whoever starts a task has, before it, no larger a share over weight than anybody who waits there and could have
//! had the slot. So without its last task nobody is above anybody who had work all along, wherever each of them started
//! last: two of them differ by at most one largest task.
//!
//! **F2, within a user.** Who has waited for as long as it takes to be aged starts before every younger job of its user.
//!
//! **F2, between users.** Somebody who holds nothing is passed only by others who hold nothing, and who have had no more
//! of the pool: each of them until it has had as much, and then for one run. With `r` the longest that a slot was held,
//! `s` slots, and `l` what the one who waits has had beyond the one of least, in time of a slot, that one waits at most
//! `r + Σ (l × weight + r) / s` over those who pass: `⌈n / s⌉ × r` when all have had the same. Nobody is passed after that.
//! It is counted from when the wait, the empty hands, or the nodes as they are began, whichever was last. Gangs hold slots
//! free while they wait, so nothing is said while there are any.

use sublet_scheduler::{JobId, SubclusterId, UnixMillis, UserId};

use super::{Queue, Queues, Sight, Singles};
use crate::audit::nodes::Nodes;
use crate::audit::users::{Mark, Users};
use crate::audit::{Checked, ensure};

/// A millisecond in which things happen counts as a whole one.
const ROUNDING_MS: u128 = 1;

/// A task that is about to start.
#[derive(Clone, Copy, Debug)]
pub(in crate::audit) struct Turn {
    pub(in crate::audit) now: UnixMillis,
    pub(in crate::audit) subcluster: SubclusterId,
    pub(in crate::audit) job: JobId,
    pub(in crate::audit) user: UserId,
    /// When its job came in.
    pub(in crate::audit) since: UnixMillis,
    pub(in crate::audit) timeout_ms: u64,
    pub(in crate::audit) is_of_gang: bool,
}

impl Queues {
    /// Whether it is the task's turn. A gang may have its reservation since it was another's turn.
    pub(in crate::audit) fn check_turn(&mut self, turn: &Turn, sight: Sight<'_>) -> Checked {
        let Sight {
            aging_ms,
            nodes,
            users,
            ..
        } = sight;
        let queue = self.queue(turn.subcluster);
        queue.served.insert(turn.user, turn.now);
        if turn.is_of_gang {
            queue.gang_served = Some(turn.now);
            return Ok(());
        }
        queue.check_elders(turn, aging_ms)?;
        queue.check_shares(turn, nodes, users)?;
        let waited_percent = queue.check_waits(turn, nodes, users)?;
        self.turns_checked += 1;
        self.waited_percent = self.waited_percent.max(waited_percent);
        Ok(())
    }
}

impl Queue {
    /// Whether somebody with such a timeout could have been started in place of the task. While a gang waits, who takes
    /// longer may have to let it pass.
    fn could_go(&self, turn: &Turn, timeout_ms: u64) -> bool {
        self.gangs.is_empty() || timeout_ms <= turn.timeout_ms
    }

    fn check_elders(&self, turn: &Turn, aging_ms: u64) -> Checked {
        let own = self.single.get(&turn.user);
        let oldest = own.and_then(|own| own.jobs.first_key_value());
        let Some((&(since, job), &timeout_ms)) = oldest else {
            return Ok(());
        };
        let is_aged = since.plus(aging_ms) <= turn.now;
        let is_older = (since, job) < (turn.since, turn.job);
        ensure(
            !is_aged || !is_older || !self.could_go(turn, timeout_ms),
            "F2",
            || format!("{turn:?} starts before {job:?}, which has waited since {since:?}"),
        )
    }

    fn check_shares(&self, turn: &Turn, nodes: &Nodes, users: &Users) -> Checked {
        let shape = nodes.shape(turn.subcluster);
        let share = users.share(turn.user);
        let has_less = |user: UserId, singles: &Singles| {
            let shortest = singles.timeouts.first().map(|&(timeout_ms, _)| timeout_ms);
            share.is_above(users.share(user))
                && users.room(user, shape) > 0
                && shortest.is_some_and(|shortest| self.could_go(turn, shortest))
        };
        let mut waiting = self.single.iter();
        let passed = waiting.find(|(user, singles)| has_less(**user, singles));
        ensure(passed.is_none(), "F3", || {
            format!("{turn:?} starts with {share:?}, while somebody has less: {passed:?}")
        })
    }

    /// Answers how much of the bound was waited, at most, beyond one run.
    fn check_waits(
        &self,
        turn: &Turn,
        nodes: &Nodes,
        users: &Users,
    ) -> Result<u64, crate::Violation> {
        let mut longest_percent = 0;
        if !self.gangs.is_empty() {
            return Ok(longest_percent);
        }
        let shape = nodes.shape(turn.subcluster);
        let holds = nodes.holds(turn.subcluster);
        let run_ms = holds.map_or(0, |holds| holds.longest_ms(turn.now));
        for (&user, singles) in &self.single {
            let Some(empty_since) = users.empty_since(user) else {
                continue;
            };
            let since = Mark::latest([singles.since, empty_since, self.disturbed]);
            let waited_ms = turn.now.0.saturating_sub(since.at.0);
            let may_wait = user == turn.user || users.room(user, shape) == 0;
            let had_gangs = self.gang_served.is_some_and(|at| at >= since.at);
            if may_wait || had_gangs || waited_ms <= run_ms {
                continue;
            }
            let lead_ms = users.lead_ms(user, since, shape);
            let taken_ms = self.taken_ms(since, lead_ms, u128::from(run_ms), users);
            let slots = u128::from(nodes.slots(turn.subcluster).max(1));
            let bound_ms = u128::from(run_ms) + taken_ms.div_ceil(slots) + ROUNDING_MS;
            let percent = u128::from(waited_ms) * 100 / bound_ms;
            ensure(u128::from(waited_ms) <= bound_ms, "F2", || {
                format!("{user:?} waits for {waited_ms} ms of {bound_ms} ms, and {turn:?} starts")
            })?;
            longest_percent = longest_percent.max(u64::try_from(percent).unwrap_or(u64::MAX));
        }
        Ok(longest_percent)
    }

    /// The time that those who passed since then may have had slots, all slots together.
    fn taken_ms(&self, since: Mark, lead_ms: u128, run_ms: u128, users: &Users) -> u128 {
        let passed = self.served.iter().filter(|(_, at)| **at >= since.at);
        let may_take = passed.map(|(&user, _)| lead_ms * u128::from(users.weight(user)) + run_ms);
        may_take.sum()
    }
}
