//! The owner carries out what the scheduler decided: what follows by itself is noted in the calendar, and what people want
//! to know in the report.

use sublet_scheduler::{Action, AttemptId, NodeState, StopReason, SubclusterId};

use super::calendar::Happening;
use super::course::{course, told_to_stop};
use super::owner::{Holder, Owner, Phase};
use super::words;
use crate::report::{Holding, Membership, Recorder};

/// From the word to start to the first instruction, from the end to the return of the slot, and from the word to stop to
/// the end, in microseconds.
const START_US: u64 = 50;
const RETURN_US: u64 = 100;
const STOP_US: u64 = 1_000;

impl Owner {
    pub(super) fn carry_out(&mut self, action: Action) {
        match action {
            Action::Start {
                attempt,
                subcluster,
                ..
            } => self.start(attempt, subcluster),
            Action::Stop { attempt, reason } => self.stop(attempt, reason),
            Action::Finish { outcome, .. } => {
                Recorder::count(&mut self.recorder.counts().endings, words::outcome(outcome));
            }
            Action::Reclaim { attempt, .. } => self
                .calendar
                .note(self.now_us + RETURN_US, Happening::Returns(attempt)),
            Action::CancelWaiting { tasks, .. } => {
                let count: u64 = tasks
                    .iter()
                    .map(|range| u64::from(range.end() - range.start()) + 1)
                    .sum();
                self.recorder.counts().cancelled_waiting += count;
            }
            Action::JobFinished(job) => {
                let alive = self.jobs.remove(&job);
                let user = alive.and_then(|alive| self.users.get(&alive.submission.user).copied());
                self.recorder
                    .finished(user.expect("a job that is finished was handed in by a customer"));
            }
            Action::NodeMoved(moved) => {
                Recorder::count(&mut self.recorder.counts().moves, words::movement(&moved));
                let (from, to) = (self.membership(moved.from), self.membership(moved.to));
                self.recorder.moved(from, to);
            }
            Action::WakeAt(at) => self.wake = Some(at),
            Action::Routed { .. } | Action::SubclusterGone(_) => {}
        }
    }

    fn start(&mut self, id: AttemptId, subcluster: SubclusterId) {
        let Some(alive) = self.jobs.get(&id.job) else {
            return;
        };
        let submission = &alive.submission;
        let user = self.users.get(&submission.user).copied();
        let user = user.expect("who submits is a customer of the workload");
        let amount = self.auditor.shape(subcluster);
        let (run_us, outcome) = course(submission, id);
        self.recorder.counts().starts += 1;
        if self.auditor.is_passed_by(subcluster, id.job) {
            self.recorder.counts().backfills += 1;
        }
        if id.number == 1 {
            let place = self.place(subcluster);
            let waited_us = self.now_us - alive.since_us;
            self.recorder
                .waited(user, submission.class, place, waited_us);
        }
        self.recorder.holds(user, Holding::Granted(amount));
        let phase = Phase::Runs;
        self.attempts.insert(
            id,
            Holder {
                amount,
                user,
                phase,
            },
        );
        let starts_us = self.now_us + START_US;
        self.calendar.note(starts_us, Happening::Starts(id));
        self.calendar
            .note(starts_us + run_us, Happening::Ends(id, outcome));
    }

    fn stop(&mut self, attempt: AttemptId, reason: StopReason) {
        Recorder::count(&mut self.recorder.counts().stops, words::stop(reason));
        let end = Happening::Ends(attempt, told_to_stop(reason));
        self.calendar.note(self.now_us + STOP_US, end);
    }

    fn membership(&self, state: NodeState) -> Membership {
        match state {
            NodeState::In(subcluster) => Membership::In(self.place(subcluster)),
            NodeState::Unassigned => Membership::Unassigned,
            NodeState::Draining(_) => Membership::Draining,
            NodeState::Down => Membership::Down,
        }
    }

    fn place(&self, subcluster: SubclusterId) -> usize {
        let place = self.subclusters.iter().position(|id| *id == subcluster);
        place.expect("the sub-clusters of a run stay the same")
    }
}
