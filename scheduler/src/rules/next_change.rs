//! When a rule may change its mind by the clock alone.
//!
//! Only durations age, each grows by one millisecond per millisecond or stands still, and no two durations are ever
//! multiplied. So the difference between the two sides of a comparison is a straight line in time, and the instant at
//! which it crosses zero is known exactly.

use super::attribute::{Attribute, Pace};
use super::facts::{Facts, Source};
use super::syntax::Comparison;
use super::typed::{Amount, Clause, Test};
use crate::quantity::UnixMillis;

/// The next instant after now at which a comparison under the clause flips while all else stays as it is.
pub(crate) fn next_change(clause: &Clause, facts: &Facts<'_>) -> Option<UnixMillis> {
    let next = |clause: &Clause| next_change(clause, facts);
    match &clause.test {
        Test::Constant(_)
        | Test::Truth(_)
        | Test::Has(_)
        | Test::Text(..)
        | Test::TextOneOf(..)
        | Test::Imported(_) => None,
        Test::Compare(comparison, left, right) => {
            let (left, right) = (Line::of(left, facts)?, Line::of(right, facts)?);
            left.minus(right).next_flip(*comparison, facts.now)
        }
        Test::OneOf(amount, amounts) => {
            let line = Line::of(amount, facts)?;
            let flip = |amount: &i128| {
                let distance = line.minus(Line::constant(*amount));
                distance.next_flip(Comparison::Equal, facts.now)
            };
            amounts.iter().filter_map(flip).min()
        }
        Test::Same(_, left, right) => earlier(next(left), next(right)),
        Test::Not(inner) => next(inner),
        Test::All(terms) | Test::Any(terms) => terms.iter().filter_map(next).min(),
    }
}

fn earlier(one: Option<UnixMillis>, other: Option<UnixMillis>) -> Option<UnixMillis> {
    one.into_iter().chain(other).min()
}

/// An amount and how much it grows per millisecond.
#[derive(Clone, Copy)]
struct Line {
    now: i128,
    slope: i128,
    /// The next instant at which the slope changes: an age that begins in the future.
    bend: Option<UnixMillis>,
}

impl Line {
    const fn constant(now: i128) -> Self {
        Self {
            now,
            slope: 0,
            bend: None,
        }
    }

    /// The amount as it is now and as it grows, if nothing it reads is missing.
    fn of(amount: &Amount, facts: &Facts<'_>) -> Option<Self> {
        Some(match amount {
            Amount::Constant(constant) => Self::constant(*constant),
            Amount::Attribute(attribute) => Self::read(*attribute, facts)?,
            Amount::Negated(inner) => Self::constant(0).minus(Self::of(inner, facts)?),
            Amount::Plus(left, right) => {
                let negated = Self::constant(0).minus(Self::of(right, facts)?);
                Self::of(left, facts)?.minus(negated)
            }
            Amount::Minus(left, right) => Self::of(left, facts)?.minus(Self::of(right, facts)?),
            Amount::Times(left, right) => Self::of(left, facts)?.times(Self::of(right, facts)?),
        })
    }

    fn read(attribute: Attribute, facts: &Facts<'_>) -> Option<Self> {
        let now = facts.amount(attribute)?;
        let (_, highest) = attribute.range();
        let since = match attribute.pace() {
            Pace::Aging => facts.since(attribute),
            Pace::Fixed | Pace::Live => None,
        };
        Some(match since {
            None => Self::constant(now),
            Some(since) if since > facts.now => Self {
                bend: Some(since),
                ..Self::constant(now)
            },
            Some(_) => Self {
                slope: i128::from(now < highest),
                ..Self::constant(now)
            },
        })
    }

    fn minus(self, other: Self) -> Self {
        Self {
            now: self.now.wrapping_sub(other.now),
            slope: self.slope.wrapping_sub(other.slope),
            bend: earlier(self.bend, other.bend),
        }
    }

    /// One of the two does not age, or the rule would have had no type.
    fn times(self, other: Self) -> Self {
        let grows = |line: Self, factor: Self| line.slope.wrapping_mul(factor.now);
        Self {
            now: self.now.wrapping_mul(other.now),
            slope: grows(self, other).wrapping_add(grows(other, self)),
            bend: earlier(self.bend, other.bend),
        }
    }

    /// The first whole millisecond after now at which comparing the line with zero answers something else.
    fn next_flip(self, comparison: Comparison, now: UnixMillis) -> Option<UnixMillis> {
        let crossing = self.millis_to_flip(comparison).and_then(|millis| {
            let millis = u64::try_from(millis).ok()?;
            now.0.checked_add(millis).map(UnixMillis)
        });
        earlier(crossing, self.bend)
    }

    fn millis_to_flip(self, comparison: Comparison) -> Option<i128> {
        let (now, slope, comparison) = match self.slope {
            0 => return None,
            slope if slope > 0 => (self.now, slope, comparison),
            slope => (-self.now, -slope, comparison.mirrored()),
        };
        let until_reached = -(now.div_euclid(slope));
        let meets = now % slope == 0;
        match comparison {
            Comparison::Less | Comparison::GreaterOrEqual => (now < 0).then_some(until_reached),
            Comparison::LessOrEqual | Comparison::Greater => {
                (now <= 0).then_some(until_reached + i128::from(meets))
            }
            Comparison::Equal | Comparison::Unequal if now == 0 => Some(1),
            Comparison::Equal | Comparison::Unequal => (now < 0 && meets).then_some(until_reached),
        }
    }
}
