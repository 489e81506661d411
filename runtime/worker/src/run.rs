//! One attempt from its nic to its end: what it finds around it, what it is called, what it used.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use sublet_network::{Addresses, Nic};
use sublet_sandbox::{Ending, Facts, Failure, Input, Instance, Job, Program, Relatives, Sandbox};
use sublet_scheduler::{AttemptId, LossReason, Outcome, Usage};

use crate::environment;
use crate::fault;
use crate::listener::Listener;
use crate::network::{self, JoinError, Networking};
use crate::outbox::{Outbox, OutboxSink};
use crate::protocol::{Definition, Ended, FromWorker, Stream};
use crate::questions::{OtherJobs, Questions};
use crate::reports::Reports;
use crate::shares::Lease;
use crate::stage::Stage;
use crate::stopping::{Beside, Stopping};

/// A job with what is the same for all its attempts worked out once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) definition: Definition,
    arguments: Arc<[String]>,
    variables: Arc<[(String, String)]>,
}

impl Prepared {
    pub(crate) fn new(definition: Definition) -> Self {
        Self {
            arguments: environment::arguments(&definition),
            variables: environment::shared_variables(&definition),
            definition,
        }
    }
}

/// One attempt with all that it needs, on its own from here on.
pub(crate) struct Run {
    pub(crate) sandbox: Sandbox,
    pub(crate) program: Program,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) root: Arc<Path>,
    pub(crate) outbox: Outbox,
    pub(crate) lease: Lease,
    pub(crate) stage: Option<Stage>,
    pub(crate) network: Arc<Networking>,
    pub(crate) questions: Option<Questions>,
    pub(crate) nic: Option<Addresses>,
    pub(crate) attempt: AttemptId,
    pub(crate) stopping: Stopping,
}

/// What an attempt finds, all of it there before its first instruction.
struct Found {
    stdin: Input,
    reports: Arc<Reports>,
    job: Option<Job>,
    nic: Option<Nic>,
}

impl Run {
    /// Runs the guest to its end, and says how that was.
    pub(crate) async fn until_over(self) -> FromWorker {
        match self.prepare().await {
            Ok(found) => self.run(found).await,
            Err(reason) => never_ran(self.attempt, &reason),
        }
    }

    async fn prepare(&self) -> Result<Found, String> {
        let definition = &self.prepared.definition;
        let stdin = environment::stdin(definition, &self.root).await;
        let reports = environment::reports_of(definition, self.attempt, &self.root);
        let closed = |error| format!("its directory cannot be opened: {error}");
        let reports = reports.map(Arc::new).map_err(closed)?;
        Ok(Found {
            stdin: stdin
                .map_err(|error| format!("its standard input cannot be opened: {error}"))?,
            job: self.job(&reports).map_err(closed)?,
            reports,
            // Bound before the first instruction: whoever looks for the attempt from now on finds it.
            nic: self.join().map_err(|error| error.to_string())?,
        })
    }

    async fn run(self, found: Found) -> FromWorker {
        let Found {
            stdin,
            reports,
            job,
            nic,
        } = found;
        let definition = &self.prepared.definition;
        let meter = nic.as_ref().map(Nic::meter);
        let started_at_ms = unix_ms();
        let instance = Instance {
            args: Arc::clone(&self.prepared.arguments),
            env: Arc::clone(&self.prepared.variables),
            attempt_env: self.own_variables(started_at_ms, nic.is_some()),
            limits: definition.limits,
            share: self.lease.share(),
            directories: environment::directories(definition, self.attempt, &self.root),
            stdin,
            stdout: Box::new(self.sink(Stream::Stdout)),
            stderr: Box::new(self.sink(Stream::Stderr)),
            job,
            stop: self.stopping.stop(),
            network: nic,
        };
        self.outbox.push(FromWorker::Started(self.attempt));
        fault::step("worker.guest.before");
        fault::note(|| format!("started {}", fault::named(self.attempt)));
        let beside = definition.can_speak().then(|| self.stand_beside(&reports));
        let Ending {
            outcome,
            mut usage,
            detail,
        } = self.perform(instance).await;
        drop(beside);
        fault::note(|| format!("ended {}", fault::named(self.attempt)));
        fault::step("worker.guest.after");
        let said = reports.last_words();
        let (outcome, detail) = failed(outcome, detail, said.failure.as_ref());
        let mut denied = Vec::new();
        if let Some(meter) = meter {
            (usage.network, denied) = network::usage(&meter);
        }
        FromWorker::Ended(Box::new(Ended {
            attempt: self.attempt,
            started_at_ms: Some(started_at_ms),
            ended_at_ms: unix_ms(),
            outcome: self.stopping.fate(outcome),
            usage,
            detail,
            denied,
            progress: said.progress,
            summary: said.summary,
            media_types: said.media_types,
            is_final: said.failure.is_some_and(|failure| !failure.is_retryable),
        }))
    }

    fn own_variables(&self, started_at_ms: u64, has_nic: bool) -> Vec<(String, String)> {
        let definition = &self.prepared.definition;
        let deadline = deadline(started_at_ms, definition.limits.wall_ms);
        let mut variables = environment::own_variables(self.attempt, deadline);
        if has_nic {
            let task = self.attempt.task;
            variables.push(environment::host_name_variable(definition, task));
        }
        variables
    }

    fn job(&self, reports: &Arc<Reports>) -> std::io::Result<Option<Job>> {
        let definition = &self.prepared.definition;
        if !definition.speaks_job {
            return Ok(None);
        }
        let listener = Listener {
            reports: Arc::clone(reports),
            stopping: self.stopping.clone(),
        };
        let found = environment::job(definition, self.attempt, &self.root, listener)?;
        let own_name = |_| network::own_name(definition, self.attempt.task);
        let other_jobs = |questions| -> Arc<dyn Relatives> {
            Arc::new(OtherJobs {
                questions,
                attempt: self.attempt,
            })
        };
        Ok(Some(Job {
            facts: Facts {
                host_name: self.nic.map(own_name),
                ..found.facts
            },
            relatives: self.questions.clone().map(other_jobs),
            ..found
        }))
    }

    fn stand_beside(&self, reports: &Arc<Reports>) -> Beside {
        let wall_ms = self.prepared.definition.limits.wall_ms;
        Beside::stand(
            self.attempt,
            self.stopping.clone(),
            Arc::clone(reports),
            (self.outbox.clone(), wall_ms),
        )
    }

    fn join(&self) -> Result<Option<Nic>, JoinError> {
        let join = |addresses| {
            self.network
                .join(self.attempt, addresses, &self.prepared.definition)
        };
        self.nic.map(join).transpose()
    }

    async fn perform(&self, instance: Instance) -> Ending {
        let Some(stage) = &self.stage else {
            return self.sandbox.run(&self.program, instance).await;
        };
        let (guest, ending) = match self.sandbox.alone(&self.program, instance) {
            Ok(both) => both,
            Err(ending) => return *ending,
        };
        match stage.send(guest) {
            Ok(()) => ending.await,
            Err(error) => Ending {
                outcome: Outcome::Lost(LossReason::Setup),
                usage: Usage::default(),
                detail: Some(error.to_string()),
            },
        }
    }

    fn sink(&self, stream: Stream) -> OutboxSink {
        OutboxSink {
            outbox: self.outbox.clone(),
            attempt: self.attempt,
            stream,
        }
    }
}

/// An attempt that said how it fails has failed so, whatever it exits with; a limit or a trap is told as it was.
fn failed(
    outcome: Outcome,
    detail: Option<String>,
    said: Option<&Failure>,
) -> (Outcome, Option<String>) {
    match (outcome, said) {
        (Outcome::Succeeded | Outcome::Failed(_), Some(said)) => {
            let words = format!("{}: {}", said.kind, said.message);
            (Outcome::Failed(said.code), Some(words))
        }
        (outcome, _) => (outcome, detail),
    }
}

/// The end of an attempt that did not come to its first instruction.
pub(crate) fn never_ran(attempt: AttemptId, reason: &str) -> FromWorker {
    lost(attempt, (LossReason::Setup, reason))
}

/// The end of an attempt in which our own code panicked.
pub(crate) fn panicked(attempt: AttemptId) -> FromWorker {
    lost(attempt, (LossReason::Panic, "the worker failed"))
}

fn lost(attempt: AttemptId, (why, reason): (LossReason, &str)) -> FromWorker {
    FromWorker::Ended(Box::new(Ended {
        attempt,
        started_at_ms: None,
        ended_at_ms: unix_ms(),
        outcome: Outcome::Lost(why),
        usage: Usage::default(),
        detail: Some(reason.to_owned()),
        denied: Vec::new(),
        progress: None,
        summary: None,
        media_types: Vec::new(),
        is_final: false,
    }))
}

fn unix_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// The instant at which the wall limit ends the attempt, where that is an instant people can write down.
fn deadline(started_at_ms: u64, wall_ms: u64) -> Option<Timestamp> {
    let at = Duration::from_millis(started_at_ms.checked_add(wall_ms)?);
    Timestamp::from_millisecond(i64::try_from(at.as_millis()).ok()?).ok()
}
