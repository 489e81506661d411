//! A run in which something was found: what, where, after which events, and the smallest load of its seed that shows it.

use std::fmt;

use super::{Run, Setting};
use crate::Violation;

/// What was found, and how to find it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The run.
    pub setting: Setting,
    /// What was found.
    pub violation: Violation,
    /// At which step.
    pub step: u64,
    /// The last steps up to it, in words.
    pub last_steps: Vec<String>,
}

/// Steps that are told.
const TOLD: u64 = 10;

impl Failure {
    /// Plays the run again, this time with a diary of its last steps.
    pub(super) fn of(setting: Setting, violation: Violation, step: u64) -> Self {
        let mut again = Run::new(&setting, Some(step.saturating_sub(TOLD)));
        let repeated = again.play();
        let last_steps = match repeated {
            Err(repeated) if repeated == violation => again.owner.diary.lines.into(),
            other => vec![format!(
                "the run was not the same when it was repeated: {other:?}"
            )],
        };
        Self {
            setting,
            violation,
            step,
            last_steps,
        }
    }

    /// What was found when the run was over.
    pub(super) const fn at_end(setting: Setting, violation: Violation, step: u64) -> Self {
        Self {
            setting,
            violation,
            step,
            last_steps: Vec::new(),
        }
    }

    /// The failure of the smallest load that fails, halving the number of jobs as long as it does.
    #[must_use]
    pub fn shrunk(self) -> Self {
        let mut smallest = self;
        while smallest.setting.scale.jobs > 1 {
            let mut setting = smallest.setting.clone();
            setting.scale.jobs /= 2;
            match setting.run() {
                Err(smaller) => smallest = *smaller,
                Ok(_) => break,
            }
        }
        smallest
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.setting.title())?;
        writeln!(f, "step {}: {}", self.step, self.violation)?;
        writeln!(f, "{:?}", self.setting)?;
        writeln!(f, "the last steps were")?;
        for line in &self.last_steps {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
