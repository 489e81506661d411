//! Who of several targets gets the next job, so that each has its preset share at every moment and not only in the end.
//! It decides by Tijdeman's rule, in integers. It must not know what a target is or why one takes part.
//!
//! With `n` targets, target `i` of weight `a`, `W` the sum of the weights, `t` the number of this job and `x` the jobs
//! that `i` was given so far, `i` is behind by `L = t·a − W·x` (in units of `1/W` jobs). Those who may have the job are
//! behind by at least `1/(2n−2)` of a job; of them it goes to the one that would soonest be too far behind. Then nobody is
//! ever further than `1 − 1/(2n−2)` of a job from what is due. Round robin with weights, however smooth, passes 1.

use alloc::vec::Vec;

/// The account of one ratio, and whose turn is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ratio {
    targets: Vec<Target>,
    /// Sum of the weights, and so the jobs after which every target has exactly what it is due.
    round: u64,
    /// Jobs given in this round.
    given: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    weight: u32,
    /// Jobs it was given in this round.
    given: u64,
}

impl Ratio {
    /// A ratio at its beginning. A target of weight 0 is never chosen.
    ///
    /// # Panics
    /// If no weight is above 0: there would be nobody to choose.
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let targets: Vec<_> = weights
            .into_iter()
            .map(|weight| Target { weight, given: 0 })
            .collect();
        let round = targets.iter().map(|target| u64::from(target.weight)).sum();
        assert!(round > 0, "a ratio is made of at least one weight above 0");
        Self {
            targets,
            round,
            given: 0,
        }
    }

    /// The place, in the order of declaration, of the target that gets this job.
    pub(crate) fn give(&mut self) -> usize {
        let chosen = self.chosen();
        self.targets[chosen].given += 1;
        self.given += 1;
        if self.given == self.round {
            self.start_anew();
        }
        chosen
    }

    fn chosen(&self) -> usize {
        let mut candidates = self.candidates();
        let first = candidates
            .next()
            .expect("some target is behind by its part, or the counts would not add up");
        let (place, _) = candidates.fold(
            first,
            |best, next| {
                if next.1.is_before(best.1) { next } else { best }
            },
        );
        place
    }

    fn candidates(&self) -> impl Iterator<Item = (usize, Deadline)> {
        let parts = self.parts();
        let round = i128::from(self.round);
        let taking_part = self.taking_part();
        taking_part.filter_map(move |(place, target)| {
            let weight = i128::from(target.weight);
            let behind = i128::from(self.given + 1) * weight - round * i128::from(target.given);
            let slack = (parts - 1) * round - parts * behind;
            // Who is alone has no part to be behind by, and always gets the job.
            (parts == 0 || parts * behind >= round).then_some((place, Deadline { slack, weight }))
        })
    }

    /// `2n − 2`.
    fn parts(&self) -> i128 {
        let count = u32::try_from(self.taking_part().count()).expect("lists of targets are short");
        2 * i128::from(count) - 2
    }

    fn taking_part(&self) -> impl Iterator<Item = (usize, &Target)> {
        let numbered = self.targets.iter().enumerate();
        numbered.filter(|(_, target)| target.weight > 0)
    }

    fn start_anew(&mut self) {
        self.given = 0;
        for target in &mut self.targets {
            target.given = 0;
        }
    }
}

/// When a target would be too far behind: after `slack / weight` further jobs, up to a factor that all have in common.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    slack: i128,
    weight: i128,
}

impl Deadline {
    /// Compared without division. At most 2⁴⁶ (slack, for 64 weights of 32 bits) · 2³² fits by far.
    const fn is_before(self, other: Self) -> bool {
        self.slack * other.weight < other.slack * self.weight
    }
}

#[cfg(test)]
mod tests;
