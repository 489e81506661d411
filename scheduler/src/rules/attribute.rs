//! The schema: every attribute a rule may read, what kind of value it is, how it changes, and its range.
//!
//! All amounts are integers. A number with a fraction is held in thousandths (`node.cpu`, `node.load`,
//! `node.cpu_free`, `job.cpu`, `user.share`), memory in bytes, time in milliseconds. The ranges are generous; facts
//! beyond them are taken as the nearest end, so the overflow check of a rule speaks for every fact there can be.
//!
//! | kind of value | lowest | highest |
//! |---|---|---|
//! | count | 0 | 2^40 |
//! | processors, load, share | 0 | 2^40 thousandths |
//! | memory | 0 | 2^60 bytes |
//! | time | 0 | 2^50 ms, some 35,000 years |
//! | priority | -2^31 | 2^31 - 1 |

use core::fmt;

use super::attribute_set::AttributeSet;
use super::schema::{Entry, SCHEMA};

/// Something a rule may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named like what a rule writes")]
pub enum Attribute {
    NodeId,
    NodeHost,
    NodeCpu,
    NodeMemory,
    NodePriority,
    NodeLabel,
    NodeLoad,
    NodeCpuFree,
    NodeMemoryFree,
    NodeSlots,
    NodeSlotsFree,
    NodeRunning,
    NodeHealthy,
    NodeDraining,
    NodeIdle,
    NodeAge,
    NodeDwell,
    SubName,
    SubPriority,
    SubWeight,
    SubNodesMin,
    SubNodesMax,
    SubNodes,
    SubSlots,
    SubSlotsFree,
    SubQueued,
    SubRunning,
    SubExpectedWait,
    SubIdle,
    JobCpu,
    JobMemory,
    JobTimeout,
    JobPriority,
    JobTasks,
    JobGang,
    JobClass,
    JobLabel,
    JobModule,
    JobImports,
    JobNetwork,
    JobRestart,
    JobAttempt,
    JobWaited,
    UserId,
    UserRole,
    UserWeight,
    UserLabel,
    UserRunning,
    UserQueued,
    UserShare,
}

/// What an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is a noun of the product")]
pub enum Object {
    Node,
    Subcluster,
    Job,
    User,
}

/// How an attribute changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Not by itself: who owns the object says it.
    Fixed,
    /// By events.
    Live,
    /// By the clock, without an event.
    Aging,
}

/// What kind of value an attribute has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Count,
    Priority,
    Thousandths,
    Bytes,
    Duration,
    Truth,
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A map of texts; a rule reads one of them by its name.
    Labels,
    TextSet,
}

impl Object {
    pub(crate) const ALL: [Self; 4] = [Self::Node, Self::Job, Self::Subcluster, Self::User];

    /// As a rule writes it: `node`, `sub`, `job`, `user`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Subcluster => "sub",
            Self::Job => "job",
            Self::User => "user",
        }
    }
}

impl Attribute {
    /// Every attribute, in the order of the enum.
    pub fn all() -> impl Iterator<Item = Self> {
        SCHEMA.iter().map(|entry| entry.attribute)
    }

    pub(crate) const COUNT: u32 = 50;

    const fn entry(self) -> &'static Entry {
        &SCHEMA[self as usize]
    }

    /// What it belongs to.
    #[must_use]
    pub const fn object(self) -> Object {
        self.entry().object
    }

    /// Its name without the object: `cpu_free`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// How it changes.
    #[must_use]
    pub const fn pace(self) -> Pace {
        self.entry().pace
    }

    pub(crate) const fn sort(self) -> Sort {
        self.entry().sort
    }

    /// The lowest and the highest amount it can have, for what is an amount or a truth (0 and 1).
    pub(crate) const fn range(self) -> (i128, i128) {
        match self.sort() {
            Sort::Count | Sort::Thousandths => (0, 1 << 40),
            Sort::Bytes => (0, 1 << 60),
            Sort::Duration => (0, 1 << 50),
            Sort::Priority => (-(1 << 31), (1 << 31) - 1),
            Sort::Truth => (0, 1),
            Sort::Text | Sort::Word(_) | Sort::Labels | Sort::TextSet => (0, 0),
        }
    }
}

impl fmt::Display for Attribute {
    /// As a rule writes it: `node.cpu_free`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.object().name(), self.name())
    }
}

impl AttributeSet {
    /// All attributes of this pace.
    #[must_use]
    pub const fn of_pace(pace: Pace) -> Self {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < SCHEMA.len() {
            if SCHEMA[index].pace as u8 == pace as u8 {
                set = set.with(SCHEMA[index].attribute);
            }
            index += 1;
        }
        set
    }

    /// All attributes of this kind of object.
    #[must_use]
    pub const fn of_object(object: Object) -> Self {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < SCHEMA.len() {
            if SCHEMA[index].object as u8 == object as u8 {
                set = set.with(SCHEMA[index].attribute);
            }
            index += 1;
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_the_number_of_its_row() {
        for (row, attribute) in Attribute::all().enumerate() {
            assert_eq!(attribute as usize, row, "{attribute}");
        }
    }
}
