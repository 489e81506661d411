//! Crashes and repeated messages (M2): a run in which the server is killed at some steps, or in which every word of a
//! worker comes twice, against the same run in which nothing of that happens.

use std::collections::BTreeMap;

use sublet_scheduler::{Action, AttemptId, Event, JobId, Next, Outcome, Restart, Scheduler};

use super::owner::Owner;
use super::{Failure, Run, Setting};
use crate::Violation;
use crate::audit::{Checked, ensure};
use crate::random::Random;
use crate::report::Holding;

/// What befalls the server itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Each end and each return of an attempt is told twice.
    Twice,
    /// It is killed after these steps, and starts again at once from what was recorded.
    Crashes(Vec<u64>),
}

/// How each task ended: with which attempt, and how often the server was killed under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    tasks: BTreeMap<(JobId, u32), End>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct End {
    outcome: Option<Outcome>,
    attempts: u32,
    interruptions: u32,
}

impl Ends {
    pub(super) fn keep(&mut self, action: &Action) {
        if let Action::Finish {
            attempt,
            outcome,
            next: Next::Settled,
        } = action
        {
            let end = self.tasks.entry((attempt.job, attempt.task)).or_default();
            (end.outcome, end.attempts) = (Some(*outcome), attempt.number);
        }
    }

    fn interrupted(&mut self, attempt: AttemptId) {
        let end = self.tasks.entry((attempt.job, attempt.task)).or_default();
        end.interruptions += 1;
    }

    /// Whether each task ended as in the run where nothing happened to the server, with as many more attempts as were
    /// interrupted. One that was interrupted too often may be given up instead.
    fn compare(&self, calm: &Self) -> Checked {
        ensure(self.tasks.len() == calm.tasks.len(), "M2", || {
            format!("{} tasks ended, not {}", self.tasks.len(), calm.tasks.len())
        })?;
        for (task, end) in &self.tasks {
            let expected = calm.tasks.get(task).copied().unwrap_or_default();
            let as_expected = end.outcome == expected.outcome
                && end.attempts == expected.attempts + end.interruptions;
            let may_be_lost = end.interruptions >= Restart::LOSSES_IN_A_ROW_MAX
                && matches!(end.outcome, Some(Outcome::Lost(_)));
            ensure(as_expected || may_be_lost, "M2", || {
                format!("{task:?} ended as {end:?}, and without a crash as {expected:?}")
            })?;
        }
        Ok(())
    }
}

impl Setting {
    /// Plays the load with so many crashes, at steps that its seed draws, and once without any: every task ends as it would
    /// have. Answers how many attempts the crashes interrupted. How the load's tasks end must not hang on when they run,
    /// and none of them may start only once.
    ///
    /// # Errors
    /// The first invariant that was broken, or the first task that ended in another way.
    pub fn survives(&self, crashes: u64) -> Result<u64, Box<Failure>> {
        let calm = Self {
            fault: None,
            trouble: Trouble::None,
            ..self.clone()
        };
        let (steps, calm) = calm.ends()?;
        let mut random = Random::of(self.seed, crashes);
        let mut at: Vec<u64> = (0..crashes).map(|_| 1 + random.below(steps)).collect();
        at.sort_unstable();
        let killed = Self {
            trouble: Trouble::Crashes(at),
            ..self.clone()
        };
        let (steps, ends) = killed.ends()?;
        let compared = ends.compare(&calm);
        compared.map_err(|violation| Box::new(Failure::at_end(killed, violation, steps)))?;
        let interruptions = ends.tasks.values().map(|end| u64::from(end.interruptions));
        Ok(interruptions.sum())
    }

    /// Plays the load, and answers after how many steps it was over and how each task ended.
    fn ends(&self) -> Result<(u64, Ends), Box<Failure>> {
        let mut run = Run::new(self, None);
        run.owner.ends = Some(Ends::default());
        match run.play() {
            Ok(()) => Ok((run.owner.steps, run.owner.ends.take().unwrap_or_default())),
            Err(violation) => Err(Box::new(run.failure(violation))),
        }
    }
}

impl Run<'_> {
    /// Kills the server when it is time to.
    pub(super) fn crash_when_due(&mut self) -> Checked {
        let Trouble::Crashes(steps) = &self.setting.trouble else {
            return Ok(());
        };
        let due = steps.get(self.crashes);
        if due.is_none_or(|step| self.owner.steps < *step) {
            return Ok(());
        }
        self.crashes += 1;
        self.owner.crash(self.setting.moves_per_minute_max())
    }
}

impl Owner {
    /// The server is killed, and all that runs with it. The next one is told what was recorded.
    fn crash(&mut self, moves_per_minute_max: u32) -> Checked {
        self.scheduler = Scheduler::new(self.config);
        self.calendar.forget_attempts();
        (self.wake, self.now_us) = (None, self.now_us);
        for (attempt, holder) in std::mem::take(&mut self.attempts) {
            let returned = Holding::Returned(holder.amount);
            self.recorder.holds(holder.user, returned);
            if let Some(ends) = self.ends.as_mut().filter(|_| holder.runs()) {
                ends.interrupted(attempt);
            }
        }
        self.recorder.restarted();
        self.auditor.restart(self.now());
        for event in self.records.ground() {
            let is_rules = matches!(event, Event::RulesChanged(_));
            self.tell(event)?;
            if is_rules {
                self.learn(moves_per_minute_max);
            }
        }
        for event in self.records.unfinished() {
            self.tell(event)?;
        }
        Ok(())
    }

    /// The same word again: nothing follows.
    pub(super) fn tell_again(&mut self, event: &Event) -> Checked {
        let mut actions = Vec::new();
        self.scheduler
            .handle(self.now(), event.clone(), &mut actions);
        if actions.is_empty() {
            return Ok(());
        }
        Err(Violation {
            invariant: "M2",
            message: format!("{event:?} came twice, and then {actions:?}"),
        })
    }
}
