//! The instances of one worker: which modules are ready, which jobs are known, which attempts run.
//!
//! Knows nothing of the link: it is told what to do by calls and answers through the [`Outbox`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use sublet_network::{Addresses, Carrier, Nic, Protocol};
use sublet_sandbox::{Ending, Instance, Preemption, Program, Sandbox, Shape, Stop};
use sublet_scheduler::{AttemptId, CancelReason, JobId, LossReason, Outcome, Usage};
use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::carrier::Hold;
use crate::environment;
use crate::network::{self, JoinError, Networking};
use crate::outbox::{Outbox, OutboxSink};
use crate::protocol::{Definition, Digest, Ended, FromWorker, StopCause, Stream};
use crate::shares::{Lease, Shares};
use crate::stage::Stage;

/// Threads for the blocking file operations of guests. Operations beyond it queue; they cannot be interrupted once begun.
const BLOCKING_THREADS_MAX: usize = 16;
/// Guests run below the front and the link in the kernel's eyes, so that a spinning guest never delays an answer.
const GUEST_NICENESS: i32 = 10;

/// Everything that runs in one worker.
#[derive(Debug)]
pub struct Slots {
    sandbox: Sandbox,
    guests: GuestThreads,
    outbox: Outbox,
    root: Arc<Path>,
    shares: Shares,
    stage: Option<Stage>,
    network: Arc<Networking>,
    programs: HashMap<Digest, Program>,
    jobs: HashMap<JobId, Arc<Prepared>>,
    running: Running,
}

/// How a worker is cut into slots.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Instances that may live at once.
    pub(crate) instances_max: u32,
    /// The largest memory limit of one.
    pub(crate) memory_bytes_max: u64,
    /// What each has of the processors.
    pub(crate) shares: Shares,
    /// The thread of the one instance, where it has the process for itself.
    pub(crate) stage: Option<Stage>,
    /// The network of their user.
    pub(crate) network: Networking,
}

/// A job with what is the same for all its attempts worked out once.
#[derive(Debug)]
struct Prepared {
    definition: Definition,
    arguments: Arc<[String]>,
    variables: Arc<[(String, String)]>,
}

/// The attempts under way, each with the handle that ends it.
#[derive(Clone, Debug, Default)]
struct Running(Arc<Mutex<HashMap<AttemptId, Stop>>>);

impl Running {
    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, Stop>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    /// Makes the engine, its pool and the threads for guests, one for each processor.
    ///
    /// # Errors
    /// When the engine or the threads cannot be had.
    pub(crate) fn new(cut: Cut, root: PathBuf, outbox: Outbox) -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let preemption = match cut.stage {
            Some(_) => Preemption::Kernel,
            None => Preemption::Checks,
        };
        let sandbox = Sandbox::new(Shape {
            instances_max: cut.instances_max,
            memory_bytes_max: cut.memory_bytes_max,
            threads: u32::try_from(threads).unwrap_or(u32::MAX),
            preemption,
        })
        .map_err(io::Error::other)?;
        // Those that only stand beside a guest are not to be held up by it.
        let guests = match cut.stage {
            Some(_) => GuestThreads::start(1, stay)?,
            None => GuestThreads::start(threads, step_back)?,
        };
        Ok(Self {
            sandbox,
            guests,
            outbox,
            root: root.into(),
            shares: cut.shares,
            stage: cut.stage,
            network: Arc::new(cut.network),
            programs: HashMap::new(),
            jobs: HashMap::new(),
            running: Running::default(),
        })
    }

    /// Makes a module ready to start, and says how that went.
    pub(crate) fn load(&mut self, module: Digest, artifact: &[u8], sha256: &Digest) {
        let answer = match self.sandbox.load(artifact, sha256) {
            Ok(program) => {
                self.programs.insert(module, program);
                FromWorker::Loaded(module)
            }
            Err(fault) => FromWorker::LoadFailed {
                module,
                reason: fault.to_string(),
            },
        };
        self.outbox.push(answer);
    }

    /// Forgets a module. Instances of it that still run keep what they need.
    pub(crate) fn unload(&mut self, module: &Digest) {
        self.programs.remove(module);
    }

    /// Learns of a job.
    pub(crate) fn define(&mut self, definition: Definition) {
        let arguments = environment::arguments(&definition);
        let variables = environment::shared_variables(&definition);
        self.jobs.insert(
            definition.job,
            Arc::new(Prepared {
                definition,
                arguments,
                variables,
            }),
        );
    }

    /// Forgets a job.
    pub(crate) fn forget(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }

    /// Starts an attempt, at its place on the network if it has one. Its end is always said, also where it never came to
    /// run.
    pub(crate) fn start(&self, attempt: AttemptId, nic: Option<Addresses>) {
        self.outbox.expect_end();
        let Some(prepared) = self.jobs.get(&attempt.job) else {
            return self
                .outbox
                .push(never_ran(attempt, "the job is not known to the worker"));
        };
        let Some(program) = self.programs.get(&prepared.definition.module) else {
            return self
                .outbox
                .push(never_ran(attempt, "the module is not loaded in the worker"));
        };
        let stop = self.sandbox.stop_handle();
        self.running.lock().insert(attempt, stop.clone());
        let run = Run {
            sandbox: self.sandbox.clone(),
            program: program.clone(),
            prepared: Arc::clone(prepared),
            root: Arc::clone(&self.root),
            outbox: self.outbox.clone(),
            lease: self.shares.lend(),
            stage: self.stage.clone(),
            network: Arc::clone(&self.network),
            nic,
            attempt,
            stop,
        };
        let running = self.running.clone();
        self.guests.spawn(async move {
            let outbox = run.outbox.clone();
            let ended = run.until_over().await;
            running.lock().remove(&attempt);
            outbox.push(ended);
        });
    }

    /// Hands over a connection that came from beyond this worker, to who waits for it, and says whether somebody took it.
    pub(crate) fn deliver(
        &self,
        (connection, protocol): (u64, Protocol),
        ends: (SocketAddr, SocketAddr),
        descriptor: OwnedFd,
        hold: Hold,
    ) {
        let _in_runtime = self.guests.enter();
        let delivered = self.network.deliver(protocol, ends, descriptor, hold);
        self.outbox.push(FromWorker::Taken {
            connection,
            refusal: delivered.err().map(Into::into),
        });
    }

    /// Says what went over the nics so far.
    pub(crate) fn tell_traffic(&self, number: u64) {
        let nics = self.network.traffic();
        self.outbox.push(FromWorker::Traffic { number, nics });
    }

    /// Hands over a connection that this process accepted itself, to who waits for it.
    pub(crate) fn deliver_stream(&self, ends: (SocketAddr, SocketAddr), carrier: Box<dyn Carrier>) {
        if let Err(refusal) = self.network.deliver_stream(ends, carrier) {
            tracing::debug!(to = %ends.0, %refusal, "nobody takes a connection from beyond");
        }
    }

    /// Ends an attempt early. One that is over already is left alone: its end is on its way.
    pub(crate) fn stop(&self, attempt: AttemptId, cause: StopCause) {
        if let Some(stop) = self.running.lock().get(&attempt) {
            stop.request(cause.into());
        }
    }

    /// Ends every attempt.
    pub(crate) fn stop_all(&self, cause: StopCause) {
        for stop in self.running.lock().values() {
            stop.request(cause.into());
        }
    }
}

impl From<StopCause> for CancelReason {
    fn from(cause: StopCause) -> Self {
        match cause {
            StopCause::Cancel => Self::Asked,
            StopCause::Shutdown => Self::Shutdown,
            StopCause::Drain => Self::Drained,
            StopCause::Preempt => Self::Preempted,
        }
    }
}

/// One attempt with all that it needs, on its own from here on.
struct Run {
    sandbox: Sandbox,
    program: Program,
    prepared: Arc<Prepared>,
    root: Arc<Path>,
    outbox: Outbox,
    lease: Lease,
    stage: Option<Stage>,
    network: Arc<Networking>,
    nic: Option<Addresses>,
    attempt: AttemptId,
    stop: Stop,
}

impl Run {
    async fn until_over(self) -> FromWorker {
        let definition = &self.prepared.definition;
        let stdin = match environment::stdin(definition, &self.root).await {
            Ok(stdin) => stdin,
            Err(error) => {
                return never_ran(
                    self.attempt,
                    &format!("its standard input cannot be opened: {error}"),
                );
            }
        };
        // Bound before the first instruction: whoever looks for the attempt from now on finds it.
        let nic = match self.join() {
            Ok(nic) => nic,
            Err(error) => return never_ran(self.attempt, &error.to_string()),
        };
        let meter = nic.as_ref().map(Nic::meter);
        let started_at_ms = unix_ms();
        let instance = Instance {
            args: Arc::clone(&self.prepared.arguments),
            env: Arc::clone(&self.prepared.variables),
            attempt_env: environment::own_variables(
                self.attempt,
                deadline(started_at_ms, definition.limits.wall_ms),
            ),
            limits: definition.limits,
            share: self.lease.share(),
            directories: environment::directories(definition, self.attempt, &self.root),
            stdin,
            stdout: Box::new(self.sink(Stream::Stdout)),
            stderr: Box::new(self.sink(Stream::Stderr)),
            stop: self.stop.clone(),
            network: nic,
        };
        self.outbox.push(FromWorker::Started(self.attempt));
        let Ending {
            outcome,
            mut usage,
            detail,
        } = self.perform(instance).await;
        let mut denied = Vec::new();
        if let Some(meter) = meter {
            (usage.network, denied) = network::usage(&meter);
        }
        FromWorker::Ended(Box::new(Ended {
            attempt: self.attempt,
            started_at_ms: Some(started_at_ms),
            ended_at_ms: unix_ms(),
            outcome,
            usage,
            detail,
            denied,
        }))
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

fn never_ran(attempt: AttemptId, reason: &str) -> FromWorker {
    FromWorker::Ended(Box::new(Ended {
        attempt,
        started_at_ms: None,
        ended_at_ms: unix_ms(),
        outcome: Outcome::Lost(LossReason::Setup),
        usage: Usage::default(),
        detail: Some(reason.to_owned()),
        denied: Vec::new(),
    }))
}

/// The threads that guests run on. They are let go without waiting: a guest may sit in a read of a terminal that never
/// answers, and whoever drops the slots is about to end the process.
#[derive(Debug)]
struct GuestThreads(Option<Runtime>);

impl GuestThreads {
    fn start(threads: usize, on_start: fn()) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("guests")
            .on_thread_start(on_start)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn spawn(&self, guest: impl Future<Output = ()> + Send + 'static) {
        self.runtime().spawn(guest);
    }

    /// Has what is made while this is held belong to these threads.
    fn enter(&self) -> EnterGuard<'_> {
        self.runtime().enter()
    }

    fn runtime(&self) -> &Runtime {
        self.0
            .as_ref()
            .expect("the threads are taken away only when they are dropped")
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// On Linux the niceness is the thread's own. A host that forbids it loses a courtesy, not a promise.
pub(crate) fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(None, GUEST_NICENESS) {
        tracing::debug!(%error, "guests keep the default niceness");
    }
}

const fn stay() {}

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
