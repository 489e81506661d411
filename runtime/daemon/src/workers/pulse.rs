//! Whether a worker that says nothing is there.
//!
//! One that was frozen, or whose threads wait for each other, keeps its link and ends nothing. Where its attempts have no
//! wall time that would be over some day, nobody else would notice. So one that is silent is asked, and one that is asked
//! again and again and stays silent is not waited for any longer. Whatever it says counts: the driver is told only of
//! silence, and only of what was seen while the front itself had time to listen.

use std::time::Duration;

/// How long a worker may say nothing before it is asked whether it is there.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// How often it is asked. Reading machine code from a slow disk is the longest that an honest one does not answer.
const ASKED_MAX: u32 = 3;

/// How long a worker has been silent.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// How often it was silent for [`SILENCE`] since it last said something.
    missed: u32,
}

/// What is to be done about a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Ask,
    /// It stands still.
    GiveUp,
    /// It was given up.
    Wait,
}

impl Pulse {
    /// It said something.
    pub(super) const fn felt(&mut self) {
        self.missed = 0;
    }

    /// It said nothing for [`SILENCE`].
    pub(super) fn missed(&mut self) -> Step {
        self.missed = self.missed.saturating_add(1);
        match self.missed {
            ..=ASKED_MAX => Step::Ask,
            missed if missed == ASKED_MAX + 1 => Step::GiveUp,
            _ => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_answers_is_asked_a_few_times_and_given_up_once() {
        let mut pulse = Pulse::default();
        let steps: Vec<Step> = (0..6).map(|_| pulse.missed()).collect();
        let expected = [
            Step::Ask,
            Step::Ask,
            Step::Ask,
            Step::GiveUp,
            Step::Wait,
            Step::Wait,
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn who_answers_in_between_is_never_given_up() {
        let mut pulse = Pulse::default();
        for _ in 0..100 {
            for _ in 0..ASKED_MAX {
                assert_eq!(pulse.missed(), Step::Ask);
            }
            pulse.felt();
        }
    }
}
