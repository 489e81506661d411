//! An amount with all that the check needs to know of it: unit, decimals, and the interval it stays in.
//!
//! Arithmetic on intervals shows before a rule is taken that no value of the schema makes it overflow, so an
//! evaluation needs no error case.

use alloc::boxed::Box;

use super::attribute::{Attribute, Sort};
use super::bounds::AMOUNT_MAX;
use super::syntax::{Decimal, Sign, Unit};
use super::typed::Amount;

#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) amount: Amount,
    pub(crate) unit: Unit,
    /// Decimals: the amount is the integer divided by ten as often.
    pub(crate) scale: u32,
    pub(crate) lowest: i128,
    pub(crate) highest: i128,
}

impl Measured {
    pub(crate) const fn constant(decimal: Decimal, unit: Unit) -> Self {
        Self {
            amount: Amount::Constant(decimal.digits),
            unit,
            scale: decimal.scale,
            lowest: decimal.digits,
            highest: decimal.digits,
        }
    }

    pub(crate) fn attribute(attribute: Attribute) -> Self {
        let (lowest, highest) = attribute.range();
        Self {
            amount: Amount::Attribute(attribute),
            unit: attribute.unit(),
            scale: attribute.scale(),
            lowest,
            highest,
        }
    }

    pub(crate) fn negated(self) -> Self {
        Self {
            amount: if let Amount::Constant(constant) = self.amount {
                Amount::Constant(-constant)
            } else {
                Amount::Negated(Box::new(self.amount))
            },
            lowest: -self.highest,
            highest: -self.lowest,
            ..self
        }
    }

    /// The unit of the product, if there is one: bytes times bytes is nothing.
    pub(crate) fn unit_times(&self, other: &Self) -> Option<Unit> {
        match (self.unit, other.unit) {
            (unit, Unit::Number) | (Unit::Number, unit) => Some(unit),
            (Unit::Bytes | Unit::Duration, Unit::Bytes | Unit::Duration) => None,
        }
    }

    /// The product, unless it can overflow.
    pub(crate) fn times(&self, other: &Self, unit: Unit) -> Option<Self> {
        let mut corners = [0; 4];
        let pairs = [
            (self.lowest, other.lowest),
            (self.lowest, other.highest),
            (self.highest, other.lowest),
            (self.highest, other.highest),
        ];
        for (corner, (left, right)) in corners.iter_mut().zip(pairs) {
            *corner = left.checked_mul(right)?;
        }
        let product = match (&self.amount, &other.amount) {
            (Amount::Constant(left), Amount::Constant(right)) => Amount::Constant(left * right),
            (left, right) => Amount::Times(Box::new(left.clone()), Box::new(right.clone())),
        };
        Self {
            amount: product,
            unit,
            scale: self.scale + other.scale,
            lowest: corners.into_iter().min()?,
            highest: corners.into_iter().max()?,
        }
        .bounded()
    }

    /// The sum or difference of two of one unit, unless it can overflow.
    pub(crate) fn plus(&self, sign: Sign, other: &Self) -> Option<Self> {
        let (left, right) = self.aligned(other)?;
        let (lowest, highest, combine): (_, _, fn(_, _) -> _) = match sign {
            Sign::Plus => (
                left.lowest + right.lowest,
                left.highest + right.highest,
                Amount::Plus,
            ),
            Sign::Minus => (
                left.lowest - right.highest,
                left.highest - right.lowest,
                Amount::Minus,
            ),
        };
        let (first, second) = (Box::new(left.amount), Box::new(right.amount));
        Self {
            amount: combine(first, second),
            lowest,
            highest,
            ..left
        }
        .bounded()
    }

    /// Both at the finer of the two scales, unless that can overflow.
    pub(crate) fn aligned(&self, other: &Self) -> Option<(Self, Self)> {
        let scale = self.scale.max(other.scale);
        Some((self.rescaled(scale)?, other.rescaled(scale)?))
    }

    fn rescaled(&self, scale: u32) -> Option<Self> {
        if scale == self.scale {
            return Some(self.clone());
        }
        let factor = Decimal {
            digits: 10_i128.checked_pow(scale - self.scale)?,
            scale: scale - self.scale,
        };
        self.times(&Self::constant(factor, Unit::Number), self.unit)
    }

    fn bounded(self) -> Option<Self> {
        (self.lowest >= -AMOUNT_MAX && self.highest <= AMOUNT_MAX).then_some(self)
    }
}

impl Attribute {
    /// What an amount of it counts.
    pub(crate) const fn unit(self) -> Unit {
        match self.sort() {
            Sort::Bytes => Unit::Bytes,
            Sort::Duration => Unit::Duration,
            Sort::Count
            | Sort::Priority
            | Sort::Thousandths
            | Sort::Truth
            | Sort::Text
            | Sort::Word(_)
            | Sort::Labels
            | Sort::TextSet => Unit::Number,
        }
    }

    /// Its decimals.
    pub(crate) const fn scale(self) -> u32 {
        match self.sort() {
            Sort::Thousandths => 3,
            Sort::Count
            | Sort::Priority
            | Sort::Bytes
            | Sort::Duration
            | Sort::Truth
            | Sort::Text
            | Sort::Word(_)
            | Sort::Labels
            | Sort::TextSet => 0,
        }
    }
}

impl Unit {
    pub(crate) const fn type_name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
        }
    }
}

impl Sign {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}
