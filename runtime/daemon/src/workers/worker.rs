//! One worker, as the front knows it: what it was told, and what it will be told with the next flush.

use std::collections::{HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::time::Instant;

use sublet_network::Addresses;
use sublet_scheduler::{AttemptId, JobId, SubclusterId, UserId};
use sublet_store::Digest;
use sublet_worker::Isolation;
use sublet_worker::protocol::ToWorker;

use super::given::Given;
use super::process::Process;
use super::{Company, DeathCause};

/// Modules that a worker keeps ready; beyond it those that nothing runs are forgotten.
const MODULES_MAX: usize = 256;

/// A worker process and what it knows.
pub(super) struct Worker {
    pub(super) process: Process,
    pub(super) given: Given,
    pub(super) user: UserId,
    pub(super) subcluster: SubclusterId,
    pub(super) isolation: Isolation,
    company: Company,
    /// It said that it is about to run guests.
    pub(super) is_ready: bool,
    /// It was told to end, with all that is in it.
    pub(super) is_ordered_to_end: bool,
    pub(super) modules: HashMap<Digest, ModuleState>,
    /// Jobs that the worker was told of, and the modules they run.
    pub(super) jobs: HashMap<JobId, Digest>,
    pub(super) attempts: usize,
    pub(super) idle_since: Instant,
    /// Messages that go out with the next flush.
    pub(super) outgoing: Vec<ToWorker>,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// An attempt that is to run, and its place on the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) attempt: AttemptId,
    pub(crate) nic: Option<Addresses>,
}

impl From<Start> for ToWorker {
    fn from(Start { attempt, nic }: Start) -> Self {
        Self::Start { attempt, nic }
    }
}

pub(super) enum ModuleState {
    /// Its machine code is being fetched; these attempts wait for it.
    Fetching(Vec<Start>),
    /// The worker has it, or will before the next start reaches it.
    Sent,
}

impl Worker {
    pub(super) fn new(
        (process, given): (Process, Given),
        user: UserId,
        subcluster: SubclusterId,
        (isolation, company): (Isolation, Company),
    ) -> Self {
        Self {
            process,
            given,
            user,
            subcluster,
            isolation,
            company,
            is_ready: false,
            is_ordered_to_end: false,
            modules: HashMap::new(),
            jobs: HashMap::new(),
            attempts: 0,
            idle_since: Instant::now(),
            outgoing: Vec::new(),
            descriptors: Vec::new(),
        }
    }

    /// Whether it has one attempt and ends with it.
    pub(super) fn company(&self) -> Company {
        match self.isolation {
            Isolation::User => self.company,
            Isolation::Process => Company::Alone,
        }
    }

    /// Why it is no more, now that it is.
    pub(super) const fn cause_of_death(&self) -> DeathCause {
        match (self.is_ordered_to_end, self.is_ready) {
            (true, _) => DeathCause::Ordered,
            (false, false) => DeathCause::BeforeItsGuests,
            (false, true) => DeathCause::Unforeseen,
        }
    }

    /// Attempts that wait for their machine code, so that it has not heard of them.
    pub(super) fn untold(&self) -> HashSet<AttemptId> {
        let waiting = self.modules.values().filter_map(|state| match state {
            ModuleState::Fetching(waiting) => Some(waiting),
            ModuleState::Sent => None,
        });
        waiting.flatten().map(|start| start.attempt).collect()
    }

    pub(super) fn flush(&mut self) {
        if self.outgoing.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.outgoing);
        self.process
            .send(batch, std::mem::take(&mut self.descriptors));
    }

    /// Has the worker forget modules that no job it knows runs, while it keeps too many.
    pub(super) fn make_room_for_module(&mut self) {
        while self.modules.len() >= MODULES_MAX {
            let unused = self.modules.iter().find(|(module, state)| {
                matches!(state, ModuleState::Sent)
                    && !self.jobs.values().any(|used| used == *module)
            });
            let Some(module) = unused.map(|(module, _)| *module) else {
                return;
            };
            self.modules.remove(&module);
            self.outgoing.push(ToWorker::Unload(*module.as_bytes()));
        }
    }
}
