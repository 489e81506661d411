//! The ratios of one class. It decides which of the targets in play gets the next job of the class; it must not know
//! why a target is in play.
//!
//! What takes part changes in two ways. A target closes or opens again: that is news for the class, and every ratio of
//! it starts anew. Or a single job does not fit a target, or is not accepted by it: that says nothing about the next
//! job, so each combination of targets has a ratio of its own, which waits for the next job of its kind. Were there one
//! ratio that starts anew each time, jobs that alternate in size would all begin at the first target.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::ratio::Ratio;
use crate::rule_set::RuleSet;

/// Which targets of a class: bit `i` stands for the `i`-th of its spread.
pub(super) type Targets = u64;

const _: () = assert!(RuleSet::TARGETS_MAX <= 64, "a target has a bit");

/// Combinations of targets that are remembered: whoever shapes jobs to fit ever other targets fills no memory. The one
/// that had no job for the longest time is forgotten, and starts anew.
const COMBINATIONS_MAX: usize = 64;

/// The ratios of one class.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    open: Targets,
    /// The one that had the last job stands first.
    ratios: Vec<(Targets, Ratio)>,
}

/// A job given to a target, which the class has yet to take into account.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// The place of the target in the spread.
    pub(super) target: usize,
    open: Targets,
    in_play: Targets,
    /// The ratio as it is then.
    after: Ratio,
}

impl Turn {
    /// Whose turn it is among the targets in play. None if none of them has a weight above 0.
    pub(super) fn next(
        so_far: Option<&Shares>,
        open: Targets,
        in_play: Targets,
        spread: &[(String, u32)],
    ) -> Option<Self> {
        let weights = weights_of(in_play, spread);
        if weights.iter().all(|&weight| weight == 0) {
            return None;
        }
        let known = so_far
            .and_then(|shares| shares.ratio(open, in_play))
            .cloned();
        let mut after = known.unwrap_or_else(|| Ratio::new(weights));
        Some(Self {
            target: after.give(),
            open,
            in_play,
            after,
        })
    }
}

impl Shares {
    /// The ratios of a class that has its first job.
    pub(super) fn after(turn: Turn) -> Self {
        Self {
            open: turn.open,
            ratios: vec![(turn.in_play, turn.after)],
        }
    }

    pub(super) fn carry_out(&mut self, turn: Turn) {
        if self.open != turn.open {
            *self = Self::after(turn);
            return;
        }
        self.ratios.retain(|(targets, _)| *targets != turn.in_play);
        self.ratios.insert(0, (turn.in_play, turn.after));
        self.ratios.truncate(COMBINATIONS_MAX);
    }

    #[cfg(test)]
    pub(super) fn ratios_kept(&self) -> usize {
        self.ratios.len()
    }

    fn ratio(&self, open: Targets, in_play: Targets) -> Option<&Ratio> {
        let mut ratios = self.ratios.iter().filter(|_| self.open == open);
        let found = ratios.find(|(targets, _)| *targets == in_play);
        found.map(|(_, ratio)| ratio)
    }
}

/// The set of those places in a spread for which the answer is yes.
pub(super) fn targets_where(places: usize, mut answer: impl FnMut(usize) -> bool) -> Targets {
    let places = (0..places.min(RuleSet::TARGETS_MAX)).filter(|&place| answer(place));
    places.fold(0, |targets, place| targets | 1 << place)
}

fn weights_of(in_play: Targets, spread: &[(String, u32)]) -> Vec<u32> {
    let numbered = spread.iter().take(RuleSet::TARGETS_MAX).enumerate();
    let of_those = numbered.map(|(place, (_, weight))| match in_play >> place & 1 {
        1 => *weight,
        _ => 0,
    });
    of_those.collect()
}
