//! Commands become events. Each command is a method here, in the order of their enum.

use std::time::Instant;

use sublet_scheduler::{AttemptId, Event, JobId, LossReason, Outcome, Usage};
use sublet_store::{Audited, Record};
use sublet_worker::fault;
use sublet_worker::protocol::Ended;

use super::blame::Harm;
use super::ending::{cancel_reason, unreported};
use super::{Answer, Command, Driver, NotKept, Report, Ruling, reply};
use crate::workers::WorkerId;

impl Driver {
    #[expect(
        clippy::too_many_lines,
        reason = "the one table of commands has a few lines for each"
    )]
    pub(super) fn obey(&mut self, command: Command) {
        let Some(command) = self.may_be_obeyed(command) else {
            return;
        };
        match command {
            Command::Submit(submission, answer) => self.submit(*submission, answer),
            Command::Rule(ruling, audited, answer) => self.go_by(*ruling, audited, answer),
            Command::Consider(submission, answer) => reply(answer, self.would_go(*submission)),
            Command::Cancel { job, task, answer } => self.cancel(job, task, answer),
            Command::Retry { job, tasks, answer } => self.retry(job, tasks, answer),
            Command::DeleteModule {
                user,
                module,
                answer,
            } => self.delete_module(user, module, answer),
            Command::ReleaseModule {
                user,
                name,
                module,
                who,
                answer,
            } => {
                let done = self.release_module((user, &name), module, who);
                reply(answer, done);
            }
            Command::CompileKilled { user, module } => {
                self.blame(user, module, Harm::CompileKill);
            }
            Command::Apply(change, answer) => self.apply(*change, answer),
            Command::Wish { wish, who, answer } => self.wish(&wish, who, answer),
            Command::SetPolicy {
                user,
                name,
                allow,
                who,
                answer,
            } => {
                let done = self.set_policy(user, name, allow, who);
                reply(answer, done);
            }
            Command::ChangePeople {
                change,
                who,
                answer,
            } => {
                let done = self.change_people(*change, who);
                reply(answer, done);
            }
            Command::Note(_) if self.disk_full => {
                tracing::warn!("the disk is full: a refusal is not written down");
            }
            Command::Note(audited) => self.batch.record_aside(vec![Record::Audited(audited)]),
            Command::HostFacts {
                load_millis,
                is_healthy,
            } => self.host_facts(load_millis, is_healthy),
            Command::Keep(_, answer) if self.disk_full => reply(answer, Err(NotKept::DiskFull)),
            Command::Keep(records, answer) => {
                self.batch.record_aside(records);
                self.batch.answer(|kept| reply(answer, kept));
            }
            Command::Reports(worker, reports) => self.hear(worker, reports),
            Command::WorkerGone(worker, used) => self.worker_gone(worker, used),
            Command::ArtifactReady {
                worker,
                module,
                artifact,
            } => {
                if let Err(error) = &artifact {
                    self.weigh_compilation(worker, module, error);
                }
                self.workers.artifact_ready(worker, module, artifact);
            }
            Command::Kept(ended, kept) => self.kept(*ended, kept),
            Command::LogsRemoved(jobs) => self.logs_removed(jobs),
            Command::Released(attempt) => self.released(attempt),
            Command::Look(look) => self.looks.push(look),
            Command::Drain(answer) => {
                self.drained = Some(answer);
                self.happened(Event::DrainAsked);
            }
            Command::EndGrace => self.happened(Event::GraceEnded),
            Command::Quit => unreachable!("the loop ends at this command"),
        }
    }

    /// The directory of an attempt is gone, and its slot is free.
    fn released(&mut self, attempt: AttemptId) {
        fault::step("front.release.after");
        fault::note(|| format!("released {}", fault::named(attempt)));
        self.happened(Event::Reclaimed(attempt));
    }

    /// Jobs keep the terms under which they came; everything else goes by the new ones.
    fn go_by(
        &mut self,
        ruling: Ruling,
        audited: Box<Audited>,
        answer: Answer<Result<(), NotKept>>,
    ) {
        if self.disk_full {
            return reply(answer, Err(NotKept::DiskFull));
        }
        self.batch.record(Record::Audited(audited));
        self.batch.answer(move |kept| reply(answer, kept));
        self.terms = ruling.terms;
        self.network_terms = ruling.network_terms;
        self.retention.go_by(ruling.retention);
        self.ledger.go_by(ruling.quarantine_after);
        for user in self.people.ids() {
            self.tell_terms(user);
        }
    }

    /// A job that is to run again must not print into a log that is going.
    fn may_be_obeyed(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Retry { job, .. } => self.retention.put_off(job, command),
            _ => Some(command),
        }
    }

    /// The one host is measured as a whole, and so are all its nodes.
    fn host_facts(&mut self, load_millis: u64, is_healthy: bool) {
        let pool = self.scheduler.pool();
        for node in pool.nodes {
            self.happened(Event::NodeFacts {
                node: node.node,
                load_millis,
                is_healthy,
            });
        }
    }

    fn cancel(&mut self, job: JobId, task: Option<u32>, answer: Answer<Result<(), NotKept>>) {
        if self.jobs.get(job).is_some() {
            self.want_end(job, task);
        }
        self.batch.answer(|kept| reply(answer, kept));
    }

    /// What a job submitted that did not succeed has nobody to wait for it any more.
    pub(super) fn end_children(&mut self, parent: JobId) {
        for job in self.jobs.children_of(parent) {
            self.want_end(job, None);
        }
    }

    /// Takes down that a job, or a task of it, is to end.
    fn want_end(&mut self, job: JobId, task: Option<u32>) {
        self.batch.record(Record::CancelAsked {
            job,
            task,
            at: (self.now)(),
        });
        self.happened(Event::CancelAsked { job, task });
    }

    fn hear(&mut self, worker: WorkerId, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Started(attempt) if self.belongs(worker, attempt) => {
                    self.happened(Event::Started(attempt));
                }
                Report::Ended(ended) if self.belongs(worker, ended.attempt) => {
                    self.weigh_end(worker, &ended);
                    self.is_over(*ended);
                }
                Report::Ready => self.workers.is_ready(worker),
                Report::StandsStill => {
                    let worker_id = worker.number();
                    tracing::warn!(worker = worker_id, "a worker does not answer, it is ended");
                    self.workers.kill(worker);
                }
                Report::Told(attempt, progress) if self.belongs(worker, attempt) => {
                    self.progress.insert(attempt, progress);
                }
                Report::Started(attempt) | Report::Told(attempt, _) => {
                    tracing::warn!(%attempt, "a worker speaks of what it was not given");
                }
                Report::Ended(ended) => {
                    tracing::warn!(attempt = %ended.attempt, "a worker speaks of what it was not given");
                }
                Report::LoadFailed { module, reason } => {
                    self.workers.load_failed(worker, module, &reason);
                }
            }
        }
    }

    fn belongs(&self, worker: WorkerId, attempt: AttemptId) -> bool {
        self.live
            .get(&attempt)
            .is_some_and(|live| live.worker == Some(worker) && !live.is_over)
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        let (attempt, outcome) = (ended.attempt, ended.outcome);
        self.workers.attempt_ended(attempt);
        self.ends.insert(attempt, ended);
        self.happened(Event::Exited { attempt, outcome });
        self.ends.remove(&attempt);
    }

    /// Its attempts are lost, but for those it was ended for.
    fn worker_gone(&mut self, worker: WorkerId, used: Usage) {
        let death = self.workers.died(worker, Instant::now());
        let mut theirs: Vec<_> = self
            .live
            .iter()
            .filter(|(_, live)| live.worker == Some(worker) && !live.is_over)
            .map(|(&attempt, live)| (attempt, live.stopped))
            .collect();
        theirs.sort_unstable_by_key(|(attempt, _)| *attempt);
        if !theirs.is_empty() {
            tracing::warn!(
                attempts = theirs.len(),
                "a worker died with attempts under way"
            );
        }
        if let Some(death) = death {
            let attempts: Vec<_> = theirs.iter().map(|(attempt, _)| *attempt).collect();
            self.weigh_death(&death, &attempts);
        }
        for (attempt, stopped) in theirs {
            let outcome = stopped.map_or(Outcome::Lost(LossReason::Worker), |reason| {
                Outcome::Cancelled(cancel_reason(reason))
            });
            let ended = unreported(attempt, outcome, (self.now)());
            self.ended(Ended {
                usage: used,
                ..ended
            });
        }
    }

    /// Gives the worker a while to obey, beyond what the guest has.
    pub(super) fn expect_stop(&mut self, attempt: AttemptId) {
        let job = self.jobs.get(attempt.job);
        let grace = job.map(|job| job.definition.grace()).unwrap_or_default();
        let deadline = Instant::now() + grace + super::STOP_GRACE;
        let place = self.stops.partition_point(|(at, _)| *at <= deadline);
        self.stops.insert(place, (deadline, attempt));
    }
}
