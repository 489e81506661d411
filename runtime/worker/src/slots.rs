//! The instances of one worker: which modules are ready, which jobs are known, which attempts run.
//!
//! Knows nothing of the link: it is told what to do by calls and answers through the [`Outbox`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_network::{Addresses, Carrier, Protocol};
use sublet_sandbox::{Preemption, Program, Sandbox, Shape};
use sublet_scheduler::{AttemptId, CancelReason, JobId};

use crate::carrier::Hold;
use crate::fault;
use crate::network::Networking;
use crate::outbox::Outbox;
use crate::protocol::{Definition, Digest, FromWorker, StopCause};
use crate::questions::Questions;
use crate::run::{Prepared, Run, never_ran, panicked};
use crate::shares::Shares;
use crate::stage::Stage;
use crate::stopping::Stopping;
use crate::threads::{GuestThreads, stay, step_back};

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
    questions: Option<Questions>,
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
    /// Threads for guests, one for each processor. Whoever asks for them knows how many there are: behind the wall, the
    /// files that tell are out of reach.
    pub(crate) threads: usize,
    /// The thread of the one instance, where it has the process for itself.
    pub(crate) stage: Option<Stage>,
    /// The network of their user.
    pub(crate) network: Networking,
    /// The way to whoever knows the other jobs, if anybody does.
    pub(crate) questions: Option<Questions>,
}

/// The attempts under way, each with the handle that ends it.
#[derive(Clone, Debug, Default)]
struct Running(Arc<Mutex<HashMap<AttemptId, Stopping>>>);

impl Running {
    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptId, Stopping>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that is promised with a start, told when this is dropped. So it is told also where code of ours panics on the way
/// there: a slot must not wait for an end that nobody tells.
struct Owed {
    attempt: AttemptId,
    running: Running,
    outbox: Outbox,
    /// Nothing until the attempt came to it.
    ended: Option<FromWorker>,
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.running.lock().remove(&self.attempt);
        let ended = self.ended.take();
        self.outbox
            .push(ended.unwrap_or_else(|| panicked(self.attempt)));
    }
}

impl Slots {
    /// Makes the engine, its pool and the threads for guests, one for each processor.
    ///
    /// # Errors
    /// When the engine or the threads cannot be had.
    pub(crate) fn new(cut: Cut, root: PathBuf, outbox: Outbox) -> io::Result<Self> {
        let threads = cut.threads;
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
            questions: cut.questions,
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
        let job = definition.job;
        self.jobs.insert(job, Arc::new(Prepared::new(definition)));
    }

    /// Forgets a job.
    pub(crate) fn forget(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }

    /// Starts an attempt, at its place on the network if it has one. Its end is always said, also where it never came to
    /// run.
    pub(crate) fn start(&self, attempt: AttemptId, nic: Option<Addresses>) {
        fault::step("worker.start.received");
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
        let stopping = Stopping::new(self.sandbox.stop_handle(), &prepared.definition);
        self.running.lock().insert(attempt, stopping.clone());
        let run = Run {
            sandbox: self.sandbox.clone(),
            program: program.clone(),
            prepared: Arc::clone(prepared),
            root: Arc::clone(&self.root),
            outbox: self.outbox.clone(),
            lease: self.shares.lend(),
            stage: self.stage.clone(),
            network: Arc::clone(&self.network),
            questions: self.questions.clone(),
            nic,
            attempt,
            stopping,
        };
        let owed = Owed {
            attempt,
            running: self.running.clone(),
            outbox: self.outbox.clone(),
            ended: None,
        };
        self.guests.spawn(async move {
            let mut owed = owed;
            owed.ended = Some(run.until_over().await);
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

    /// Ends an attempt early, after its grace. One that is over already is left alone: its end is on its way.
    pub(crate) fn stop(&self, attempt: AttemptId, cause: StopCause) {
        if let Some(stopping) = self.running.lock().get(&attempt) {
            stopping.request(cause);
        }
    }

    /// Ends every attempt, each after its grace.
    pub(crate) fn stop_all(&self, cause: StopCause) {
        for stopping in self.running.lock().values() {
            stopping.request(cause);
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
