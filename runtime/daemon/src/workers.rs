//! Worker processes: one per user and sub-cluster in use, started when first needed, ended when idle; or, where a sub-cluster
//! isolates by process, or where a module is suspected of killing workers, one per attempt.
//!
//! Knows which modules and jobs each worker has been told of, and tells it the rest before a start. Knows nothing of
//! records: by the time it is asked to start something, that is durable.

mod death;
mod fetch;
mod given;
mod keeper;
mod pause;
mod process;
mod pulse;
mod reader;
mod worker;
mod writer;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sublet_scheduler::{AttemptId, JobId, SubclusterId, UserId};
use sublet_store::{Digest, Logs, WholeArtifact, Work};
use sublet_worker::protocol::{StopCause, ToWorker};
use sublet_worker::{Burst, Isolation};
use thiserror::Error;
use tokio::runtime::Handle;

use crate::accounts::Accounts;
use crate::artifacts::{ArtifactError, Artifacts};
use crate::broker::{BindError, Broker};
use crate::driver::{ActiveJob, DriverHandle};
use crate::http::relatives::ToRelatives;
use crate::metrics::Metrics;
pub(crate) use death::{Company, Death, DeathCause};
use fetch::fetch;
use given::Given;
pub(crate) use keeper::Keeper;
use pause::Pauses;
use process::{Process, Purpose};
pub(crate) use worker::Start;
use worker::{ModuleState, Worker};
pub(crate) use writer::Speaker;

/// How long a worker without attempts is kept warm.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// A worker process, never the same one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkerId(u64);

impl WorkerId {
    /// Its number, for those who know workers by numbers.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// The worker of a number.
    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// Why an attempt cannot be given to a worker.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error("the worker process cannot be started: {0}")]
    Process(#[from] io::Error),
    #[error("its directory cannot be made: {0}")]
    Directory(#[source] io::Error),
    #[error(transparent)]
    Network(#[from] BindError),
}

/// The shape of the workers of one sub-cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerShape {
    pub(crate) instances_max: u32,
    pub(crate) memory_bytes_max: u64,
    pub(crate) isolation: Isolation,
    /// The share of each slot, in thousandths of a processor.
    pub(crate) cpu_millis: u64,
    pub(crate) burst: Burst,
}

/// What workers are made of and what they report to.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) executable: PathBuf,
    pub(crate) users: PathBuf,
    /// Whether a worker must have every layer of its wall.
    pub(crate) require_hardening: bool,
    pub(crate) work: Arc<Work>,
    /// Whom workers are to the host.
    pub(crate) accounts: Accounts,
    pub(crate) logs: Arc<Logs>,
    pub(crate) artifacts: Artifacts,
    pub(crate) driver: DriverHandle,
    /// Runs compilations and other work that the driver does not wait for.
    pub(crate) runtime: Handle,
    /// A lock that is held as long as any worker lives; each gets a descriptor of it.
    pub(crate) alive: Arc<File>,
    /// Keeps guests that have a worker for themselves to their share.
    pub(crate) keeper: Keeper,
    /// Makes the connections that workers ask for.
    pub(crate) broker: Broker,
    /// Answers what guests want of other jobs.
    pub(crate) relatives: ToRelatives,
    /// Told whenever output was kept, for those who follow it.
    pub(crate) output: tokio::sync::watch::Sender<u64>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Surroundings {
    /// The one directory of a user's workers, made when missing, open to the account that they have.
    pub(crate) fn directory_of(&self, user: UserId) -> Result<PathBuf, sublet_store::Error> {
        match self.accounts.of_user(user) {
            Some(_) => self.work.open_to_owner(user)?,
            None => drop(self.work.user_directory(user)?),
        }
        Ok(self.users.join(user.0.to_string()).join("work"))
    }
}

/// All worker processes of this server.
pub(crate) struct Workers {
    surroundings: Surroundings,
    shapes: HashMap<SubclusterId, WorkerShape>,
    by_id: HashMap<WorkerId, Worker>,
    /// The one that takes new attempts, for each user and sub-cluster.
    current: HashMap<(UserId, SubclusterId), WorkerId>,
    by_attempt: HashMap<AttemptId, WorkerId>,
    pauses: Pauses,
    next: u64,
}

impl Workers {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            shapes: HashMap::new(),
            by_id: HashMap::new(),
            current: HashMap::new(),
            by_attempt: HashMap::new(),
            pauses: Pauses::default(),
            next: 1,
        }
    }

    /// How many live.
    pub(crate) fn count(&self) -> usize {
        self.by_id.len()
    }

    /// Workers of the sub-cluster are to be like this from now on. Those that are otherwise take nothing new.
    pub(crate) fn reshape(&mut self, subcluster: SubclusterId, shape: WorkerShape) {
        if self.shapes.insert(subcluster, shape) != Some(shape) {
            self.current.retain(|(_, of), _| *of != subcluster);
        }
    }

    /// The sub-cluster is no more, and nothing runs there.
    pub(crate) fn close(&mut self, subcluster: SubclusterId) {
        self.shapes.remove(&subcluster);
        self.pauses.forget(subcluster);
        self.current.retain(|(_, of), _| *of != subcluster);
    }

    /// The instant before which an attempt is not to be given to a worker, because one would have to be started and others
    /// died there just now.
    pub(crate) fn not_before(
        &self,
        (user, subcluster, company): (UserId, SubclusterId, Company),
        now: Instant,
    ) -> Option<Instant> {
        let place = (user, subcluster);
        if company == Company::Shared && self.current.contains_key(&place) {
            return None;
        }
        self.pauses.not_before(place, now)
    }

    /// Has the attempt run by the worker of its user and sub-cluster, or by one of its own. It is on its way with the next flush, or as soon
    /// as the module's machine code is there.
    pub(crate) fn start(
        &mut self,
        start: Start,
        job: &ActiveJob,
        (subcluster, company): (SubclusterId, Company),
    ) -> Result<WorkerId, StartError> {
        let attempt = start.attempt;
        let id = self.worker_for(job, subcluster, company)?;
        let worker = self
            .by_id
            .get_mut(&id)
            .expect("a worker that was just found or made is there");
        worker.attempts += 1;
        worker.given.give(attempt);
        self.by_attempt.insert(attempt, id);
        if worker.jobs.insert(attempt.job, job.module).is_none() {
            worker
                .outgoing
                .push(ToWorker::Define(Box::new((*job.definition).clone())));
        }
        match worker.modules.get_mut(&job.module) {
            Some(ModuleState::Sent) => worker.outgoing.push(start.into()),
            Some(ModuleState::Fetching(waiting)) => waiting.push(start),
            None => {
                worker
                    .modules
                    .insert(job.module, ModuleState::Fetching(vec![start]));
                let preemption = worker.isolation.preemption();
                fetch(&self.surroundings, id, preemption, job);
            }
        }
        Ok(id)
    }

    /// The machine code that a worker waits for is there, or cannot be had: then those who wait for it are told so by
    /// the worker itself, which does not know the module.
    pub(crate) fn artifact_ready(
        &mut self,
        id: WorkerId,
        module: Digest,
        artifact: Result<WholeArtifact, ArtifactError>,
    ) {
        let Some(worker) = self.by_id.get_mut(&id) else {
            return;
        };
        let Some(ModuleState::Fetching(waiting)) = worker.modules.remove(&module) else {
            return;
        };
        match artifact {
            Ok(WholeArtifact {
                file,
                length,
                sha256,
            }) => {
                worker.make_room_for_module();
                worker.modules.insert(module, ModuleState::Sent);
                worker.outgoing.push(ToWorker::Load {
                    module: *module.as_bytes(),
                    artifact_sha256: *sha256.as_bytes(),
                    length,
                });
                worker.descriptors.push(file.into());
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(%module, error, "a module cannot be started");
            }
        }
        worker
            .outgoing
            .extend(waiting.into_iter().map(ToWorker::from));
        worker.flush();
    }

    /// The worker does not take the machine code: it is fetched anew for the next start.
    pub(crate) fn load_failed(&mut self, id: WorkerId, module: Digest, reason: &str) {
        tracing::error!(%module, reason, "a worker cannot load a module");
        if let Some(worker) = self.by_id.get_mut(&id) {
            worker.modules.remove(&module);
        }
    }

    /// How others speak to a worker.
    pub(crate) fn speaker(&self, id: WorkerId) -> Option<Speaker> {
        self.by_id.get(&id).map(|worker| worker.process.speaker())
    }

    /// Takes an attempt back that its worker has not been told of yet. Says whether that was so.
    pub(crate) fn take_back(&mut self, id: WorkerId, attempt: AttemptId) -> bool {
        let Some(worker) = self.by_id.get_mut(&id) else {
            return false;
        };
        let waiting = worker.modules.values_mut().find_map(|state| match state {
            ModuleState::Fetching(waiting) => waiting
                .iter()
                .position(|one| one.attempt == attempt)
                .map(|at| (waiting, at)),
            ModuleState::Sent => None,
        });
        waiting.is_some_and(|(waiting, at)| {
            waiting.swap_remove(at);
            worker.given.take_back(attempt);
            true
        })
    }

    /// Attempts of which their workers were not told yet.
    pub(crate) fn waiting(&self) -> HashSet<AttemptId> {
        let modules = self.by_id.values().flat_map(|one| one.modules.values());
        let waiting = modules.filter_map(|state| match state {
            ModuleState::Fetching(waiting) => Some(waiting.iter().map(|one| one.attempt)),
            ModuleState::Sent => None,
        });
        waiting.flatten().collect()
    }

    /// Has a worker end an attempt.
    pub(crate) fn stop(&mut self, id: WorkerId, attempt: AttemptId, cause: StopCause) {
        if let Some(worker) = self.by_id.get_mut(&id) {
            // It has to hear it.
            self.surroundings.keeper.release(id);
            worker.outgoing.push(ToWorker::Stop { attempt, cause });
        }
    }

    /// Ends a worker with everything in it.
    pub(crate) fn kill(&mut self, id: WorkerId) {
        if let Some(worker) = self.by_id.get_mut(&id) {
            worker.is_ordered_to_end = true;
            worker.process.kill();
        }
    }

    /// A worker is about to run guests.
    pub(crate) fn is_ready(&mut self, id: WorkerId) {
        if let Some(worker) = self.by_id.get_mut(&id) {
            worker.is_ready = true;
        }
    }

    /// An attempt ended in a worker that lives.
    pub(crate) fn ran_well(&mut self, id: WorkerId) {
        if let Some(worker) = self.by_id.get(&id) {
            self.pauses.ran_well((worker.user, worker.subcluster));
        }
    }

    /// Whom attempts share a worker with.
    pub(crate) fn company_in(&self, id: WorkerId) -> Company {
        let worker = self.by_id.get(&id);
        worker.map_or(Company::Shared, Worker::company)
    }

    /// Whose worker it is.
    pub(crate) fn user_of(&self, id: WorkerId) -> Option<UserId> {
        self.by_id.get(&id).map(|worker| worker.user)
    }

    /// An attempt is over, wherever it was.
    pub(crate) fn attempt_ended(&mut self, attempt: AttemptId) {
        let id = self.by_attempt.remove(&attempt);
        if let Some(worker) = id.and_then(|id| self.by_id.get_mut(&id)) {
            worker.attempts = worker.attempts.saturating_sub(1);
            worker.given.take_back(attempt);
            worker.idle_since = Instant::now();
            if worker.company() == Company::Shared {
                return;
            }
        }
        // One that served a single attempt has nothing left to do.
        if let Some(id) = id {
            self.gone(id);
        }
    }

    /// A job is over.
    pub(crate) fn forget(&mut self, job: JobId) {
        for worker in self.by_id.values_mut() {
            if worker.jobs.remove(&job).is_some() {
                worker.outgoing.push(ToWorker::Forget(job));
            }
        }
    }

    /// A worker's process has ended. Nothing of one that was done with.
    pub(crate) fn died(&mut self, id: WorkerId, now: Instant) -> Option<Death> {
        let worker = self.by_id.get(&id)?;
        let (user, cause) = (worker.user, worker.cause_of_death());
        let untold = worker.untold();
        match cause {
            DeathCause::Ordered => {}
            DeathCause::BeforeItsGuests | DeathCause::Unforeseen => {
                self.pauses.died((user, worker.subcluster), now);
            }
        }
        self.gone(id);
        Some(Death {
            user,
            cause,
            untold,
        })
    }

    /// A worker has ended, or is to: with the last handle on it its link closes.
    fn gone(&mut self, id: WorkerId) {
        if let Some(worker) = self.by_id.remove(&id) {
            self.surroundings.broker.worker_gone(id);
            let key = (worker.user, worker.subcluster);
            if self.current.get(&key) == Some(&id) {
                self.current.remove(&key);
            }
        }
    }

    /// Sends everything that has come together, one frame for each worker.
    pub(crate) fn flush(&mut self) {
        for worker in self.by_id.values_mut() {
            worker.flush();
        }
    }

    /// Ends workers that have had nothing to do for a while, by closing their links.
    pub(crate) fn retire_idle(&mut self) {
        let idle: Vec<_> = self
            .by_id
            .iter()
            .filter(|(_, worker)| worker.attempts == 0 && worker.idle_since.elapsed() > IDLE_MAX)
            .map(|(&id, _)| id)
            .collect();
        for id in idle {
            tracing::debug!(worker = id.0, "an idle worker is ended");
            self.gone(id);
        }
    }

    fn worker_for(
        &mut self,
        job: &ActiveJob,
        subcluster: SubclusterId,
        company: Company,
    ) -> Result<WorkerId, StartError> {
        let shape = *self
            .shapes
            .get(&subcluster)
            .expect("every sub-cluster has a shape");
        let key = (job.user, subcluster);
        match (shape.isolation, company, self.current.get(&key)) {
            (Isolation::User, Company::Shared, Some(&id)) => Ok(id),
            (Isolation::User, Company::Shared, None) => {
                let id = self.start_worker(job, subcluster, (shape, company))?;
                self.current.insert(key, id);
                Ok(id)
            }
            // The code is the same as in company, or what killed a worker there might not do so here.
            (Isolation::User, Company::Alone, _) => {
                let for_one = WorkerShape {
                    instances_max: 1,
                    ..shape
                };
                self.start_worker(job, subcluster, (for_one, company))
            }
            (Isolation::Process, _, _) => self.start_worker(job, subcluster, (shape, company)),
        }
    }

    fn start_worker(
        &mut self,
        job: &ActiveJob,
        subcluster: SubclusterId,
        (shape, company): (WorkerShape, Company),
    ) -> Result<WorkerId, StartError> {
        let id = WorkerId(self.next);
        self.next += 1;
        let purpose = Purpose {
            user: job.user,
            shape,
            wall: Duration::from_millis(job.definition.limits.wall_ms),
        };
        let given = Given::default();
        let process = Process::start(&self.surroundings, (id, given.clone()), purpose)?;
        let isolation = (shape.isolation, company);
        let worker = Worker::new((process, given), job.user, subcluster, isolation);
        self.by_id.insert(id, worker);
        Ok(id)
    }
}
