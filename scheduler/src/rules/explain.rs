//! Why a rule holds or not: the one clause that settles it, and what it read.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Rule;
use super::attribute::{Attribute, Sort};
use super::facts::{Facts, Source};
use super::program::Program;
use super::typed::{Clause, Read, Test};
use super::wording;

/// The clause that settled the question. Where several terms of an `&&` held together, or several of an `||` failed
/// together, no smaller clause settles it and all of them are it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the rule holds.
    pub holds: bool,
    /// The clause as it is written.
    pub clause: String,
    /// Bytes of the rule before it.
    pub position: usize,
    /// What it read, in the order of the text, each once.
    pub readings: Vec<Reading>,
}

/// One value that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// As a rule writes it: `node.labels["size"]`.
    pub name: String,
    /// As a rule writes it, `4GiB`, or `absent`.
    pub value: String,
}

pub(crate) fn explain(rule: &Rule, facts: &Facts<'_>) -> Explanation {
    let holds = rule.holds(facts);
    let clause = settling(rule.clause(), holds, facts);
    let reading = |read: Read| Reading {
        name: read.to_string(),
        value: value(&read, facts),
    };
    Explanation {
        holds,
        clause: rule.text()[clause.span.clone()].into(),
        position: clause.span.start,
        readings: clause.reads().into_iter().map(reading).collect(),
    }
}

/// The first false term of a false `&&`, the first true term of a true `||`, and so on inside it.
fn settling<'a>(clause: &'a Clause, holds: bool, facts: &Facts<'_>) -> &'a Clause {
    let ((Test::All(terms), false) | (Test::Any(terms), true)) = (&clause.test, holds) else {
        return clause;
    };
    let settles = |term: &&Clause| Program::of(term).holds(facts) == holds;
    match terms.iter().find(settles) {
        Some(term) => settling(term, holds, facts),
        None => clause,
    }
}

fn value(read: &Read, facts: &Facts<'_>) -> String {
    let shown = match read {
        Read::Label(label) => facts.label(label.object, &label.name).map(wording::text),
        Read::Attribute(Attribute::JobImports) => facts.job.map(|job| set(job.imports)),
        Read::Attribute(attribute) => match attribute.sort() {
            Sort::Text | Sort::Word(_) => facts.text(*attribute).map(wording::text),
            Sort::Count
            | Sort::Priority
            | Sort::Thousandths
            | Sort::Bytes
            | Sort::Duration
            | Sort::Truth
            | Sort::Labels
            | Sort::TextSet => facts
                .amount(*attribute)
                .map(|amount| wording::amount(*attribute, amount)),
        },
    };
    shown.unwrap_or_else(|| "absent".into())
}

fn set(members: &[String]) -> String {
    let members: Vec<String> = members.iter().map(|one| wording::text(one)).collect();
    alloc::format!("[{}]", members.join(", "))
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Label(label) if is_name(&label.name) => {
                write!(f, "{}.{}", label.attribute(), label.name)
            }
            Self::Label(label) => {
                write!(f, "{}[{}]", label.attribute(), wording::text(&label.name))
            }
        }
    }
}

/// Whether it can stand after a point.
fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    let names = text
        .chars()
        .all(|one| one.is_ascii_alphanumeric() || one == '_');
    starts && names && !["in", "true", "false"].contains(&text)
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl fmt::Display for Explanation {
    /// `node.load < 0.8 does not hold: node.load = 0.97`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds { "holds" } else { "does not hold" };
        write!(f, "{} {verdict}", self.clause)?;
        for (number, reading) in self.readings.iter().enumerate() {
            let joint = if number == 0 { ": " } else { ", " };
            write!(f, "{joint}{reading}")?;
        }
        Ok(())
    }
}
