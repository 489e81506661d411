//! What a review of a rule set can find, and how it is said. It decides nothing.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::quantity::{write_bytes, write_thousandths};
use crate::rule_set::{Remark, RuleSet};
use crate::rules::{Example, Remedy, RuleKind};

/// What a review found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// Why the rule set cannot be used. Empty: it can.
    pub refusals: Vec<Refusal>,
    /// What is worth knowing about it. Only looked for once names, numbers and targets are in order.
    pub remarks: Vec<Remark>,
}

/// Which part of a rule set is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All of it.
    RuleSet,
    /// The sub-cluster of that name.
    Subcluster(String),
    /// The route of that name.
    Route(String),
    /// The class of that name.
    Class(String),
}

/// Something that must change before the rule set can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it is about.
    pub subject: Subject,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a rule set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// It has no sub-cluster.
    NoSubcluster,
    /// It has more of something than it may have.
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A name that is empty, too long, or has other letters than a name may have.
    BadName,
    /// Two of the same kind have this name.
    DoubleName,
    /// A number outside its range.
    OutOfRange {
        /// Which number.
        quantity: Quantity,
        /// What it is.
        found: u64,
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
    /// It must have more nodes than it may have.
    MinAboveMax {
        /// The nodes it must have.
        min: u32,
        /// The nodes it may have.
        max: u32,
    },
    /// It leads to a sub-cluster that is not there.
    UnknownTarget {
        /// What is written.
        to: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// It names a target twice.
    DoubleTarget {
        /// Which one.
        to: String,
    },
    /// None of its targets has a weight above 0.
    NothingSpread,
    /// A rule of another kind stands where one of this kind is needed.
    WrongKind {
        /// The kind that is needed.
        needed: RuleKind,
        /// The kind it is.
        found: RuleKind,
    },
    /// Its entry and its exit rule can both hold: a node could come and go without end.
    EntryAndExit {
        /// When they do.
        example: Example,
        /// What to change.
        remedy: Option<Remedy>,
    },
}

/// A number in a rule set that has a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Thousandths of a processor in a slot.
    SlotCpu,
    /// Bytes of memory in a slot.
    SlotMemory,
    /// Nodes a sub-cluster may have.
    NodesMax,
    /// Weight of a sub-cluster.
    Weight,
    /// Milliseconds that work may go on.
    Grace,
    /// Milliseconds that a node stays at least.
    DwellMin,
    /// Moves of one node within a minute.
    MovesPerMinuteMax,
}

impl Review {
    /// Whether the rule set can be used.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.refusals.is_empty()
    }
}

impl Subject {
    /// Its name; nothing for the whole.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::RuleSet => "",
            Self::Subcluster(name) | Self::Route(name) | Self::Class(name) => name,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RuleSet => f.write_str("the rule set"),
            Self::Subcluster(name) => write_named(f, "sub-cluster", name),
            Self::Route(name) => write_named(f, "route", name),
            Self::Class(name) => write_named(f, "class", name),
        }
    }
}

/// A name that is none is quoted, and cut: it may be anything.
fn write_named(f: &mut fmt::Formatter<'_>, kind: &str, name: &str) -> fmt::Result {
    if RuleSet::is_name(name) {
        return write!(f, "{kind} {name}");
    }
    let shown: String = name.chars().take(RuleSet::NAME_BYTES_MAX).collect();
    write!(f, "{kind} {shown:?}")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.reason)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSubcluster => f.write_str("it has no sub-cluster, define at least one"),
            Self::TooMany { what, count, limit } => {
                write!(
                    f,
                    "it has {count} {what}, the limit is {limit}, leave some out"
                )
            }
            Self::BadName => write!(
                f,
                "this is no name, a name has 1 to {} letters, digits, dots, underscores and hyphens",
                RuleSet::NAME_BYTES_MAX
            ),
            Self::DoubleName => f.write_str("it is defined twice, give one another name"),
            Self::OutOfRange {
                quantity,
                found,
                least,
                most,
            } => {
                write!(f, "{quantity} is ")?;
                quantity.write(f, *found)?;
                f.write_str(", it may be ")?;
                quantity.write(f, *least)?;
                f.write_str(" to ")?;
                quantity.write(f, *most)
            }
            Self::MinAboveMax { min, max } => write!(
                f,
                "nodes.min is {min} and nodes.max is {max}, lower min or raise max"
            ),
            Self::UnknownTarget { to, nearest } => write_unknown(f, to, nearest.as_deref()),
            Self::DoubleTarget { to } => {
                write!(
                    f,
                    "its spread names {to} twice, write the sum of both weights once"
                )
            }
            Self::WrongKind { needed, found } => write!(
                f,
                "its {needed} rule was written as an {found} rule, write it as an {needed} rule"
            ),
            Self::EntryAndExit { example, remedy } => {
                write_entry_and_exit(f, example, remedy.as_ref())
            }
            Self::NothingSpread => {
                f.write_str("its spread gives nothing to anybody, give one target a weight above 0")
            }
        }
    }
}

fn write_unknown(f: &mut fmt::Formatter<'_>, to: &str, nearest: Option<&str>) -> fmt::Result {
    let shown: String = to.chars().take(RuleSet::NAME_BYTES_MAX).collect();
    write!(f, "it leads to sub-cluster {shown:?}, which is not there")?;
    match nearest {
        Some(nearest) => write!(f, ", did you mean {nearest:?}?"),
        None => Ok(()),
    }
}

fn write_entry_and_exit(
    f: &mut fmt::Formatter<'_>,
    example: &Example,
    remedy: Option<&Remedy>,
) -> fmt::Result {
    write!(f, "its entry and its exit rule both hold for {example}, ")?;
    match remedy {
        Some(remedy) => write!(f, "add to entry: {}", remedy.term),
        None => f.write_str("and entry never holds without exit, change one of them"),
    }
}

impl Quantity {
    fn write(self, f: &mut fmt::Formatter<'_>, amount: u64) -> fmt::Result {
        match self {
            Self::SlotCpu => write_thousandths(f, amount),
            Self::SlotMemory => write_bytes(f, amount),
            Self::Grace | Self::DwellMin => write!(f, "{amount} ms"),
            Self::NodesMax | Self::Weight | Self::MovesPerMinuteMax => write!(f, "{amount}"),
        }
    }
}

impl fmt::Display for Quantity {
    /// As an operator writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SlotCpu => "slot.cpu",
            Self::SlotMemory => "slot.memory",
            Self::NodesMax => "nodes.max",
            Self::Weight => "weight",
            Self::Grace => "grace",
            Self::DwellMin => "dwell_min",
            Self::MovesPerMinuteMax => "moves_per_minute_max",
        })
    }
}
