//! What can be wrong with a rule. Each reason carries its data; the sentence names the thing, the number and the next
//! step.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::RuleKind;
use super::bounds::{DECIMALS_MAX, DEPTH_MAX, LIST_MAX, NODES_MAX, SOURCE_BYTES_MAX};

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Longer than the bound.
    SourceTooLong {
        /// Bytes of the text.
        bytes: usize,
    },
    /// More nodes of syntax than the bound.
    TooManyNodes,
    /// Nested deeper than the bound.
    TooDeep,
    /// More literals in a list than the bound.
    ListTooLong,
    /// A character that no rule contains.
    UnknownCharacter {
        /// The character.
        found: char,
    },
    /// Something else had to stand here.
    Expected {
        /// What may stand here.
        wanted: &'static str,
        /// What does.
        found: String,
    },
    /// `a < b < c`.
    ChainedComparison,
    /// A text without its closing quote on the same line.
    TextNotClosed,
    /// A backslash before something other than a quote or a backslash.
    UnknownEscape {
        /// What follows the backslash.
        found: char,
    },
    /// A number of more than 64 bits.
    NumberTooLarge,
    /// More digits after the point than the bound.
    TooManyDecimals,
    /// Letters after a number that are no unit.
    UnknownUnit {
        /// The letters.
        found: String,
        /// The unit that looks most like it.
        nearest: &'static str,
    },
    /// A word that starts no path.
    UnknownWord {
        /// The word.
        found: String,
        /// The word or path that looks most like it.
        nearest: String,
    },
    /// A call of something other than `has`.
    UnknownFunction {
        /// Its name.
        found: String,
    },
    /// An object without such an attribute.
    UnknownAttribute {
        /// The path as far as it is wrong.
        found: String,
        /// The attribute that looks most like it.
        nearest: String,
    },
    /// An object that this kind of rule does not see.
    NotSeen {
        /// The object.
        object: &'static str,
        /// The kind of rule.
        kind: RuleKind,
        /// What it sees.
        seen: &'static str,
    },
    /// A label, or the question for one, of something that has no labels.
    NotLabels {
        /// The attribute.
        path: String,
    },
    /// `node.labels` without the name of a label.
    LabelWithoutName {
        /// The path.
        path: String,
    },
    /// A word that an attribute never has.
    UnknownValue {
        /// The attribute.
        path: String,
        /// The word.
        found: String,
        /// The word that looks most like it.
        nearest: &'static str,
        /// All of them.
        words: Vec<&'static str>,
    },
    /// An operator between types it does not connect.
    WrongTypes {
        /// The operator.
        operator: &'static str,
        /// The type to its left.
        left: String,
        /// The type to its right.
        right: String,
    },
    /// An operator before a type it does not take.
    WrongType {
        /// The operator, or where the value stands.
        operator: &'static str,
        /// The type it needs.
        wanted: &'static str,
        /// The type it has.
        found: String,
    },
    /// Arithmetic whose result may leave the numbers.
    CanOverflow,
    /// No world makes it true.
    NeverHolds,
    /// No world makes it true together with what stands before it.
    Contradiction,
    /// Every world makes it true.
    AlwaysHolds,
}

impl fmt::Display for Reason {
    #[expect(
        clippy::too_many_lines,
        reason = "one sentence per reason, and the list of them is the point"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceTooLong { bytes } => write!(
                f,
                "the rule has {bytes} bytes, the limit is {SOURCE_BYTES_MAX}; put long lists into a label"
            ),
            Self::TooManyNodes => write!(
                f,
                "the rule has more than {NODES_MAX} literals, names and operators; put lists after in, or into a label"
            ),
            Self::TooDeep => write!(
                f,
                "the rule nests deeper than {DEPTH_MAX} levels from here; take parentheses away"
            ),
            Self::ListTooLong => write!(
                f,
                "the list has more than {LIST_MAX} values; use a label or two lists joined by ||"
            ),
            Self::UnknownCharacter { found } => {
                write!(f, "{found:?} is no part of a rule")?;
                match found {
                    '&' => f.write_str(", and is written &&"),
                    '|' => f.write_str(", or is written ||"),
                    '=' => f.write_str(", equality is written =="),
                    '/' => f.write_str(", there is no division; multiply the other side"),
                    _ => Ok(()),
                }
            }
            Self::Expected { wanted, found } => write!(f, "expected {wanted}, found {found}"),
            Self::ChainedComparison => f.write_str(
                "comparisons do not chain; write each of them and join them, as in a < b && b < c",
            ),
            Self::TextNotClosed => f.write_str("the text has no closing quote on its line"),
            Self::UnknownEscape { found } => write!(
                f,
                "a backslash stands before a quote or a backslash only, here it is before {found:?}"
            ),
            Self::NumberTooLarge => {
                write!(f, "the number is above {}, the largest there is", i64::MAX)
            }
            Self::TooManyDecimals => write!(
                f,
                "the number has more than {DECIMALS_MAX} digits after the point"
            ),
            Self::UnknownUnit { found, nearest } => write!(
                f,
                "unknown unit {found}, did you mean {nearest}? units are B KiB MiB GiB TiB and ms s m h d"
            ),
            Self::UnknownWord { found, nearest } => {
                write!(f, "unknown name {found}, did you mean {nearest}?")
            }
            Self::UnknownFunction { found } => write!(
                f,
                "unknown function {found}(), the only one is has(), as in has(node.labels.size)"
            ),
            Self::UnknownAttribute { found, nearest } => {
                write!(f, "there is no {found}, did you mean {nearest}?")
            }
            Self::NotSeen { object, kind, seen } => {
                write!(f, "{kind} rules do not see {object}, they see {seen}")
            }
            Self::NotLabels { path } => write!(
                f,
                "{path} is always there and has no labels; labels are written node.labels.size or node.labels[\"size\"]"
            ),
            Self::LabelWithoutName { path } => {
                write!(f, "{path} needs the name of a label, as in {path}.size")
            }
            Self::UnknownValue { path, found, nearest, words } => {
                write!(f, "{path} is never {found:?}, did you mean {nearest:?}? it is one of")?;
                words.iter().try_for_each(|word| write!(f, " {word:?}"))
            }
            Self::WrongTypes { operator, left, right } => {
                write!(f, "{operator} does not go between {left} and {right}")?;
                f.write_str(example(left, right))
            }
            Self::WrongType { operator, wanted, found } => {
                write!(f, "{operator} needs {wanted}, this is {found}")?;
                f.write_str(example(wanted, found))
            }
            Self::CanOverflow => f.write_str(
                "this can leave the range of numbers for values that the attributes may have; multiply fewer of them",
            ),
            Self::NeverHolds => {
                f.write_str("this can never hold, so the rule would never apply; look at its thresholds")
            }
            Self::Contradiction => f.write_str(
                "this can never hold together with what stands before it, so the rule would never apply",
            ),
            Self::AlwaysHolds => {
                f.write_str("this always holds, so every node would leave at once; compare an attribute that changes")
            }
        }
    }
}

/// How the type is written, for whoever used the wrong one.
fn example(one: &str, other: &str) -> &'static str {
    let involves = |name| one == name || other == name;
    if involves("bytes") {
        ", bytes are written with a unit, as in node.memory >= 512MiB"
    } else if involves("duration") {
        ", durations are written with a unit, as in sub.idle > 10m"
    } else if involves("set of text") {
        ", a set is asked with in, as in \"wasi:sockets/tcp\" in job.imports"
    } else if involves("text") || involves("label") {
        ", text is compared with == != and in, as in node.labels.size == \"large\""
    } else {
        ", as in node.healthy && node.cpu >= 2"
    }
}
