//! What is kept of a decision: the way a job came to its sub-cluster, and what was seen of the others.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::refusal::Obstacle;
use crate::SubclusterId;

/// Where a job goes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// Its sub-cluster.
    pub subcluster: SubclusterId,
    /// What decided.
    pub by: RoutedBy,
    /// Routes and classes that the job is one for and that did not decide, because no target of theirs takes it now.
    pub passed_over: Vec<RoutedBy>,
    /// The sub-clusters it might have gone to, by name. Only the one named, if the user named one.
    pub considered: Vec<Considered>,
}

/// What decided where a job goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutedBy {
    /// Its user named the sub-cluster.
    Asked,
    /// A route.
    Rule {
        /// Its name.
        name: String,
        /// The version of the rule set.
        version: u64,
    },
    /// The ratio of its class.
    Class {
        /// The name of the class.
        name: String,
        /// The version of the rule set.
        version: u64,
    },
    /// The least load among those that take it.
    Load,
}

/// One sub-cluster as it was when the job came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Which one.
    pub subcluster: SubclusterId,
    /// Its name.
    pub name: String,
    /// Whether new work was welcome.
    pub is_open: bool,
    /// The wait expected in it, in milliseconds.
    pub expected_wait_ms: u64,
    /// Slots that nobody held.
    pub slots_free: u64,
    /// What stood against the job. Empty: it takes it.
    pub obstacles: Vec<Obstacle>,
}

impl fmt::Display for RoutedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("its user"),
            Self::Rule { name, version } => write!(f, "rule {name} (version {version})"),
            Self::Class { name, version } => write!(f, "class {name} (version {version})"),
            Self::Load => f.write_str("load"),
        }
    }
}

impl fmt::Display for Considered {
    /// `short: takes it, expected wait 0 ms, 5 slots free`, or what stood against the job.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        if self.obstacles.is_empty() {
            let paused = if self.is_open { "" } else { ", but is paused" };
            write!(f, "takes it{paused}")?;
        } else {
            super::refusal::write_obstacles(f, &self.obstacles)?;
        }
        let (wait, free) = (self.expected_wait_ms, self.slots_free);
        write!(f, ", expected wait {wait} ms, {free} slots free")
    }
}
