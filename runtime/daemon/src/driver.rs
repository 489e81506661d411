//! The driver: the one who changes anything.
//!
//! A thread of its own owns the scheduler and the store's writer. Each round takes all commands that have come in, turns
//! them into events, and collects what follows into one batch; the batch is committed; only then are workers told to
//! start something and callers answered. So one write to the disk carries as much as came in since the last one, and
//! nothing is seen outside that a crash could undo.
//!
//! ```text
//!   commands ─► events ─► Scheduler ─► actions ─► Batch { records, effects } ─► commit ─► effects
//! ```

mod active;
mod batch;
mod begin;
mod blame;
mod carry_out;
mod chores;
mod command;
mod ending;
mod ground;
mod held_back;
mod keeping;
mod modules;
mod networks;
mod obey;
mod operate;
mod overdue;
mod quarantine;
mod resume;
mod retention;
mod retry;
mod submit;
mod take_down;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use sublet_network::Addresses;
use sublet_scheduler::{
    AttemptId, JobId, Scheduler, SlotId, StopReason, SubclusterId, Terms, UnixMillis, UserId,
};
use sublet_store::{NextIds, Reader, Writer};
use sublet_worker::protocol::{Ended, NetworkTerms, Progress};
use tokio::sync::watch;

pub(crate) use active::{ActiveJob, ActiveJobs, GROUP, JOB, SOCKETS, scheduled};
use batch::Batch;
pub(crate) use begin::Beginning;
pub(crate) use blame::{Ledger, Quarantined};
pub(crate) use chores::Chores;
pub(crate) use command::{
    Answer, Chosen, Command, DeleteError, DriverHandle, Gone, Look, Looker, NotKept, Report,
    RetryError, Ruling, Submission, SubmitError, Submitted, reply,
};
pub(crate) use ground::Ground;
pub(crate) use held_back::{HeldBack, Obstacle, is_for_want_of_means};
pub(crate) use keeping::Keeping;
pub(crate) use networks::Exhausted;
use networks::Networks;
pub(crate) use operate::{
    ApplyError, Change, PeopleChange, PeopleError, Wish, WishError, terms_with,
};
pub(crate) use retention::Retention;
pub(crate) use submit::CHILDREN_MAX;

use crate::broker::Broker;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::people::People;
use crate::workers::{WorkerId, Workers};

/// Commands taken in one round at most: bounds how long the first of them waits for its commit.
const COMMANDS_PER_ROUND_MAX: usize = 4096;
/// How long a worker may take to end an attempt that was stopped, before the worker itself is ended. The promise to
/// users is two seconds.
const STOP_GRACE: Duration = Duration::from_millis(1500);
/// How often a batch that found the disk full is tried again.
const FULL_DISK_PAUSE: Duration = Duration::from_millis(500);
/// How often idle workers are looked at.
const IDLE_PAUSE: Duration = Duration::from_secs(5);

/// The state of the server, and the only hands on it.
pub(crate) struct Driver {
    pub(crate) scheduler: Scheduler,
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
    chores: Chores,
    keeping: Keeping,
    pub(crate) workers: Workers,
    broker: Broker,
    networks: Networks,
    /// What the operator says of the networks of users of whom nothing else is said.
    network_terms: NetworkTerms,
    /// What the operator allows single users.
    policies: HashMap<UserId, Vec<String>>,
    pub(crate) jobs: ActiveJobs,
    pub(crate) ids: NextIds,
    /// The user of the account that runs the server, in whose name it acts itself.
    owner: UserId,
    people: Arc<People>,
    events: Arc<Events>,
    metrics: Arc<Metrics>,
    /// What holds for users of whom nothing else is said.
    terms: Terms,
    /// What was set for single users.
    quotas: HashMap<UserId, sublet_store::Quota>,
    pub(crate) ground: Ground,
    /// What modules did to our side.
    ledger: Ledger,
    /// Attempts that hold a slot.
    pub(crate) live: HashMap<AttemptId, Live>,
    /// How far attempts that hold a slot are, in their own words.
    progress: BTreeMap<AttemptId, Progress>,
    /// What workers said of ends that the scheduler has not been told of yet.
    ends: HashMap<AttemptId, Ended>,
    /// Attempts that were the last of their task, until their slot is given back.
    settled: HashSet<AttemptId>,
    /// Attempts that were stopped, in the order of their deadlines.
    stops: VecDeque<(Instant, AttemptId)>,
    /// Attempts that cannot be started yet.
    held_back: HeldBack,
    looked_for_overdue_at: Instant,
    batch: Batch,
    looks: Vec<Looker>,
    wake_at: Option<UnixMillis>,
    /// Whether the last commit found the disk full; its batch is kept and tried again.
    pub(crate) disk_full: bool,
    drained: Option<Answer<()>>,
    retention: Retention,
    /// When idempotency keys that are too old are next forgotten.
    keys_expire_at: UnixMillis,
    /// Counts jobs that ended, for those who wait for one.
    finished: watch::Sender<u64>,
    now: fn() -> UnixMillis,
}

/// An attempt that holds a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    slot: SlotId,
    subcluster: SubclusterId,
    /// Nothing until the start is carried out.
    worker: Option<WorkerId>,
    /// When its worker was told of it.
    begun: Option<Instant>,
    stopped: Option<StopReason>,
    /// Its worker is done with it, and what it left is being kept.
    is_over: bool,
    /// Nothing until the start is carried out, and for those without sockets.
    nic: Option<Addresses>,
}

/// What a driver is made of.
pub(crate) struct Parts {
    pub(crate) scheduler: Scheduler,
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
    pub(crate) chores: Chores,
    pub(crate) keeping: Keeping,
    pub(crate) workers: Workers,
    pub(crate) broker: Broker,
    pub(crate) network_terms: NetworkTerms,
    pub(crate) ids: NextIds,
    pub(crate) owner: UserId,
    pub(crate) people: Arc<People>,
    pub(crate) events: Arc<Events>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) terms: Terms,
    pub(crate) ground: Ground,
    pub(crate) retention: Retention,
    /// How much harm a module may do before nothing of it is started; any, if it is 0.
    pub(crate) quarantine_after: u32,
    pub(crate) finished: watch::Sender<u64>,
    pub(crate) now: fn() -> UnixMillis,
}

impl Driver {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            scheduler: parts.scheduler,
            writer: parts.writer,
            reader: parts.reader,
            chores: parts.chores,
            keeping: parts.keeping,
            workers: parts.workers,
            broker: parts.broker,
            networks: Networks::default(),
            network_terms: parts.network_terms,
            policies: HashMap::new(),
            jobs: ActiveJobs::default(),
            ids: parts.ids,
            owner: parts.owner,
            people: parts.people,
            events: parts.events,
            metrics: parts.metrics,
            terms: parts.terms,
            quotas: HashMap::new(),
            ground: parts.ground,
            ledger: Ledger::new(parts.quarantine_after),
            live: HashMap::new(),
            progress: BTreeMap::new(),
            ends: HashMap::new(),
            settled: HashSet::new(),
            stops: VecDeque::new(),
            held_back: HeldBack::default(),
            looked_for_overdue_at: Instant::now(),
            batch: Batch::default(),
            looks: Vec::new(),
            wake_at: None,
            disk_full: false,
            drained: None,
            retention: parts.retention,
            keys_expire_at: UnixMillis(0),
            finished: parts.finished,
            now: parts.now,
        }
    }

    /// Goes round until it is told to quit, then leaves the store tidy.
    ///
    /// # Errors
    /// When the store fails in a way that waiting does not mend: going on would answer what is not durable.
    pub(crate) fn run(mut self, commands: &Receiver<Command>) -> Result<(), sublet_store::Error> {
        loop {
            let first = match commands.recv_timeout(self.patience()) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let more = std::iter::from_fn(|| commands.try_recv().ok()).take(COMMANDS_PER_ROUND_MAX);
            for command in first.into_iter().chain(more) {
                if matches!(command, Command::Quit) {
                    self.settle()?;
                    return self.writer.close();
                }
                self.obey(command);
            }
            self.time_passed();
            self.settle()?;
            self.let_old_go();
            self.show();
        }
    }

    /// How long to wait for a command before time itself asks for a round.
    fn patience(&self) -> Duration {
        let wake = self
            .wake_at
            .map(|at| Duration::from_millis(at.0.saturating_sub((self.now)().0)));
        let stop = self
            .stops
            .front()
            .map(|(at, _)| at.saturating_duration_since(Instant::now()));
        let held = self.held_back.patience(Instant::now());
        let full = self.disk_full.then_some(FULL_DISK_PAUSE);
        let old = self.retention.patience((self.now)());
        let old = old.filter(|_| !self.disk_full);
        [wake, stop, held, full, old]
            .into_iter()
            .flatten()
            .fold(IDLE_PAUSE, Duration::min)
    }

    fn time_passed(&mut self) {
        if self.wake_at.is_some_and(|at| at <= (self.now)()) {
            self.wake_at = None;
            self.happened(sublet_scheduler::Event::TimePassed);
        }
        self.end_what_would_not_stop();
        self.start_what_was_held_back();
        self.end_what_stands_still();
        self.forget_old_keys();
        self.workers.retire_idle();
    }

    /// A guest that does not give way takes its worker with it: the neighbours' attempts are lost, and say so.
    fn end_what_would_not_stop(&mut self) {
        while let Some(&(deadline, attempt)) = self.stops.front() {
            if deadline > Instant::now() {
                return;
            }
            self.stops.pop_front();
            let live = self.live.get(&attempt).filter(|live| !live.is_over);
            if let Some(worker) = live.and_then(|live| live.worker) {
                tracing::warn!(%attempt, "the attempt did not stop in time, its worker is ended");
                self.workers.kill(worker);
            }
        }
    }

    fn show(&mut self) {
        for look in std::mem::take(&mut self.looks) {
            look(Look {
                scheduler: &self.scheduler,
                jobs: &self.jobs,
                ground: &self.ground,
                progress: &self.progress,
                held_back: &self.held_back,
                ledger: &self.ledger,
                workers: self.workers.count(),
                now: (self.now)(),
            });
        }
        if self.live.is_empty()
            && self.batch.is_empty()
            && let Some(drained) = self.drained.take()
        {
            reply(drained, ());
        }
    }

    fn job_finished(&mut self, job: JobId) {
        if let Some(over) = self.jobs.remove(job) {
            if over.has_directories() {
                self.chores.let_states_go(over.user, job);
            }
            if over.children > 0 && !over.all_succeeded() {
                self.end_children(job);
            }
        }
        self.workers.forget(job);
        self.chores.close_log(job);
        self.finished.send_modify(|count| *count += 1);
    }
}
