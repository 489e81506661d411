//! What operators decided and a restart must not undo: the rules in force, and wishes that hold until they are taken back.

use sublet_scheduler::{UnixMillis, UserId};

/// A set of rules that was applied, in the operator's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// Counted from 1, without gaps.
    pub version: u64,
    /// The canonical text, which this crate does not read.
    pub document: String,
    /// Who applied it.
    pub by: UserId,
    /// When.
    pub at: UnixMillis,
}

/// A sub-cluster that is to start nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedSubcluster {
    /// Its name: it may go and come back with other rules, and stays paused.
    pub name: String,
    /// Who asked for it last.
    pub by: UserId,
    /// Why, in their words.
    pub reason: String,
    /// Since when. Asking again gives another reason, and no later beginning.
    pub since: UnixMillis,
}

/// A node that is to be emptied and given nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainedNode {
    /// Its name.
    pub node: String,
    /// Who asked for it last.
    pub by: UserId,
    /// Why, in their words.
    pub reason: String,
    /// Since when. Asking again gives another reason, and no later beginning.
    pub since: UnixMillis,
}
