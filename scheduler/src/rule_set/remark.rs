//! What is worth knowing about a rule set that can be used, and how it is said. It decides nothing.

use alloc::string::String;
use core::fmt;

use super::finding::Subject;
use crate::rules::{Example, Hysteresis, Note, RuleKind};

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is about.
    pub subject: Subject,
    /// What it is.
    pub reason: RemarkReason,
}

/// What is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemarkReason {
    /// One of its rules is odd.
    Odd {
        /// Which rule.
        kind: RuleKind,
        /// How.
        note: Note,
    },
    /// A small change moves a node in and out.
    TooNear(Hysteresis),
    /// Whether entry and exit can both hold was not decided.
    PairNotDecided,
    /// Another sub-cluster wants the same nodes.
    Overlap {
        /// The other one.
        other: String,
        /// Such a node.
        example: Example,
        /// Who gets it.
        winner: Winner,
    },
    /// Whether another sub-cluster wants the same nodes was not decided.
    OverlapNotDecided {
        /// The other one.
        other: String,
    },
    /// There are too many pairs of sub-clusters to ask all of them whether they want the same nodes.
    OverlapsNotAsked {
        /// Pairs that were not asked.
        pairs: usize,
    },
}

/// Who gets a node that two sub-clusters want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The one of higher priority, always.
    ByPriority {
        /// Its name.
        name: String,
        /// Its priority.
        priority: i32,
        /// The priority of the other.
        other: i32,
    },
    /// Their priorities are equal: whoever is below its minimum, then who has the fewest nodes for its weight, then this.
    ByNeed {
        /// The first by name.
        name: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.reason)
    }
}

impl fmt::Display for RemarkReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd { kind, note } => write!(f, "{kind} rule: {note}"),
            Self::TooNear(hysteresis) => hysteresis.fmt(f),
            Self::PairNotDecided => f.write_str(
                "not decided whether entry and exit can both hold: \
                 they compare attributes with each other or have too many cases",
            ),
            Self::Overlap {
                other,
                example,
                winner,
            } => {
                write!(f, "it and {other} both want ")?;
                write_node(f, example)?;
                write!(f, ": {winner}")
            }
            Self::OverlapNotDecided { other } => write!(
                f,
                "not decided whether it and {other} want the same nodes: \
                 their entry rules compare attributes with each other or have too many cases"
            ),
            Self::OverlapsNotAsked { pairs } => write!(
                f,
                "{pairs} further pairs of sub-clusters were not asked whether they want the same nodes"
            ),
        }
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, example: &Example) -> fmt::Result {
    if example.readings.is_empty() {
        return f.write_str("any node");
    }
    write!(f, "a node with {example}")
}

impl fmt::Display for Winner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByPriority {
                name,
                priority,
                other,
            } => write!(
                f,
                "{name} gets it, its priority is {priority} against {other}"
            ),
            Self::ByNeed { name } => write!(
                f,
                "whoever is below its nodes.min gets it, then who has the fewest nodes for its weight, then {name} by name"
            ),
        }
    }
}
