//! A batch becomes durable, and then visible.
//!
//! A full disk is not the end: what came in with the batch is refused, what happened is kept and tried again until there
//! is room, and until then nothing new is taken in.

use std::collections::HashSet;
use std::time::Instant;

use sublet_network::Addresses;
use sublet_scheduler::{AttemptId, Event, JobId, LossReason, Outcome, StopReason, UserId};
use sublet_store::{Error, Record};
use sublet_worker::fault;
use sublet_worker::protocol::{Ended, StopCause};

use super::batch::Effect;
use super::ending::{cancel_reason, unreported};
use super::held_back::{Obstacle, PAUSE, is_for_want_of_means};
use super::{Driver, NotKept};
use crate::broker::NicId;
use crate::events::Subject;
use crate::workers::{Start, StartError, WorkerId};

impl Driver {
    /// Commits what has come together and carries it out.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        // Carrying out may itself end attempts, such as one that cannot be started: those go into a further batch.
        while !self.batch.is_empty() {
            self.record_tallies();
            let subjects = match fault::PLANTED {
                true => self.batch.subjects(),
                false => Vec::new(),
            };
            fault::step_of("front", &subjects, "before-commit");
            let begun = Instant::now();
            match self.commit() {
                Ok(()) => {
                    self.metrics.committed(begun.elapsed());
                    fault::step_of("front", &subjects, "after-commit");
                    self.tell_who_watches();
                    self.carry_out();
                }
                Err(error) if error.is_disk_full() => {
                    self.wait_for_room(&error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        let failing = |source| Error::Files {
            doing: "write records",
            source,
        };
        fault::disk("front.disk.commit").map_err(failing)?;
        self.writer.commit(self.batch.gathered())
    }

    fn tell_who_watches(&mut self) {
        let (jobs, people) = (&self.jobs, &self.people);
        let records = self.batch.gathered();
        self.events.tell((self.now)(), records, |job| {
            let job = jobs.get(job)?;
            Some(Subject {
                user: job.user,
                user_name: people.name_of(job.user),
                public_id: &job.definition.public_id,
            })
        });
    }

    fn record_tallies(&mut self) {
        let at = (self.now)();
        for job in self.batch.take_touched() {
            if let Some(active) = self.jobs.get(job) {
                self.batch.record(Record::JobTally {
                    job,
                    tally: active.tally,
                    at,
                });
            }
        }
    }

    fn carry_out(&mut self) {
        if std::mem::take(&mut self.disk_full) {
            tracing::info!("the disk has room again, submissions are taken in");
        }
        let (effects, answers) = std::mem::take(&mut self.batch).into_effects();
        for effect in effects {
            match effect {
                Effect::Start(attempt) => self.start(attempt),
                Effect::Stop { attempt, reason } => self.stop(attempt, reason),
                Effect::Release(user, attempt, state) => {
                    self.chores.remove_directory(user, attempt, state);
                }
                Effect::RemoveEarlierArtifacts(attempt) => self.chores.remove_earlier(attempt),
                Effect::Finished(job) => self.job_finished(job),
            }
        }
        if !answers.is_empty() {
            fault::step("front.answer.before");
        }
        for answer in answers {
            answer(Ok(()));
        }
        self.workers.flush();
    }

    pub(super) fn start(&mut self, attempt: AttemptId) {
        if self.is_kept_back(attempt) {
            return;
        }
        let (Some(job), Some(live)) = (self.jobs.get(attempt.job), self.live.get(&attempt)) else {
            return;
        };
        let company = self.ledger.company_of(job.user, job.module);
        let place = (job.user, live.subcluster, company);
        if let Some(until) = self.workers.not_before(place, Instant::now()) {
            return self.held_back.hold(attempt, until, Obstacle::Deaths);
        }
        let (id, slot) = (&job.definition.public_id, live.slot);
        fault::note(|| format!("granted {} {slot} {id}", fault::named(attempt)));
        let prepared = self
            .chores
            .make_directory(job, attempt)
            .map_err(StartError::Directory);
        let (user, subcluster) = (job.user, live.subcluster);
        let begun = match prepared.and_then(|()| Ok(self.bind(attempt, job)?)) {
            Ok(nic) => {
                let start = Start { attempt, nic };
                let begun = self.workers.start(start, job, (subcluster, company));
                begun
                    .map(|worker| (worker, nic))
                    .map_err(|error| (error, nic))
            }
            Err(error) => Err((error, None)),
        };
        match begun {
            Ok(begun) => self.is_begun(user, attempt, begun),
            Err((error, nic)) => {
                self.unbind(user, nic);
                self.could_not_start(attempt, &error);
            }
        }
    }

    /// Before anything is sent: whoever looks for the attempt finds it from its first instruction on.
    fn is_begun(
        &mut self,
        user: UserId,
        attempt: AttemptId,
        (worker, nic): (WorkerId, Option<Addresses>),
    ) {
        if let Some(live) = self.live.get_mut(&attempt) {
            (live.worker, live.nic) = (Some(worker), nic);
            live.begun = Some(Instant::now());
        }
        if let Some(Addresses { v4, .. }) = nic
            && let Some(speaker) = self.workers.speaker(worker)
        {
            self.broker.place(NicId { user, v4 }, worker, speaker);
        }
    }

    fn could_not_start(&mut self, attempt: AttemptId, error: &StartError) {
        if is_for_want_of_means(error) {
            if self.held_back.is_empty() {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "the host has no means to start attempts now, they wait: see `sublet doctor` for the limits of this server"
                );
            }
            let until = Instant::now() + PAUSE;
            return self.held_back.hold(attempt, until, Obstacle::Means);
        }
        tracing::error!(%attempt, error = error as &dyn std::error::Error, "an attempt cannot be started");
        let ended = unreported(attempt, Outcome::Lost(LossReason::Setup), (self.now)());
        self.ended(Ended {
            detail: Some(error.to_string()),
            ..ended
        });
    }

    fn stop(&mut self, attempt: AttemptId, reason: StopReason) {
        let Some(live) = self.live.get(&attempt) else {
            return;
        };
        if live.is_over {
            return;
        }
        match live.worker {
            Some(worker) if !self.workers.take_back(worker, attempt) => {
                self.stop_running(worker, attempt, reason);
            }
            // It had not come to its worker yet.
            Some(_) | None => {
                let reason = cancel_reason(reason);
                self.ended(unreported(
                    attempt,
                    Outcome::Cancelled(reason),
                    (self.now)(),
                ));
            }
        }
    }

    fn stop_running(&mut self, worker: WorkerId, attempt: AttemptId, reason: StopReason) {
        let cause = match reason {
            StopReason::Cancel => StopCause::Cancel,
            StopReason::Shutdown => StopCause::Shutdown,
            StopReason::Drain => StopCause::Drain,
            StopReason::Preempt => StopCause::Preempt,
        };
        self.workers.stop(worker, attempt, cause);
        self.expect_stop(attempt);
    }

    fn wait_for_room(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.disk_full, true) {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the disk is full, submissions are refused"
            );
        }
        let never_were = self.batch.give_up_waiting(NotKept::DiskFull);
        self.withdraw(&never_were);
        // To end something needs no room, and may be what makes some.
        for effect in self.batch.take_stops() {
            if let Effect::Stop { attempt, reason } = effect {
                self.stop(attempt, reason);
            }
        }
        self.workers.flush();
    }

    fn withdraw(&mut self, never_were: &HashSet<JobId>) {
        self.live
            .retain(|attempt, _| !never_were.contains(&attempt.job));
        for &job in never_were {
            self.jobs.remove(job);
            self.happened(Event::Withdrawn(job));
        }
    }
}
