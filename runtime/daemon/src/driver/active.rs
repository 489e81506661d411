//! The jobs that are not over: what the scheduler need not know of them and the workers must.

use std::collections::HashMap;
use std::sync::Arc;

use sublet_scheduler::{Dependency, Job, JobId, Outcome, Resources, Said, Usage, UserId, When};
use sublet_store::{Digest, NewJob, OutcomeKind, PublicId, StoredPublish, Tally, Work};
use sublet_worker::protocol::{Definition, Mount, NetworkTerms, Stdin};

use crate::broker::Publication;
use crate::convert;

/// What programs import that can listen.
pub(crate) const SOCKETS: &str = "wasi:sockets/";
/// What programs import that send requests.
const HTTP: &str = "wasi:http/";

/// What programs import that speak of their job with whoever runs them.
pub(crate) const JOB: &str = "sublet:job/";

/// The label whose value all instances of several jobs can be found by.
pub(crate) const GROUP: &str = "group";

/// A job that is not over.
#[derive(Clone, Debug)]
pub(crate) struct ActiveJob {
    pub(crate) user: UserId,
    pub(crate) module: Digest,
    /// What workers are told of it.
    pub(crate) definition: Arc<Definition>,
    /// Whether its program can use a network and its user lets it: only then do its attempts have nics.
    pub(crate) has_nic: bool,
    /// Ports of this host that lead to its task.
    pub(crate) publish: Vec<Publication>,
    /// The job that submitted it; nothing where its user did.
    pub(crate) parent: Option<JobId>,
    /// How many jobs it has submitted.
    pub(crate) children: u64,
    /// Settled tasks by outcome, as last made durable or about to be.
    pub(crate) tally: Tally,
    /// What its finished attempts used: sums, and the highest of the peaks.
    pub(crate) used: Usage,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct ActiveJobs(HashMap<JobId, ActiveJob>);

impl ActiveJobs {
    pub(crate) fn insert(&mut self, id: JobId, job: ActiveJob) {
        self.0.insert(id, job);
    }

    pub(crate) fn remove(&mut self, id: JobId) -> Option<ActiveJob> {
        self.0.remove(&id)
    }

    pub(crate) fn get(&self, id: JobId) -> Option<&ActiveJob> {
        self.0.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: JobId) -> Option<&mut ActiveJob> {
        self.0.get_mut(&id)
    }

    /// The jobs of a user, in their order.
    pub(crate) fn of(&self, user: UserId) -> Vec<JobId> {
        let theirs = self.0.iter().filter(|(_, job)| job.user == user);
        let mut ids: Vec<_> = theirs.map(|(&id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// The jobs that this one submitted, in their order.
    pub(crate) fn children_of(&self, parent: JobId) -> Vec<JobId> {
        let children = self.0.iter().filter(|(_, job)| job.parent == Some(parent));
        let mut ids: Vec<_> = children.map(|(&id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// The jobs of a user that run a module, in their order.
    pub(crate) fn running(&self, user: UserId, module: Digest) -> Vec<JobId> {
        let theirs = self
            .0
            .iter()
            .filter(|(_, job)| job.user == user && job.module == module);
        let mut ids: Vec<_> = theirs.map(|(&id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether some job that is not over needs the module.
    pub(crate) fn need(&self, user: UserId, module: Digest) -> bool {
        self.0
            .values()
            .any(|job| job.user == user && job.module == module)
    }
}

impl ActiveJob {
    /// A job with what its parent is called, what its module imports, and what the operator says of its user's network.
    pub(crate) fn new(
        job: &NewJob,
        parent: Option<String>,
        imports: &[String],
        operator: NetworkTerms,
    ) -> Self {
        let network = &job.spec.network;
        Self {
            user: job.user,
            module: job.module,
            definition: Arc::new(definition(job, parent, imports, operator)),
            has_nic: network.own && imports.iter().any(|import| uses_network(import)),
            publish: network.publish.iter().map(publication).collect(),
            parent: job.parent,
            children: 0,
            tally: Tally::default(),
            used: Usage::default(),
        }
    }

    /// The same job, of which some tasks are over, and which submitted so many.
    pub(crate) fn so_far(mut self, tally: Tally, used: Usage, children: u64) -> Self {
        (self.tally, self.used, self.children) = (tally, used, children);
        self
    }

    /// Whether each of its tasks that is over succeeded.
    pub(crate) fn all_succeeded(&self) -> bool {
        self.tally.settled() == u64::from(self.tally.succeeded)
    }

    pub(crate) fn add_usage(&mut self, more: &Usage) {
        self.used = self.used.plus(*more);
    }

    /// Whether each of its attempts has a directory of its own.
    pub(crate) fn has_directories(&self) -> bool {
        self.definition.has_directories()
    }

    pub(crate) const fn count(&mut self, outcome: Outcome) {
        *self.tally.of(OutcomeKind::of(outcome)) += 1;
    }
}

fn uses_network(import: &str) -> bool {
    import.starts_with(SOCKETS) || import.starts_with(HTTP)
}

/// The job as the scheduler sees it, with what its module imports.
pub(crate) fn scheduled(job: &NewJob, imports: Vec<String>) -> Job {
    let spec = &job.spec;
    let after = spec.after.iter().map(|one| Dependency {
        job: one.job,
        when: when(one.when),
    });
    Job {
        id: job.id,
        user: job.user,
        tasks: spec.tasks.clone(),
        want: want(job),
        timeout_ms: spec.limits.wall_ms,
        is_gang: spec.gang,
        generations: spec.generations,
        is_child: job.parent.is_some(),
        priority: spec.priority,
        restart: spec.restart,
        submitted_at: job.submitted_at,
        subcluster: spec.subcluster.clone(),
        after: after.collect(),
        said: Said {
            class: spec.class.clone(),
            labels: spec.labels.clone(),
            module: spec.module_name.clone(),
            imports,
            network: if spec.network.own { "own" } else { "none" }.to_owned(),
        },
    }
}

pub(super) const fn publication(stored: &StoredPublish) -> Publication {
    Publication {
        host_port: stored.host_port,
        guest_port: stored.guest_port,
    }
}

const fn when(stored: sublet_store::When) -> When {
    match stored {
        sublet_store::When::OnSuccess => When::Success,
        sublet_store::When::OnFailure => When::Failure,
        sublet_store::When::Always => When::Always,
    }
}

const fn want(job: &NewJob) -> Resources {
    Resources {
        cpu_millis: job.spec.cpu_millis,
        memory_bytes: job.spec.limits.memory_bytes,
    }
}

fn definition(
    job: &NewJob,
    parent: Option<String>,
    imports: &[String],
    operator: NetworkTerms,
) -> Definition {
    let spec = &job.spec;
    Definition {
        job: job.id,
        public_id: convert::job_id(job.public_id),
        name: job.name.clone(),
        module: *job.module.as_bytes(),
        program: spec.program.clone(),
        args: spec.args.clone(),
        env: spec.env.clone(),
        limits: spec.limits,
        grace_ms: spec.grace_ms,
        parent,
        speaks_job: imports.iter().any(|import| import.starts_with(JOB)),
        labels: spec.labels.clone(),
        task_count: u64::from(spec.tasks.end().saturating_sub(*spec.tasks.start())) + 1,
        stdin: spec
            .stdin
            .map_or(Stdin::Empty, |digest| Stdin::File(Work::blob_path(digest))),
        mounts: spec
            .inputs
            .iter()
            .map(|input| Mount {
                host: Work::tree_path(input.digest),
                guest: input.guest_path.clone(),
                writable: false,
            })
            .collect(),
        network: NetworkTerms {
            names: spec.labels.get(GROUP).cloned().into_iter().collect(),
            allow: spec.network.allow.clone(),
            ..operator
        },
    }
}

/// The public name as the store keeps it, for a job that the driver names.
pub(crate) fn new_public_id() -> PublicId {
    PublicId(ulid::Ulid::generate().0)
}
