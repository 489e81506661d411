//! Where a job goes. It decides the sub-cluster of a job when the job comes in, and keeps why. It must not know when the
//! job will start or on which node: a sub-cluster has a queue and decides that by itself.
//!
//! Asked in this order: what the user wrote, the routes, the ratio of the job's class, the load. Whichever way a job
//! comes, its sub-cluster must take it. The answer depends on names, never on the order in which places are handed in.

use crate::rule_set::SubclusterSpec;
use crate::rules::{Facts, JobFacts, SubclusterFacts, UserFacts};
use crate::{Resources, SubclusterId, UnixMillis};

mod candidates;
mod decision;
mod record;
mod refusal;
mod router;
mod shares;

#[cfg(test)]
mod tests;

pub use record::{Considered, RoutedBy, Routing};
pub use refusal::{NoRoute, Obstacle, Refused};
pub use router::Router;

/// What is asked for a job, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// When it is asked.
    pub now: UnixMillis,
    /// The sub-cluster that the user named.
    pub subcluster: Option<&'a str>,
    /// What it needs, and what rules read of it.
    pub job: &'a JobFacts<'a>,
    /// What rules read of its user.
    pub user: &'a UserFacts<'a>,
}

/// A sub-cluster as it is when a job comes in.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Which one it is.
    pub id: SubclusterId,
    /// What the operator says of it. Its name is unique among the places.
    pub spec: &'a SubclusterSpec,
    /// What rules read of it.
    pub facts: SubclusterFacts<'a>,
    /// The most slots it could ever have with the nodes there are today.
    pub slots_ever: u64,
    /// Whether new work is welcome: neither paused nor on its way out. One that is not open gets a job only when no open
    /// one takes it; the job then waits there.
    pub is_open: bool,
}

impl<'a> Ask<'a> {
    /// What each attempt is granted at least.
    const fn want(&self) -> Resources {
        Resources {
            cpu_millis: self.job.cpu_millis,
            memory_bytes: self.job.memory_bytes,
        }
    }

    /// What a rule sees that is asked about the job and its user alone.
    const fn facts(&self) -> Facts<'a> {
        Facts {
            now: self.now,
            node: None,
            subcluster: None,
            job: Some(self.job),
            user: Some(self.user),
        }
    }
}
