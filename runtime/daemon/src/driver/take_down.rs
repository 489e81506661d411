//! The scheduler's decisions become records and effects. Nothing here is seen outside: that waits for the commit.

use std::collections::VecDeque;

use sublet_scheduler::{
    Action, AttemptId, Event, JobId, Next, Outcome, TaskRange, UnixMillis, Usage,
};
use sublet_store::{FinishedAttempt, Record};
use sublet_worker::protocol::Ended;

use super::batch::Effect;
use super::{Driver, Live};

impl Driver {
    /// Tells the scheduler, and takes down everything that follows, to the end.
    pub(super) fn happened(&mut self, event: Event) {
        let now = (self.now)();
        let mut events = VecDeque::from([event]);
        let mut actions = Vec::new();
        while let Some(event) = events.pop_front() {
            self.scheduler.handle(now, event, &mut actions);
            for action in actions.drain(..) {
                events.extend(self.take_down(now, action));
            }
        }
    }

    /// An action that is over as soon as it is taken down answers with its event.
    fn take_down(&mut self, now: UnixMillis, action: Action) -> Option<Event> {
        match action {
            Action::Start {
                attempt,
                slot,
                subcluster,
            } => {
                self.live.insert(
                    attempt,
                    Live {
                        slot,
                        subcluster,
                        worker: None,
                        stopped: None,
                    },
                );
                self.batch.record_start(attempt, now);
                self.batch.then(Effect::Start(attempt));
            }
            Action::Stop { attempt, reason } => {
                if let Some(live) = self.live.get_mut(&attempt) {
                    live.stopped = Some(reason);
                }
                self.batch.then(Effect::Stop { attempt, reason });
            }
            Action::Finish {
                attempt,
                outcome,
                next,
            } => self.finish(now, attempt, outcome, next),
            Action::Reclaim { attempt, slot: _ } => return self.release(attempt),
            Action::CancelWaiting { job, tasks } => self.cancel_waiting(now, job, tasks),
            Action::JobFinished(job) => {
                self.batch.record(Record::JobFinished { job, at: now });
                self.batch.then(Effect::Finished(job));
            }
            Action::WakeAt(at) => self.wake_at = Some(at),
        }
        None
    }

    fn finish(&mut self, now: UnixMillis, attempt: AttemptId, outcome: Outcome, next: Next) {
        let ended = self.ends.remove(&attempt);
        if let Some(job) = self.jobs.get_mut(attempt.job) {
            job.add_usage(&ended.as_ref().map(|ended| ended.usage).unwrap_or_default());
            if next == Next::Settled {
                job.count(outcome);
                self.batch.touch(attempt.job);
            }
        }
        let slot = self.live.get(&attempt).map(|live| live.slot);
        let (started_at, ended_at, usage, detail) = reported(now, ended);
        self.batch.record(Record::AttemptFinished(FinishedAttempt {
            attempt,
            started_at,
            ended_at,
            outcome,
            detail,
            usage,
            slot,
            next,
        }));
    }

    /// Only a directory takes time to release; without one the slot is free at once.
    fn release(&mut self, attempt: AttemptId) -> Option<Event> {
        self.live.remove(&attempt);
        match self.jobs.get(attempt.job) {
            Some(job) if job.has_directories() => {
                self.batch.then(Effect::Release(job.user, attempt));
                None
            }
            Some(_) | None => Some(Event::Reclaimed(attempt)),
        }
    }

    fn cancel_waiting(&mut self, now: UnixMillis, job: JobId, tasks: Vec<TaskRange>) {
        if let Some(active) = self.jobs.get_mut(job) {
            let count: u32 = tasks
                .iter()
                .map(|range| range.end() - range.start() + 1)
                .sum();
            active.tally.cancelled += count;
            self.batch.touch(job);
        }
        self.batch.record(Record::TasksCancelled {
            job,
            tasks,
            at: now,
        });
    }
}

/// What a worker reported of an end. An attempt of a former server has no report, and ends now.
fn reported(
    now: UnixMillis,
    ended: Option<Ended>,
) -> (Option<UnixMillis>, UnixMillis, Usage, Option<String>) {
    match ended {
        Some(ended) => (
            ended.started_at_ms.map(UnixMillis),
            UnixMillis(ended.ended_at_ms),
            ended.usage,
            ended.detail,
        ),
        None => (None, now, Usage::default(), None),
    }
}
