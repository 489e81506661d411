//! What two rules mean together: whether a node could be let in and be asked to leave at once, and whether two
//! sub-clusters want the same node.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Rule;
use super::attribute::{Object, Pace, Sort};
use super::bounds::WAYS_TRIED_MAX;
use super::clauses::{TooMany, Unfolding, Variable, Way};
use super::domain::Domain;
use super::program::Program;
use super::sample::{Example, Sample};
use super::typed::{Clause, Read, Test};
use super::wording;

/// The part of an exit threshold by which the entry threshold has to keep away from it.
const HYSTERESIS_DIVISOR: i128 = 10;

/// Whether entry and exit of one sub-cluster can both hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairCheck {
    /// They can, so a node could join and leave without end.
    CanBothHold {
        /// A world in which both hold.
        example: Example,
        /// What to add to the entry rule; nothing when entry holds nowhere but where exit does.
        remedy: Option<Remedy>,
    },
    /// They never both hold.
    Apart {
        /// Where the two come so near that a small change moves a node back and forth.
        warning: Option<Hysteresis>,
    },
    /// The check cannot tell. It is not a no.
    NotDecided,
}

/// How to keep an entry rule apart from an exit rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The term to add.
    pub term: String,
    /// The entry rule with it.
    pub entry: String,
}

/// Two thresholds that are too near to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hysteresis {
    /// The attribute.
    pub attribute: String,
    /// The last value that entry allows on that side.
    pub entry: String,
    /// The first value for which exit holds.
    pub exit: String,
}

/// Whether two entry rules can want the same node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// They can.
    Overlaps {
        /// A node that both want, as long as each sub-cluster itself is in a state that lets its rule hold.
        example: Example,
    },
    /// They never do.
    Disjoint,
    /// The check cannot tell. It is not a no.
    NotDecided,
}

/// Checks the entry and the exit rule of one sub-cluster against each other.
#[must_use]
pub fn check_pair(entry: &Rule, exit: &Rule) -> PairCheck {
    pair(entry, exit).unwrap_or(PairCheck::NotDecided)
}

fn pair(entry: &Rule, exit: &Rule) -> Result<PairCheck, TooMany> {
    let mut unfolding = Unfolding::new();
    let entry_ways = unfolding.ways(entry.clause(), true)?;
    let exit_ways = unfolding.ways(exit.clause(), true)?;
    let both = unfolding.both(&entry_ways, &exit_ways)?;
    if both.is_empty() {
        let warning = too_near(&mut unfolding, &entry_ways, &exit_ways)?;
        return Ok(PairCheck::Apart { warning });
    }
    let reads = reads_of(&[entry.clause(), exit.clause()]);
    let programs = [Program::of(entry.clause()), Program::of(exit.clause())];
    let confirms = |sample: &Sample| programs.iter().all(|program| program.holds(sample));
    let mut tried = both.iter().take(WAYS_TRIED_MAX);
    let Some(sample) = tried.find_map(|way| Sample::find(way, &reads, confirms)) else {
        return Ok(PairCheck::NotDecided);
    };
    Ok(PairCheck::CanBothHold {
        example: sample.example(|_| true),
        remedy: remedy(&mut unfolding, entry, exit)?,
    })
}

fn reads_of(clauses: &[&Clause]) -> Vec<Read> {
    let mut reads: Vec<Read> = clauses.iter().flat_map(|clause| clause.reads()).collect();
    reads.sort();
    reads.dedup();
    reads
}

/// The contrary of those terms of the exit rule that entry does not exclude yet.
fn remedy(unfolding: &mut Unfolding, entry: &Rule, exit: &Rule) -> Result<Option<Remedy>, TooMany> {
    let entry_ways = unfolding.ways(entry.clause(), true)?;
    let stays = unfolding.ways(exit.clause(), false)?;
    if unfolding.both(&entry_ways, &stays)?.is_empty() {
        return Ok(None);
    }
    let terms = if let Test::Any(terms) = &exit.clause().test {
        terms.as_slice()
    } else {
        core::slice::from_ref(exit.clause())
    };
    let mut contraries = Vec::new();
    for term in terms {
        let term_ways = unfolding.ways(term, true)?;
        if !unfolding.both(&entry_ways, &term_ways)?.is_empty() {
            contraries.push(contrary(exit.text(), term));
        }
    }
    let term = contraries.join(" && ");
    let before = &entry.text()[entry.clause().span.clone()];
    let entry = if matches!(entry.clause().test, Test::Any(_)) {
        alloc::format!("({before}) && {term}")
    } else {
        alloc::format!("{before} && {term}")
    };
    Ok(Some(Remedy { term, entry }))
}

/// The term that holds exactly where this does not, as short as it can be written.
fn contrary(source: &str, term: &Clause) -> String {
    let text = &source[term.span.clone()];
    let has_comment = text.contains("//");
    if let Test::Compare(comparison, ..) = &term.test
        && !has_comment
    {
        // A comparison of amounts contains no text and no second comparison, so the operator stands there once.
        return text.replacen(comparison.text(), comparison.opposite().text(), 1);
    }
    match &term.test {
        Test::Truth(_) | Test::Has(_) => alloc::format!("!{text}"),
        Test::Not(inner) => source[inner.span.clone()].into(),
        Test::Constant(_)
        | Test::Compare(..)
        | Test::OneOf(..)
        | Test::Text(..)
        | Test::TextOneOf(..)
        | Test::Imported(_)
        | Test::Same(..)
        | Test::All(_)
        | Test::Any(_) => alloc::format!("!({text})"),
    }
}

/// The first pair of ways that nothing keeps apart but thresholds that nearly touch.
fn too_near(
    unfolding: &mut Unfolding,
    entry_ways: &[Way],
    exit_ways: &[Way],
) -> Result<Option<Hysteresis>, TooMany> {
    for entry in entry_ways {
        for exit in exit_ways {
            unfolding.pay_for(entry, exit)?;
            if let Some(hysteresis) = nearly_touching(entry, exit) {
                return Ok(Some(hysteresis));
            }
        }
    }
    Ok(None)
}

fn nearly_touching(entry: &Way, exit: &Way) -> Option<Hysteresis> {
    let mut near = None;
    for (variable, exit_domain) in &exit.domains {
        let Some(entry_domain) = entry.domains.get(variable) else {
            continue;
        };
        if !entry_domain.intersection(exit_domain).is_empty() {
            continue;
        }
        // One that keeps them well apart is enough.
        near = Some(nearness(variable, entry_domain, exit_domain)?);
    }
    near
}

/// The two thresholds, if they are too near. Only what changes by itself can go back and forth, and what is true or false
/// has nothing between.
fn nearness(variable: &Variable, entry: &Domain, exit: &Domain) -> Option<Hysteresis> {
    let attribute = variable.amount()?;
    if attribute.pace() == Pace::Fixed || attribute.sort() == Sort::Truth {
        return None;
    }
    let (Domain::Amounts(entry), Domain::Amounts(exit)) = (entry, exit) else {
        return None;
    };
    let ends = |one: &(i128, i128), other: &(i128, i128)| {
        if one.1 < other.0 {
            (one.1, other.0)
        } else {
            (one.0, other.1)
        }
    };
    let pairs = entry
        .0
        .iter()
        .flat_map(|one| exit.0.iter().map(move |other| ends(one, other)));
    let (inside, outside) = pairs.min_by_key(|(one, other)| (one - other).abs())?;
    let distance = (inside - outside).abs();
    let touches = distance <= 1;
    (touches || distance * HYSTERESIS_DIVISOR < outside.abs()).then(|| Hysteresis {
        attribute: attribute.to_string(),
        entry: wording::amount(attribute, inside),
        exit: wording::amount(attribute, outside),
    })
}

/// Checks the entry rules of two sub-clusters against each other. What they read of `sub` is read of two sub-clusters, so it
/// keeps them neither apart nor together.
#[must_use]
pub fn check_overlap(one: &Rule, other: &Rule) -> Overlap {
    overlap(one, other).unwrap_or(Overlap::NotDecided)
}

fn overlap(one: &Rule, other: &Rule) -> Result<Overlap, TooMany> {
    let mut unfolding = Unfolding::new();
    let one_ways = unfolding.ways(one.clause(), true)?;
    let other_ways = unfolding.ways(other.clause(), true)?;
    let mut found = Overlap::Disjoint;
    for first in &one_ways {
        for second in &other_ways {
            unfolding.pay_for(first, second)?;
            match shared(one, first, other, second) {
                Overlap::Disjoint => {}
                Overlap::NotDecided => found = Overlap::NotDecided,
                overlaps @ Overlap::Overlaps { .. } => return Ok(overlaps),
            }
        }
    }
    Ok(found)
}

/// Whether one node can be within both ways, each with a sub-cluster of its own.
fn shared(one: &Rule, first: &Way, other: &Rule, second: &Way) -> Overlap {
    let of_node = |variable: &Variable| variable.is_of(Object::Node);
    let Some(node) = first.only(of_node).and(&second.only(of_node)) else {
        return Overlap::Disjoint;
    };
    let not_of_node = |variable: &Variable| !of_node(variable);
    // Each part names other variables than the node, so it goes together with it.
    let sample = |way: &Way| {
        let whole = way.only(not_of_node).and(&node).unwrap_or_default();
        Sample::plainest(&whole)
    };
    let (for_one, for_other) = (sample(first), sample(second));
    let confirmed =
        Program::of(one.clause()).holds(&for_one) && Program::of(other.clause()).holds(&for_other);
    if confirmed {
        let example = for_one.example(|object| object == Object::Node);
        Overlap::Overlaps { example }
    } else {
        Overlap::NotDecided
    }
}

impl fmt::Display for Hysteresis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attribute,
            entry,
            exit,
        } = self;
        write!(
            f,
            "entry allows {attribute} up to {entry} and exit holds from {exit}: leave a tenth between them, \
             or nodes move back and forth"
        )
    }
}
