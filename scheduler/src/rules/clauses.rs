//! A rule unfolded: the ways in which it can hold, each a set of variables with the values they may have.
//!
//! Negations are pushed inward, `&&` of `||` is multiplied out, and what has become empty is dropped. A variable is one
//! attribute where a comparison can be solved for it. Where it cannot (two attributes compared with each other, two
//! multiplied) the whole comparison is a variable of its own: two such that exclude each other are still seen, but that
//! there are values behind it is not decided by intervals.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::attribute::{Attribute, Object, Sort};
use super::bounds::{CLAUSES_MAX, STEPS_MAX};
use super::domain::{Domain, Intervals, Texts};
use super::linear::{self, Key, Linear};
use super::syntax::Comparison;
use super::typed::{Amount, Clause, Label, Likeness, Test, TextSource};

/// Something whose value decides comparisons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Variable {
    /// One attribute, or a sum of several.
    Sum(Key),
    Text(Attribute),
    Label(Label),
    /// Whether the job imports this.
    Import(String),
    /// An amount in which attributes are multiplied.
    Product(Amount),
    /// Whether two texts that are read are equal, or whether they are unequal.
    TextPair(Likeness, TextSource, TextSource),
    /// Whether a text that is read is imported.
    ImportedText(TextSource),
}

/// One way in which a rule can hold: all of these at once. What is not named may be anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    pub(crate) domains: BTreeMap<Variable, Domain>,
}

/// More clauses or steps than the bounds.
#[derive(Debug)]
pub(crate) struct TooMany;

/// Steps that one check has left.
#[derive(Debug)]
pub(crate) struct Unfolding {
    steps: usize,
}

/// What a single comparison says.
enum Literal {
    Settled(bool),
    Within(Variable, Domain),
}

impl Unfolding {
    pub(crate) const fn new() -> Self {
        Self { steps: STEPS_MAX }
    }

    /// Counts what it costs to put two ways together, as long as there are steps.
    pub(crate) fn pay_for(&mut self, one: &Way, other: &Way) -> Result<(), TooMany> {
        self.step(1 + one.domains.len() + other.domains.len())
    }

    fn step(&mut self, count: usize) -> Result<(), TooMany> {
        self.steps = self.steps.checked_sub(count).ok_or(TooMany)?;
        Ok(())
    }

    /// The ways in which the clause comes to `holds`. None at all is a proof that it never does.
    pub(crate) fn ways(&mut self, clause: &Clause, holds: bool) -> Result<Vec<Way>, TooMany> {
        self.step(1)?;
        match (&clause.test, holds) {
            (Test::Not(inner), _) => self.ways(inner, !holds),
            (Test::All(terms), true) | (Test::Any(terms), false) => {
                let mut ways = vec![Way::default()];
                for term in terms {
                    let more = self.ways(term, holds)?;
                    ways = self.both(&ways, &more)?;
                }
                Ok(ways)
            }
            (Test::All(terms), false) | (Test::Any(terms), true) => {
                let mut ways = Vec::new();
                for term in terms {
                    ways.extend(self.ways(term, holds)?);
                    within_bound(&ways)?;
                }
                Ok(ways)
            }
            (Test::Same(likeness, left, right), _) => {
                let same = (*likeness == Likeness::Equal) == holds;
                let mut ways = Vec::new();
                for left_holds in [true, false] {
                    let left = self.ways(left, left_holds)?;
                    let right = self.ways(right, left_holds == same)?;
                    ways.extend(self.both(&left, &right)?);
                }
                within_bound(&ways)?;
                Ok(ways)
            }
            _ => Ok(literal(&clause.test).ways(holds)),
        }
    }

    /// Each way of the one together with each of the other, as far as they go together.
    pub(crate) fn both(&mut self, ones: &[Way], others: &[Way]) -> Result<Vec<Way>, TooMany> {
        let mut ways = Vec::new();
        for one in ones {
            for other in others {
                self.pay_for(one, other)?;
                ways.extend(one.and(other));
            }
            within_bound(&ways)?;
        }
        Ok(ways)
    }
}

fn within_bound(ways: &[Way]) -> Result<(), TooMany> {
    if ways.len() > CLAUSES_MAX {
        return Err(TooMany);
    }
    Ok(())
}

impl Way {
    /// Both at once, if they go together.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (variable, domain) in &other.domains {
            let narrowed = match both.domains.get(variable) {
                Some(here) => here.intersection(domain),
                None => domain.clone(),
            };
            if narrowed.is_empty() {
                return None;
            }
            both.domains.insert(variable.clone(), narrowed);
        }
        Some(both)
    }

    /// What it says of variables of which this is true.
    pub(crate) fn only(&self, keep: impl Fn(&Variable) -> bool) -> Self {
        let kept = self.domains.iter().filter(|(variable, _)| keep(variable));
        Self {
            domains: kept.map(|(one, two)| (one.clone(), two.clone())).collect(),
        }
    }
}

impl Variable {
    /// Whether it belongs to this kind of object alone.
    pub(crate) fn is_of(&self, object: Object) -> bool {
        match self {
            Self::Sum(key) => key.iter().all(|(one, _)| one.object() == object),
            Self::Text(attribute) => attribute.object() == object,
            Self::Label(label) => label.object == object,
            Self::Import(_) => object == Object::Job,
            Self::Product(_) | Self::TextPair(..) | Self::ImportedText(_) => false,
        }
    }

    /// The attribute, where it is one with amounts.
    pub(crate) fn amount(&self) -> Option<Attribute> {
        if let Self::Sum(key) = self
            && let [(attribute, _)] = key.as_slice()
        {
            Some(*attribute)
        } else {
            None
        }
    }

    /// Every value it can have.
    pub(crate) fn range(&self) -> Domain {
        let range = match self {
            Self::Sum(key) => linear::range(key),
            Self::Product(amount) => amount.range(),
            Self::Import(_) | Self::TextPair(..) | Self::ImportedText(_) => (0, 1),
            Self::Text(attribute) => return texts(*attribute),
            Self::Label(_) => {
                return Domain::Texts(Texts {
                    absent: true,
                    ..Texts::all_but([])
                });
            }
        };
        Domain::Amounts(Intervals::range(range))
    }
}

fn texts(attribute: Attribute) -> Domain {
    let all = if let Sort::Word(words) = attribute.sort() {
        Texts::only(words.iter().map(ToString::to_string))
    } else {
        Texts::all_but([])
    };
    Domain::Texts(all)
}

impl Literal {
    fn ways(self, holds: bool) -> Vec<Way> {
        let (variable, domain) = match self {
            Self::Settled(truth) if truth == holds => return vec![Way::default()],
            Self::Settled(_) => return Vec::new(),
            Self::Within(variable, domain) => (variable, domain),
        };
        let wanted = if holds { domain } else { domain.complement() };
        let domain = wanted.intersection(&variable.range());
        if domain.is_empty() {
            return Vec::new();
        }
        if domain == variable.range() {
            return vec![Way::default()];
        }
        vec![Way {
            domains: BTreeMap::from([(variable, domain)]),
        }]
    }

    fn truth(variable: Variable) -> Self {
        Self::Within(variable, Domain::Amounts(Intervals::range((1, 1))))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what consists of other clauses is unfolded before and says nothing by itself"
)]
fn literal(test: &Test) -> Literal {
    match test {
        Test::Constant(truth) => Literal::Settled(*truth),
        Test::Truth(attribute) => Literal::truth(Variable::Sum(vec![(*attribute, 1)])),
        Test::Has(label) => {
            let present = Domain::Texts(Texts::all_but([]));
            Literal::Within(Variable::Label(label.clone()), present)
        }
        Test::Compare(comparison, left, right) => {
            let difference = Amount::Minus(left.clone().into(), right.clone().into());
            compared(&difference, &[0], *comparison)
        }
        Test::OneOf(amount, amounts) => compared(amount, amounts, Comparison::Equal),
        Test::Text(likeness, left, right) => text_pair(*likeness, left, right),
        Test::TextOneOf(text, words) => text_in(text, Texts::only(words.iter().cloned())),
        Test::Imported(TextSource::Literal(text)) => Literal::truth(Variable::Import(text.clone())),
        Test::Imported(text) => Literal::truth(Variable::ImportedText(text.clone())),
        _ => Literal::Settled(false),
    }
}

/// The amount compares so with at least one of these.
fn compared(amount: &Amount, with: &[i128], comparison: Comparison) -> Literal {
    let Some(sum) = Linear::of(amount) else {
        return solved(Variable::Product(amount.clone()), (1, 0), with, comparison);
    };
    match sum.key() {
        None => {
            let accepts = |one: &i128| comparison.accepts(sum.constant.cmp(one));
            Literal::Settled(with.iter().any(accepts))
        }
        Some((key, factor)) => {
            let line = (factor, sum.constant);
            solved(Variable::Sum(key), line, with, comparison)
        }
    }
}

/// Where `factor * variable + constant` compares so with at least one of these.
fn solved(
    variable: Variable,
    (factor, constant): (i128, i128),
    with: &[i128],
    comparison: Comparison,
) -> Literal {
    let mirrored = if factor < 0 {
        comparison.mirrored()
    } else {
        comparison
    };
    let solve = |one: &i128| {
        let constant = (constant - one) * factor.signum();
        Intervals::solving(factor.abs(), constant, mirrored)
    };
    let union = |all: Intervals, one: Intervals| all.union(&one);
    let solutions = with.iter().map(solve).fold(Intervals::default(), union);
    Literal::Within(variable, Domain::Amounts(solutions))
}

fn text_pair(likeness: Likeness, left: &TextSource, right: &TextSource) -> Literal {
    let equal = likeness == Likeness::Equal;
    match (left, right) {
        (TextSource::Literal(left), TextSource::Literal(right)) => {
            Literal::Settled((left == right) == equal)
        }
        (source, TextSource::Literal(text)) | (TextSource::Literal(text), source) => {
            let word = [text.clone()];
            let texts = if equal {
                Texts::only(word)
            } else {
                Texts::all_but(word)
            };
            text_in(source, texts)
        }
        // Equal to itself, as long as it is there.
        (source, other) if source == other && equal => text_in(source, Texts::all_but([])),
        (source, other) if source == other => Literal::Settled(false),
        (source, other) => {
            let (one, other) = (source.min(other).clone(), source.max(other).clone());
            Literal::truth(Variable::TextPair(likeness, one, other))
        }
    }
}

fn text_in(source: &TextSource, texts: Texts) -> Literal {
    let variable = match source {
        TextSource::Literal(text) => {
            return Literal::Settled(texts.listed.contains(text) != texts.others);
        }
        TextSource::Attribute(attribute) => Variable::Text(*attribute),
        TextSource::Label(label) => Variable::Label(label.clone()),
    };
    Literal::Within(variable, Domain::Texts(texts))
}

impl Amount {
    /// The lowest and highest it can be; the check has shown that both are within the bounds.
    fn range(&self) -> (i128, i128) {
        match self {
            Self::Constant(constant) => (*constant, *constant),
            Self::Attribute(attribute) => attribute.range(),
            Self::Negated(inner) => {
                let (lowest, highest) = inner.range();
                (-highest, -lowest)
            }
            Self::Plus(left, right) => {
                let (left, right) = (left.range(), right.range());
                (left.0 + right.0, left.1 + right.1)
            }
            Self::Minus(left, right) => {
                let (left, right) = (left.range(), right.range());
                (left.0 - right.1, left.1 - right.0)
            }
            Self::Times(left, right) => {
                let (left, right) = (left.range(), right.range());
                let corners = [left.0, left.1].map(|one| (one * right.0, one * right.1));
                let low = corners.iter().map(|(one, two)| *one.min(two)).min();
                let high = corners.iter().map(|(one, two)| *one.max(two)).max();
                (low.unwrap_or(0), high.unwrap_or(0))
            }
        }
    }
}
