//! What a run was like: waits, shares, utilisation, moves. As a text with tables ([`fmt::Display`]) and as a picture
//! ([`Report::picture`]). Nothing here is asked by the run or by its checks; its memory does not grow with the jobs.

use std::collections::BTreeMap;
use std::fmt;

mod histogram;
mod picture;
mod recorder;
mod series;
mod table;
mod text;
mod words;

pub use histogram::Histogram;
pub use recorder::{Holding, Membership, Recorder};
pub use series::{SAMPLES_MAX, Series};

/// What a run was like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// One line that says what was played.
    pub title: String,
    /// The virtual time that it took, in microseconds.
    pub length_us: u64,
    /// How often things happened.
    pub counts: Counts,
    /// From submission to the start of a task's first attempt, in microseconds.
    pub waits: Histogram,
    /// The same by user, in the order of the workload.
    pub waits_of_users: Vec<Named<Histogram>>,
    /// The same by class of job.
    pub waits_of_classes: BTreeMap<&'static str, Histogram>,
    /// The same by the sub-cluster that the task started in.
    pub waits_of_subclusters: Vec<Named<Histogram>>,
    /// When the last job of each user was finished, in microseconds since the start.
    pub ends_of_users: Vec<Named<u64>>,
    /// The granted part of the pool's processors over time.
    pub cpu: Series,
    /// The granted part of the pool's memory over time.
    pub memory: Series,
    /// Tasks that wait for a slot, by sub-cluster.
    pub queues: Vec<Named<Series>>,
    /// Nodes in each sub-cluster, and then those in none.
    pub members: Vec<Named<Series>>,
    /// The dominant share of each user over time.
    pub shares: Vec<Named<Series>>,
}

/// Something of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named<T> {
    /// Whose.
    pub name: String,
    /// What.
    pub of: T,
}

/// How often things happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that were taken in.
    pub jobs: u64,
    /// Jobs of which every task was settled.
    pub finished: u64,
    /// Jobs that still wait when nothing happens any more: the rules never gave them a slot.
    pub left_waiting: u64,
    /// Submissions that were refused, by reason.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Attempts that were started.
    pub starts: u64,
    /// Attempts that ended, by how.
    pub endings: BTreeMap<&'static str, u64>,
    /// Tasks that were cancelled before they had an attempt, or between two.
    pub cancelled_waiting: u64,
    /// Attempts that started while an older gang waited in the same sub-cluster.
    pub backfills: u64,
    /// Attempts that were ended early, by why.
    pub stops: BTreeMap<&'static str, u64>,
    /// Changes of nodes, by what they were.
    pub moves: BTreeMap<&'static str, u64>,
}

impl Report {
    /// The run as a drawing (SVG): utilisation, queues, membership and shares over virtual time.
    #[must_use]
    pub fn picture(&self) -> String {
        picture::draw(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::text(self))
    }
}
