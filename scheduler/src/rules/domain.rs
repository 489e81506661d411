//! The values that something may have: intervals of amounts, or a set of texts. Exact, so that an empty one is a proof.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::syntax::Comparison;

/// What a variable may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    Amounts(Intervals),
    Texts(Texts),
}

/// Integers as the intervals they form: ascending, ends included, neither overlapping nor touching.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intervals(pub(crate) Vec<(i128, i128)>);

/// Texts that are listed, or all but those; and perhaps no text at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) listed: BTreeSet<String>,
    /// Whether the listed ones are those that are missing.
    pub(crate) others: bool,
    /// Whether a label may be absent.
    pub(crate) absent: bool,
}

impl Domain {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Amounts(intervals) => intervals.0.is_empty(),
            Self::Texts(texts) => !texts.others && !texts.absent && texts.listed.is_empty(),
        }
    }

    /// What is in both. A variable has one kind of domain, so the two are of one kind.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Amounts(one), Self::Amounts(other)) => Self::Amounts(one.intersection(other)),
            (Self::Texts(one), Self::Texts(other)) => Self::Texts(one.intersection(other)),
            (Self::Amounts(_), Self::Texts(_)) | (Self::Texts(_), Self::Amounts(_)) => self.clone(),
        }
    }

    /// What is in neither.
    pub(crate) fn complement(&self) -> Self {
        match self {
            Self::Amounts(intervals) => Self::Amounts(intervals.complement()),
            Self::Texts(texts) => Self::Texts(Texts {
                listed: texts.listed.clone(),
                others: !texts.others,
                absent: !texts.absent,
            }),
        }
    }
}

impl Intervals {
    pub(crate) fn range((lowest, highest): (i128, i128)) -> Self {
        Self(vec![(lowest, highest)])
    }

    /// The integers `x` for which `factor * x + constant` compares so with zero; `factor` is above zero.
    pub(crate) fn solving(factor: i128, constant: i128, comparison: Comparison) -> Self {
        let floor = (-constant).div_euclid(factor);
        let meets = constant % factor == 0;
        // The last integer below the solution, which is the solution less one where it is an integer itself.
        let below = if meets { floor - 1 } else { floor };
        let equal = if meets { vec![(floor, floor)] } else { vec![] };
        match comparison {
            Comparison::Equal => Self(equal),
            Comparison::Unequal => Self(equal).complement(),
            Comparison::Less => Self::range((i128::MIN, below)),
            Comparison::LessOrEqual => Self::range((i128::MIN, floor)),
            Comparison::Greater => Self::range((floor + 1, i128::MAX)),
            Comparison::GreaterOrEqual => Self::range((below + 1, i128::MAX)),
        }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| {
            let both = |two: &(i128, i128)| (one.0.max(two.0), one.1.min(two.1));
            other.0.iter().map(both)
        });
        Self(
            pairs
                .filter(|(lowest, highest)| lowest <= highest)
                .collect(),
        )
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        self.complement()
            .intersection(&other.complement())
            .complement()
    }

    fn complement(&self) -> Self {
        let mut gaps = Vec::new();
        let mut start = Some(i128::MIN);
        for &(lowest, highest) in &self.0 {
            if let Some(start) = start
                && start < lowest
            {
                gaps.push((start, lowest - 1));
            }
            start = highest.checked_add(1);
        }
        gaps.extend(start.map(|start| (start, i128::MAX)));
        Self(gaps)
    }
}

impl Texts {
    /// These and no other, and the label is there.
    pub(crate) fn only(listed: impl IntoIterator<Item = String>) -> Self {
        Self {
            listed: listed.into_iter().collect(),
            others: false,
            absent: false,
        }
    }

    /// Every text but these.
    pub(crate) fn all_but(listed: impl IntoIterator<Item = String>) -> Self {
        Self {
            others: true,
            ..Self::only(listed)
        }
    }

    fn intersection(&self, other: &Self) -> Self {
        let (one, two) = (&self.listed, &other.listed);
        let listed = match (self.others, other.others) {
            (false, false) => one.intersection(two).cloned().collect(),
            (false, true) => one.difference(two).cloned().collect(),
            (true, false) => two.difference(one).cloned().collect(),
            (true, true) => one.union(two).cloned().collect(),
        };
        Self {
            listed,
            others: self.others && other.others,
            absent: self.absent && other.absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::Unequal,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];

    #[test]
    fn solutions_are_those_that_trying_finds() {
        for factor in 1..5 {
            for constant in -9..10 {
                for comparison in ALL {
                    let solved = Intervals::solving(factor, constant, comparison);
                    for x in -12..13 {
                        let tried = comparison.accepts((factor * x + constant).cmp(&0));
                        let inside = solved.0.iter().any(|&(low, high)| low <= x && x <= high);
                        assert_eq!(
                            inside, tried,
                            "{factor} * {x} + {constant} {comparison:?} 0"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_complement_leaves_nothing_out_and_nothing_twice() {
        let some = Intervals(vec![(-5, -5), (0, 7), (9, i128::MAX)]);
        assert!(some.intersection(&some.complement()).0.is_empty());
        assert_eq!(some.complement().complement(), some);
        let everything = Intervals::range((i128::MIN, i128::MAX));
        assert_eq!(some.union(&some.complement()), everything);
    }
}
