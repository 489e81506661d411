//! The scheduler's decisions become records and effects. Nothing here is seen outside: that waits for the commit.

use std::collections::VecDeque;

use sublet_scheduler::{
    Action, AttemptId, CancelReason, Event, JobId, Next, NodeMove, NodeState, Outcome, Routing,
    TaskRange, UnixMillis, Usage,
};
use sublet_store::{
    FinishedAttempt, GivenUp, Membership, Place, Progress, Record, RoutedJob, StoredNic, Told,
};
use sublet_worker::fault;
use sublet_worker::protocol::Ended;

use super::batch::{Effect, StateAfter};
use super::{Driver, Live};
use crate::convert;

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
                        begun: None,
                        stopped: None,
                        is_over: false,
                        nic: None,
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
            Action::CancelWaiting { job, tasks, reason } => {
                if let Some(why) = given_up(reason) {
                    self.batch.record(Record::JobGivenUp { job, why });
                }
                self.cancel_waiting(now, job, tasks);
            }
            Action::Routed { job, routing } => self.routed(now, job, routing),
            Action::NodeMoved(moved) => self.node_moved(now, &moved),
            Action::SubclusterGone(subcluster) => self.workers.close(subcluster),
            Action::JobFinished(job) => {
                self.batch.record(Record::JobFinished { job, at: now });
                self.batch.then(Effect::Finished(job));
            }
            Action::WakeAt(at) => self.wake_at = Some(at),
        }
        None
    }

    /// One that no sub-cluster takes any more keeps its last record: where it waits now is nowhere.
    fn routed(&mut self, now: UnixMillis, job: JobId, routing: Option<Routing>) {
        let Some(routing) = routing else { return };
        let name = self.scheduler.subcluster_name(routing.subcluster);
        let decided = convert::routed_by(&routing.by, self.ground.version());
        let decided = serde_json::to_string(&decided).unwrap_or_default();
        let considered: Vec<String> = routing.considered.iter().map(ToString::to_string).collect();
        self.batch.record(Record::JobRouted(RoutedJob {
            job,
            subcluster: name.unwrap_or_default().to_owned(),
            routed_by: decided,
            considered: considered.join("\n"),
            at: now,
        }));
    }

    fn node_moved(&mut self, now: UnixMillis, moved: &NodeMove) {
        let subcluster = match moved.to {
            NodeState::In(id) | NodeState::Draining(id) => {
                self.scheduler.subcluster_name(id).map(str::to_owned)
            }
            NodeState::Unassigned | NodeState::Down => None,
        };
        self.batch.record(Record::NodeMoved(Membership {
            node: moved.node,
            state: convert::standing(moved.to),
            subcluster,
            cause: convert::move_cause(&moved.cause),
            rule_set: self.ground.version(),
            since: now,
        }));
    }

    fn finish(&mut self, now: UnixMillis, attempt: AttemptId, outcome: Outcome, next: Next) {
        self.metrics.ended(outcome);
        let mut ended = self.ends.remove(&attempt);
        if let Some(job) = self.jobs.get_mut(attempt.job) {
            job.add_usage(&ended.as_ref().map(|ended| ended.usage).unwrap_or_default());
            if next == Next::Settled {
                job.count(outcome);
                self.batch.touch(attempt.job);
            }
        }
        let live = self.live.get(&attempt).copied();
        let slot = live.map(|live| live.slot);
        let place = live.and_then(|live| self.place_of(live));
        let nic = self.stored_nic(attempt, ended.as_mut());
        self.record_told(attempt, ended.as_mut());
        let (started_at, ended_at, usage, detail) = reported(now, ended);
        if next == Next::Settled {
            self.settled.insert(attempt);
        }
        self.batch.record(Record::AttemptFinished(FinishedAttempt {
            attempt,
            started_at,
            ended_at,
            outcome,
            detail,
            usage,
            slot,
            place,
            next,
            nic,
        }));
    }

    /// What the attempt said of itself last.
    fn record_told(&mut self, attempt: AttemptId, ended: Option<&mut Ended>) {
        let said = self.progress.remove(&attempt);
        let (progress, summary) = match ended {
            Some(ended) => (ended.progress.take().or(said), ended.summary.take()),
            // Of one whose worker died it is known how far it had said it was.
            None => (said, None),
        };
        let told = Told {
            progress: progress.map(|progress| Progress {
                millionths: progress.millionths,
                message: progress.message,
            }),
            summary,
        };
        if !told.is_nothing() {
            self.batch.record(Record::AttemptTold { attempt, told });
        }
    }

    /// The nic that the attempt had, and what it was denied there.
    fn stored_nic(&self, attempt: AttemptId, ended: Option<&mut Ended>) -> Option<StoredNic> {
        let nic = self.live.get(&attempt)?.nic?;
        let user = self.jobs.get(attempt.job)?.user;
        Some(StoredNic {
            number: self.number_of(user, nic)?,
            denied: ended
                .map(|ended| std::mem::take(&mut ended.denied))
                .unwrap_or_default(),
        })
    }

    fn place_of(&self, live: Live) -> Option<Place> {
        Some(Place {
            subcluster: self.scheduler.subcluster_name(live.subcluster)?.to_owned(),
            node: self.ground.name(live.slot.node)?.to_owned(),
        })
    }

    /// The nic goes first. Only a directory takes time to release; without one the slot is free at once.
    fn release(&mut self, attempt: AttemptId) -> Option<Event> {
        fault::step("front.release.before");
        let state = match self.settled.remove(&attempt) {
            true => StateAfter::Goes,
            false => StateAfter::Stays,
        };
        let nic = self.live.remove(&attempt).and_then(|live| live.nic);
        if let Some(job) = self.jobs.get(attempt.job) {
            self.unbind(job.user, nic);
        }
        match self.jobs.get(attempt.job) {
            Some(job) if job.has_directories() => {
                self.batch.then(Effect::Release(job.user, attempt, state));
                None
            }
            Some(_) | None => {
                fault::note(|| format!("released {}", fault::named(attempt)));
                Some(Event::Reclaimed(attempt))
            }
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

/// The reasons for which the tasks of a job do not start without anybody having asked.
const fn given_up(reason: CancelReason) -> Option<GivenUp> {
    match reason {
        CancelReason::Dependency => Some(GivenUp::Dependency),
        CancelReason::Quarantine => Some(GivenUp::Quarantine),
        CancelReason::Asked
        | CancelReason::Shutdown
        | CancelReason::Drained
        | CancelReason::Preempted => None,
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
