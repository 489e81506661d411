//! What is wrong or odd about one rule as a whole: it can never hold, or it always does.

use alloc::vec;
use core::fmt;

use super::RuleKind;
use super::bounds::WAYS_TRIED_MAX;
use super::clauses::{TooMany, Unfolding, Way};
use super::error::RuleError;
use super::program::Program;
use super::reason::Reason;
use super::sample::Sample;
use super::typed::{Clause, Test};

/// Something about a rule that is worth saying and no reason to refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// An entry, accept, route or class rule that always holds.
    CatchAll,
    /// An exit rule that never holds.
    NeverLeaves,
    /// Whether the rule can hold at all was not decided.
    CanHoldNotDecided,
    /// Whether the rule always holds was not decided.
    AlwaysHoldsNotDecided,
}

/// The answer to a question that static checks cannot always settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    NotDecided,
}

/// The notes on a rule, or why it is refused.
pub(crate) fn judge(
    source: &str,
    kind: RuleKind,
    clause: &Clause,
) -> Result<vec::Vec<Note>, RuleError> {
    let refuse = |position, reason| Err(RuleError::at(source, position, reason));
    let mut notes = vec![];
    match (kind, can_be(clause, true)) {
        (_, Answer::Yes) => {}
        (_, Answer::NotDecided) => notes.push(Note::CanHoldNotDecided),
        (RuleKind::Exit, Answer::No) => notes.push(Note::NeverLeaves),
        (RuleKind::Entry | RuleKind::Accept | RuleKind::Route | RuleKind::Class, Answer::No) => {
            return match contradiction(clause) {
                Some(term) => refuse(term.span.start, Reason::Contradiction),
                None => refuse(clause.span.start, Reason::NeverHolds),
            };
        }
    }
    match (kind, can_be(clause, false)) {
        (_, Answer::Yes) => {}
        (_, Answer::NotDecided) => notes.push(Note::AlwaysHoldsNotDecided),
        (RuleKind::Exit, Answer::No) => return refuse(clause.span.start, Reason::AlwaysHolds),
        (RuleKind::Entry | RuleKind::Accept | RuleKind::Route | RuleKind::Class, Answer::No) => {
            notes.push(Note::CatchAll);
        }
    }
    Ok(notes)
}

/// Whether there is a world in which the clause is `truth`.
fn can_be(clause: &Clause, truth: bool) -> Answer {
    let Ok(ways) = Unfolding::new().ways(clause, truth) else {
        return Answer::NotDecided;
    };
    if ways.is_empty() {
        return Answer::No;
    }
    let (program, reads) = (Program::of(clause), clause.reads());
    let confirms = |sample: &Sample| program.holds(sample) == truth;
    let mut tried = ways.iter().take(WAYS_TRIED_MAX);
    match tried.find_map(|way| Sample::find(way, &reads, confirms)) {
        Some(_) => Answer::Yes,
        None => Answer::NotDecided,
    }
}

/// The first term that does not go together with those before it.
fn contradiction(clause: &Clause) -> Option<&Clause> {
    let Test::All(terms) = &clause.test else {
        return None;
    };
    let mut unfolding = Unfolding::new();
    let mut before = vec![Way::default()];
    for (number, term) in terms.iter().enumerate() {
        before = match extended(&mut unfolding, &before, term) {
            Ok(ways) if ways.is_empty() => return (number > 0).then_some(term),
            Ok(ways) => ways,
            Err(TooMany) => return None,
        };
    }
    None
}

fn extended(
    unfolding: &mut Unfolding,
    before: &[Way],
    term: &Clause,
) -> Result<vec::Vec<Way>, TooMany> {
    let more = unfolding.ways(term, true)?;
    unfolding.both(before, &more)
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CatchAll => "the rule always holds, it catches all",
            Self::NeverLeaves => "the rule never holds, nodes leave only when they are drained",
            Self::CanHoldNotDecided => {
                "not decided whether the rule can hold: it compares attributes with each other or has too many cases"
            }
            Self::AlwaysHoldsNotDecided => {
                "not decided whether the rule always holds: it compares attributes with each other or has too many cases"
            }
        })
    }
}
