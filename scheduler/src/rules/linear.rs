//! Amounts as a sum of attributes, each with a factor: what is compared can then be solved for.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::attribute::Attribute;
use super::typed::Amount;

/// `constant` and each attribute as often as its factor says, none of which is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linear {
    pub(crate) constant: i128,
    pub(crate) factors: BTreeMap<Attribute, i128>,
}

/// A sum without its constant, divided by what all factors have in common and with the first of them above zero: equal
/// sums have equal keys however they were written.
pub(crate) type Key = Vec<(Attribute, i128)>;

impl Linear {
    /// The amount as a sum, unless attributes are multiplied with each other.
    pub(crate) fn of(amount: &Amount) -> Option<Self> {
        match amount {
            Amount::Constant(constant) => Some(Self {
                constant: *constant,
                ..Self::default()
            }),
            Amount::Attribute(attribute) => Some(Self {
                constant: 0,
                factors: BTreeMap::from([(*attribute, 1)]),
            }),
            Amount::Negated(inner) => Self::of(inner)?.times(-1),
            Amount::Plus(left, right) => Self::of(left)?.plus(&Self::of(right)?),
            Amount::Minus(left, right) => Self::of(left)?.plus(&Self::of(right)?.times(-1)?),
            Amount::Times(left, right) => {
                let (left, right) = (Self::of(left)?, Self::of(right)?);
                match (left.factors.is_empty(), right.factors.is_empty()) {
                    (true, _) => right.times(left.constant),
                    (_, true) => left.times(right.constant),
                    (false, false) => None,
                }
            }
        }
    }

    /// The sum of both, unless a factor overflows.
    pub(crate) fn plus(mut self, other: &Self) -> Option<Self> {
        self.constant = self.constant.checked_add(other.constant)?;
        for (attribute, factor) in &other.factors {
            let sum = self.factors.entry(*attribute).or_insert(0);
            *sum = sum.checked_add(*factor)?;
        }
        self.factors.retain(|_, factor| *factor != 0);
        Some(self)
    }

    pub(crate) fn times(mut self, by: i128) -> Option<Self> {
        self.constant = self.constant.checked_mul(by)?;
        for factor in self.factors.values_mut() {
            *factor = factor.checked_mul(by)?;
        }
        self.factors.retain(|_, factor| *factor != 0);
        Some(self)
    }

    /// The key, and the factor with which it stands here: `key * factor + constant` is this sum.
    pub(crate) fn key(&self) -> Option<(Key, i128)> {
        let common = self.factors.values().copied().fold(0, common_divisor);
        let (_, first) = self.factors.first_key_value()?;
        let divisor = common * first.signum();
        let divided = |(&attribute, factor): (&Attribute, &i128)| (attribute, factor / divisor);
        Some((self.factors.iter().map(divided).collect(), divisor))
    }
}

/// The lowest and highest value of a key.
pub(crate) fn range(key: &Key) -> (i128, i128) {
    let ends = key.iter().map(|(attribute, factor)| {
        let (lowest, highest) = attribute.range();
        let (one, other) = (
            lowest.saturating_mul(*factor),
            highest.saturating_mul(*factor),
        );
        (one.min(other), one.max(other))
    });
    ends.fold((0, 0), |(lowest, highest), (low, high)| {
        (lowest.saturating_add(low), highest.saturating_add(high))
    })
}

const fn common_divisor(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.abs()
}
