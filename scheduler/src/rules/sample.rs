//! A made-up world: the values that a way leaves, one for each variable. What a static check says is confirmed by
//! asking the rules themselves about it.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::attribute::{Attribute, Object, Sort};
use super::bounds::GRID_MAX;
use super::clauses::{Variable, Way};
use super::domain::{Domain, Intervals, Texts};
use super::explain::Reading;
use super::facts::Source;
use super::typed::{Label, Read};
use super::wording;

/// A world in which something holds, as values of what the rules read. What is not named may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// One value each, in the order of the schema; an absent label has the value `absent`.
    pub readings: Vec<Reading>,
}

/// Values by variable. What has none is at the lowest of its range.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    values: BTreeMap<Variable, Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Amount(i128),
    Text(String),
    Absent,
}

impl Sample {
    /// A world of this way of which all this is true, if trying finds one: first what is nearest to zero, then the ends of
    /// all intervals with each other.
    pub(crate) fn find(way: &Way, read: &[Read], accepts: impl Fn(&Self) -> bool) -> Option<Self> {
        let first = Self::plainest(way);
        if accepts(&first) {
            return Some(first);
        }
        let choices = choices(way, read);
        let worlds = choices.iter().map(|(_, values)| values.len());
        let worlds = worlds.fold(1, usize::saturating_mul).min(GRID_MAX);
        let world = |number| Self::numbered(&choices, number);
        (0..worlds).map(world).find(accepts)
    }

    /// One plain value for each variable of the way.
    pub(crate) fn plainest(way: &Way) -> Self {
        let value = |(variable, domain): (&Variable, &Domain)| {
            let value = plain_value(variable, domain)?;
            Some((variable.clone(), value))
        };
        Self {
            values: way.domains.iter().filter_map(value).collect(),
        }
    }

    /// The world of this number, each choice being one digit of it.
    fn numbered(choices: &[(Variable, Vec<Value>)], mut number: usize) -> Self {
        let mut values = BTreeMap::new();
        for (variable, choice) in choices {
            values.insert(variable.clone(), choice[number % choice.len()].clone());
            number /= choice.len();
        }
        Self { values }
    }

    /// What it says of objects of which this is true, in words.
    pub(crate) fn example(&self, shown: impl Fn(Object) -> bool) -> Example {
        let mut imports = Vec::new();
        let mut readings = Vec::new();
        for (variable, value) in &self.values {
            match (read_of(variable), variable, value) {
                (Some(read), ..) if !shown(read.attribute().object()) => {}
                (Some(read), ..) => readings.push((read.attribute(), read, value)),
                (None, Variable::Import(import), Value::Amount(1)) => {
                    imports.push(wording::text(import));
                }
                (None, ..) => {}
            }
        }
        readings.sort_by_key(|(attribute, ..)| *attribute);
        let reading = |(attribute, read, value): (Attribute, Read, &Value)| Reading {
            name: read.to_string(),
            value: value.words(attribute),
        };
        let mut readings: Vec<Reading> = readings.into_iter().map(reading).collect();
        if !imports.is_empty() {
            readings.push(Reading {
                name: Attribute::JobImports.to_string(),
                value: alloc::format!("[{}]", imports.join(", ")),
            });
        }
        Example { readings }
    }
}

impl Value {
    fn words(&self, attribute: Attribute) -> String {
        match self {
            Self::Amount(amount) => wording::amount(attribute, *amount),
            Self::Text(text) => wording::text(text),
            Self::Absent => "absent".into(),
        }
    }
}

/// What a variable reads, where it is one name.
fn read_of(variable: &Variable) -> Option<Read> {
    match variable {
        Variable::Sum(_) => variable.amount().map(Read::Attribute),
        Variable::Text(attribute) => Some(Read::Attribute(*attribute)),
        Variable::Label(label) => Some(Read::Label(label.clone())),
        Variable::Import(_)
        | Variable::Product(_)
        | Variable::TextPair(..)
        | Variable::ImportedText(_) => None,
    }
}

/// Values to try for everything that is read or bound by the way.
fn choices(way: &Way, read: &[Read]) -> Vec<(Variable, Vec<Value>)> {
    let mut variables: Vec<Variable> = way.domains.keys().cloned().collect();
    variables.extend(read.iter().filter_map(variable_of));
    variables.sort();
    variables.dedup();
    let choice = |variable: Variable| {
        let range = variable.range();
        let values = values(way.domains.get(&variable).unwrap_or(&range));
        (!values.is_empty()).then_some((variable, values))
    };
    variables.into_iter().filter_map(choice).collect()
}

fn variable_of(read: &Read) -> Option<Variable> {
    match read {
        Read::Label(label) => Some(Variable::Label(label.clone())),
        Read::Attribute(attribute) => match attribute.sort() {
            Sort::Text | Sort::Word(_) => Some(Variable::Text(*attribute)),
            Sort::Labels | Sort::TextSet => None,
            Sort::Count
            | Sort::Priority
            | Sort::Thousandths
            | Sort::Bytes
            | Sort::Duration
            | Sort::Truth => Some(Variable::Sum(vec![(*attribute, 1)])),
        },
    }
}

/// The ends of the intervals, and some texts.
fn values(domain: &Domain) -> Vec<Value> {
    match domain {
        Domain::Amounts(intervals) => {
            let mut ends: Vec<i128> = intervals.0.iter().flat_map(|(a, b)| [*a, *b]).collect();
            ends.dedup();
            ends.into_iter().map(Value::Amount).collect()
        }
        Domain::Texts(texts) => {
            let mut some: Vec<Value> = ["a", "b"]
                .into_iter()
                .filter(|text| texts.others && !texts.listed.contains(*text))
                .map(|text| Value::Text(text.into()))
                .collect();
            if !texts.others {
                some.extend(texts.listed.iter().cloned().map(Value::Text));
            }
            some.extend(texts.absent.then_some(Value::Absent));
            some
        }
    }
}

fn plain_value(variable: &Variable, domain: &Domain) -> Option<Value> {
    match domain {
        Domain::Amounts(intervals) => plain_amount(variable, intervals).map(Value::Amount),
        Domain::Texts(texts) => Some(plain_text(texts)),
    }
}

/// What is nearest to zero, or a round number a little further on.
fn plain_amount(variable: &Variable, intervals: &Intervals) -> Option<i128> {
    let nearest = |&(lowest, highest): &(i128, i128)| (0.clamp(lowest, highest), highest);
    let (nearest, highest) = intervals
        .0
        .iter()
        .map(nearest)
        .min_by_key(|(amount, _)| amount.unsigned_abs())?;
    let round = |step: &i128| {
        let rounded = nearest.checked_add(step - 1)?.div_euclid(*step) * step;
        (rounded <= highest && rounded <= nearest + nearest / 8).then_some(rounded)
    };
    let steps = variable.amount().map_or(&[][..], round_steps);
    Some(steps.iter().find_map(round).unwrap_or(nearest))
}

const fn round_steps(attribute: Attribute) -> &'static [i128] {
    match attribute.sort() {
        Sort::Thousandths => &[1_000, 100, 10],
        Sort::Bytes => &[1 << 30, 1 << 20, 1 << 10],
        Sort::Duration => &[3_600_000, 60_000, 1_000],
        Sort::Count
        | Sort::Priority
        | Sort::Truth
        | Sort::Text
        | Sort::Word(_)
        | Sort::Labels
        | Sort::TextSet => &[],
    }
}

fn plain_text(texts: &Texts) -> Value {
    if texts.absent {
        return Value::Absent;
    }
    if !texts.others {
        return texts
            .listed
            .first()
            .cloned()
            .map_or(Value::Absent, Value::Text);
    }
    // More candidates than listed texts, so one of them is free.
    let candidates = (0..=texts.listed.len()).map(|number| match number {
        0 => String::from("other"),
        number => alloc::format!("other-{number}"),
    });
    let free = candidates
        .into_iter()
        .find(|text| !texts.listed.contains(text));
    free.map_or(Value::Absent, Value::Text)
}

impl Source for Sample {
    fn amount(&self, attribute: Attribute) -> Option<i128> {
        match self.values.get(&Variable::Sum(vec![(attribute, 1)])) {
            Some(Value::Amount(amount)) => Some(*amount),
            Some(Value::Text(_) | Value::Absent) | None => Some(attribute.range().0),
        }
    }

    fn text(&self, attribute: Attribute) -> Option<&str> {
        match self.values.get(&Variable::Text(attribute)) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Amount(_) | Value::Absent) | None => Some(""),
        }
    }

    fn label(&self, object: Object, name: &str) -> Option<&str> {
        let name = name.into();
        match self.values.get(&Variable::Label(Label { object, name })) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Amount(_) | Value::Absent) | None => None,
        }
    }

    fn imports(&self, import: &str) -> bool {
        let import = Variable::Import(import.into());
        matches!(self.values.get(&import), Some(Value::Amount(1)))
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, reading) in self.readings.iter().enumerate() {
            let joint = if number == 0 { "" } else { ", " };
            write!(f, "{joint}{reading}")?;
        }
        Ok(())
    }
}
