//! A world that owns what facts borrow, so that a test can change one value and ask again.

use std::collections::BTreeMap;

use sublet_scheduler::UnixMillis;
use sublet_scheduler::rules::{Facts, JobFacts, NodeFacts, Rule, SubclusterFacts, UserFacts};

/// The time of every question, unless a test moves it.
pub(crate) const NOW: u64 = 1_000_000_000_000;

pub(crate) type Labels = BTreeMap<String, String>;

/// Everything a rule can read. Instants of aging attributes count from `now`.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) node: NodeFacts<'static>,
    pub(crate) node_labels: Labels,
    pub(crate) subcluster: SubclusterFacts<'static>,
    pub(crate) job: JobFacts<'static>,
    pub(crate) job_labels: Labels,
    pub(crate) imports: Vec<String>,
    pub(crate) user: UserFacts<'static>,
    pub(crate) user_labels: Labels,
}

static NO_LABELS: Labels = Labels::new();

impl World {
    /// A small healthy node in a quiet sub-cluster, a small job of an ordinary user.
    pub(crate) fn new() -> Self {
        Self {
            now: NOW,
            node: node(),
            node_labels: Labels::new(),
            subcluster: subcluster(),
            job: job(),
            job_labels: Labels::new(),
            imports: Vec::new(),
            user: user(),
            user_labels: Labels::new(),
        }
    }

    pub(crate) fn holds(&self, rule: &Rule) -> bool {
        self.with_facts(|facts| rule.holds(facts))
    }

    pub(crate) fn with_facts<T>(&self, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
        let node = NodeFacts {
            labels: &self.node_labels,
            ..self.node
        };
        let job = JobFacts {
            labels: &self.job_labels,
            imports: &self.imports,
            ..self.job
        };
        let user = UserFacts {
            labels: &self.user_labels,
            ..self.user
        };
        ask(&Facts {
            now: UnixMillis(self.now),
            node: Some(&node),
            subcluster: Some(&self.subcluster),
            job: Some(&job),
            user: Some(&user),
        })
    }
}

/// An instant so long before [`NOW`].
pub(crate) fn ago(millis: u64) -> Option<UnixMillis> {
    Some(UnixMillis(NOW - millis))
}

fn node() -> NodeFacts<'static> {
    NodeFacts {
        id: "node-1",
        host: "host-a",
        cpu_millis: 500,
        memory_bytes: 2 << 30,
        priority: 0,
        labels: &NO_LABELS,
        load_millis: 300,
        cpu_free_millis: 250,
        memory_free_bytes: 1 << 30,
        slots: 10,
        slots_free: 5,
        running: 5,
        healthy: true,
        draining: false,
        idle_since: None,
        joined_at: UnixMillis(NOW - 60_000),
        entered_at: ago(30_000),
    }
}

fn subcluster() -> SubclusterFacts<'static> {
    SubclusterFacts {
        name: "short",
        priority: 10,
        weight: 3,
        nodes_min: 1,
        nodes_max: 6,
        nodes: 2,
        slots: 20,
        slots_free: 10,
        queued: 0,
        running: 10,
        expected_wait_ms: 0,
        idle_since: None,
    }
}

fn job() -> JobFacts<'static> {
    JobFacts {
        cpu_millis: 50,
        memory_bytes: 64 << 20,
        timeout_ms: 30_000,
        priority: 0,
        tasks: 1,
        gang: 1,
        class: "batch",
        labels: &NO_LABELS,
        module: "sha256:00",
        imports: &[],
        network: "none",
        restart: "never",
        attempt: 1,
        submitted_at: UnixMillis(NOW - 1_000),
    }
}

fn user() -> UserFacts<'static> {
    UserFacts {
        id: "ada",
        role: "user",
        weight: 1,
        labels: &NO_LABELS,
        running: 0,
        queued: 0,
        share_millis: 0,
    }
}
