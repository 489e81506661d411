//! A set of small numbers: which tasks of a job. One word while there are at most 64.

/// A set of numbers below some bound.
#[derive(Clone, Debug)]
pub(super) enum Bits {
    Few(u64),
    Many(Vec<u64>),
}

impl Bits {
    /// The empty set of numbers below `bound`.
    pub(super) fn below(bound: u32) -> Self {
        if bound <= u64::BITS {
            Self::Few(0)
        } else {
            Self::Many(vec![0; (bound as usize).div_ceil(u64::BITS as usize)])
        }
    }

    /// Puts a number in. Answers whether it is new; one beyond the bound never is.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let Some((word, bit)) = self.word_mut(number) else {
            return false;
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        match self {
            Self::Few(few) => word == 0 && few & bit != 0,
            Self::Many(words) => words.get(word).is_some_and(|word| word & bit != 0),
        }
    }

    fn word_mut(&mut self, number: u32) -> Option<(&mut u64, u64)> {
        let (word, bit) = place(number);
        match self {
            Self::Few(few) => (word == 0).then_some((few, bit)),
            Self::Many(words) => Some((words.get_mut(word)?, bit)),
        }
    }
}

const fn place(number: u32) -> (usize, u64) {
    ((number / u64::BITS) as usize, 1 << (number % u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_number_is_new_once_and_only_below_the_bound() {
        for (bound, beyond) in [(3, 64), (64, 64), (65, 128), (1_000, 1_024)] {
            let mut bits = Bits::below(bound);
            let last = bound - 1;
            assert!(!bits.contains(last));
            assert!(bits.insert(last) && !bits.insert(last) && bits.contains(last));
            assert!(!bits.insert(beyond) && !bits.contains(beyond));
            assert!(!bits.contains(0));
        }
    }
}
