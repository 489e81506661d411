//! What a rule is asked about: borrowed views, filled by whoever owns the state, read by number.
//!
//! The clock comes in as `now`, so a rule has none. Aging attributes are kept as the instant at which they began.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::attribute::{Attribute, Object};
use crate::quantity::UnixMillis;

/// Everything a rule may look at. What is missing is treated as absent: a comparison with it is false.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The time of the question.
    pub now: UnixMillis,
    /// The node, for entry and exit rules.
    pub node: Option<&'a NodeFacts<'a>>,
    /// The sub-cluster, for entry, exit and accept rules.
    pub subcluster: Option<&'a SubclusterFacts<'a>>,
    /// The job, for accept, route and class rules.
    pub job: Option<&'a JobFacts<'a>>,
    /// The user who submitted it, for accept, route and class rules.
    pub user: Option<&'a UserFacts<'a>>,
}

/// One node.
#[derive(Clone, Copy, Debug)]
pub struct NodeFacts<'a> {
    /// Its id.
    pub id: &'a str,
    /// The host it is carved from.
    pub host: &'a str,
    /// Thousandths of a processor.
    pub cpu_millis: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// The operator's number for it.
    pub priority: i32,
    /// The operator's words for it.
    pub labels: &'a BTreeMap<String, String>,
    /// Thousandths of full load.
    pub load_millis: u64,
    /// Thousandths of a processor that nobody holds.
    pub cpu_free_millis: u64,
    /// Bytes of memory that nobody holds.
    pub memory_free_bytes: u64,
    /// Slots it is cut into.
    pub slots: u64,
    /// Slots without an attempt.
    pub slots_free: u64,
    /// Attempts on it.
    pub running: u64,
    /// Whether it works.
    pub healthy: bool,
    /// Whether it takes no new work.
    pub draining: bool,
    /// Since when nothing runs on it; without it `node.idle` is 0 and does not grow.
    pub idle_since: Option<UnixMillis>,
    /// When it joined the pool: `node.age` counts from here.
    pub joined_at: UnixMillis,
    /// When it entered its sub-cluster; without it `node.dwell` is 0.
    pub entered_at: Option<UnixMillis>,
}

/// One sub-cluster.
#[derive(Clone, Copy, Debug)]
pub struct SubclusterFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its precedence.
    pub priority: i32,
    /// Its weight in ratios.
    pub weight: u32,
    /// Nodes it asks for.
    pub nodes_min: u32,
    /// Nodes it may have.
    pub nodes_max: u32,
    /// Nodes it has.
    pub nodes: u64,
    /// Slots of its nodes.
    pub slots: u64,
    /// Slots without an attempt.
    pub slots_free: u64,
    /// Tasks that wait in it.
    pub queued: u64,
    /// Attempts in it.
    pub running: u64,
    /// How long a task is expected to wait, in milliseconds.
    pub expected_wait_ms: u64,
    /// Since when nothing is queued or runs; without it `sub.idle` is 0 and does not grow.
    pub idle_since: Option<UnixMillis>,
}

/// One job.
#[derive(Clone, Copy, Debug)]
pub struct JobFacts<'a> {
    /// Thousandths of a processor per task.
    pub cpu_millis: u64,
    /// Bytes of memory per task.
    pub memory_bytes: u64,
    /// Wall time per attempt, in milliseconds.
    pub timeout_ms: u64,
    /// The user's number for it.
    pub priority: i32,
    /// Its tasks.
    pub tasks: u64,
    /// Tasks that start together; 1 when each starts alone.
    pub gang: u64,
    /// The name of its class.
    pub class: &'a str,
    /// The user's words for it.
    pub labels: &'a BTreeMap<String, String>,
    /// The digest or name of its module.
    pub module: &'a str,
    /// What the module imports.
    pub imports: &'a [String],
    /// The network it asks for.
    pub network: &'a str,
    /// `never`, `on-loss` or `on-failure`.
    pub restart: &'a str,
    /// The number of the attempt.
    pub attempt: u32,
    /// When it was submitted: `job.waited` counts from here.
    pub submitted_at: UnixMillis,
}

/// One user.
#[derive(Clone, Copy, Debug)]
pub struct UserFacts<'a> {
    /// The id.
    pub id: &'a str,
    /// `user` or `operator`.
    pub role: &'a str,
    /// The weight in sharing.
    pub weight: u32,
    /// The operator's words for the user.
    pub labels: &'a BTreeMap<String, String>,
    /// Attempts of the user.
    pub running: u64,
    /// Tasks of the user that wait.
    pub queued: u64,
    /// The dominant share, in thousandths of the pool.
    pub share_millis: u64,
}

/// Where an evaluation reads from: facts, or the example of a static check.
pub(crate) trait Source {
    /// The amount or truth (0 or 1) of the attribute, within its range.
    fn amount(&self, attribute: Attribute) -> Option<i128>;
    fn text(&self, attribute: Attribute) -> Option<&str>;
    fn label(&self, object: Object, name: &str) -> Option<&str>;
    fn imports(&self, import: &str) -> bool;
}

impl Source for Facts<'_> {
    fn amount(&self, attribute: Attribute) -> Option<i128> {
        let amount = match attribute.object() {
            Object::Node => self.node.and_then(|node| node.amount(attribute, self.now)),
            Object::Subcluster => self
                .subcluster
                .and_then(|sub| sub.amount(attribute, self.now)),
            Object::Job => self.job.and_then(|job| job.amount(attribute, self.now)),
            Object::User => self.user.and_then(|user| user.amount(attribute)),
        }?;
        let (lowest, highest) = attribute.range();
        Some(amount.clamp(lowest, highest))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not text has no text, whichever it is"
    )]
    fn text(&self, attribute: Attribute) -> Option<&str> {
        Some(match attribute {
            Attribute::NodeId => self.node?.id,
            Attribute::NodeHost => self.node?.host,
            Attribute::SubName => self.subcluster?.name,
            Attribute::JobClass => self.job?.class,
            Attribute::JobModule => self.job?.module,
            Attribute::JobNetwork => self.job?.network,
            Attribute::JobRestart => self.job?.restart,
            Attribute::UserId => self.user?.id,
            Attribute::UserRole => self.user?.role,
            _ => return None,
        })
    }

    fn label(&self, object: Object, name: &str) -> Option<&str> {
        let labels = match object {
            Object::Node => self.node?.labels,
            Object::Job => self.job?.labels,
            Object::User => self.user?.labels,
            Object::Subcluster => return None,
        };
        labels.get(name).map(String::as_str)
    }

    fn imports(&self, import: &str) -> bool {
        self.job
            .is_some_and(|job| job.imports.iter().any(|one| one == import))
    }
}

impl Facts<'_> {
    /// The instant from which an aging attribute counts, if it grows.
    pub(crate) fn since(&self, attribute: Attribute) -> Option<UnixMillis> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "what does not age has no beginning, whichever it is"
        )]
        match attribute {
            Attribute::NodeIdle => self.node?.idle_since,
            Attribute::NodeAge => Some(self.node?.joined_at),
            Attribute::NodeDwell => self.node?.entered_at,
            Attribute::SubIdle => self.subcluster?.idle_since,
            Attribute::JobWaited => Some(self.job?.submitted_at),
            _ => None,
        }
    }
}

/// Milliseconds from `since` to `now`; 0 before it began and where it never did.
fn elapsed(since: Option<UnixMillis>, now: UnixMillis) -> u64 {
    since.map_or(0, |since| now.0.saturating_sub(since.0))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is no amount of this object has none, whichever it is"
)]
impl NodeFacts<'_> {
    fn amount(&self, attribute: Attribute, now: UnixMillis) -> Option<i128> {
        let amount = match attribute {
            Attribute::NodeCpu => self.cpu_millis,
            Attribute::NodeMemory => self.memory_bytes,
            Attribute::NodePriority => return Some(i128::from(self.priority)),
            Attribute::NodeLoad => self.load_millis,
            Attribute::NodeCpuFree => self.cpu_free_millis,
            Attribute::NodeMemoryFree => self.memory_free_bytes,
            Attribute::NodeSlots => self.slots,
            Attribute::NodeSlotsFree => self.slots_free,
            Attribute::NodeRunning => self.running,
            Attribute::NodeHealthy => self.healthy.into(),
            Attribute::NodeDraining => self.draining.into(),
            Attribute::NodeIdle => elapsed(self.idle_since, now),
            Attribute::NodeAge => elapsed(Some(self.joined_at), now),
            Attribute::NodeDwell => elapsed(self.entered_at, now),
            _ => return None,
        };
        Some(i128::from(amount))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is no amount of this object has none, whichever it is"
)]
impl SubclusterFacts<'_> {
    fn amount(&self, attribute: Attribute, now: UnixMillis) -> Option<i128> {
        let amount = match attribute {
            Attribute::SubPriority => return Some(i128::from(self.priority)),
            Attribute::SubWeight => self.weight.into(),
            Attribute::SubNodesMin => self.nodes_min.into(),
            Attribute::SubNodesMax => self.nodes_max.into(),
            Attribute::SubNodes => self.nodes,
            Attribute::SubSlots => self.slots,
            Attribute::SubSlotsFree => self.slots_free,
            Attribute::SubQueued => self.queued,
            Attribute::SubRunning => self.running,
            Attribute::SubExpectedWait => self.expected_wait_ms,
            Attribute::SubIdle => elapsed(self.idle_since, now),
            _ => return None,
        };
        Some(i128::from(amount))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is no amount of this object has none, whichever it is"
)]
impl JobFacts<'_> {
    fn amount(&self, attribute: Attribute, now: UnixMillis) -> Option<i128> {
        let amount = match attribute {
            Attribute::JobCpu => self.cpu_millis,
            Attribute::JobMemory => self.memory_bytes,
            Attribute::JobTimeout => self.timeout_ms,
            Attribute::JobPriority => return Some(i128::from(self.priority)),
            Attribute::JobTasks => self.tasks,
            Attribute::JobGang => self.gang,
            Attribute::JobAttempt => self.attempt.into(),
            Attribute::JobWaited => elapsed(Some(self.submitted_at), now),
            _ => return None,
        };
        Some(i128::from(amount))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is no amount of this object has none, whichever it is"
)]
impl UserFacts<'_> {
    fn amount(&self, attribute: Attribute) -> Option<i128> {
        let amount = match attribute {
            Attribute::UserWeight => self.weight.into(),
            Attribute::UserRunning => self.running,
            Attribute::UserQueued => self.queued,
            Attribute::UserShare => self.share_millis,
            _ => return None,
        };
        Some(i128::from(amount))
    }
}
