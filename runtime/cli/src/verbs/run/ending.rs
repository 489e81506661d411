//! How a local task ended, in the API's words and in words for people.

use serde::Serialize;
use sublet_api::{Limits, Outcome, Progress};
use sublet_worker::local::TaskEnding;

use crate::show::fate;

/// The same outcome in the words of the API, which exit codes and messages are made of.
pub(super) fn outcome(ending: &TaskEnding) -> Outcome {
    sublet_daemon::outcome(ending.outcome)
}

/// One ending for programs.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    task: u32,
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
}

impl<'a> Told<'a> {
    pub(super) fn new(ending: &'a TaskEnding, outcome: &'a Outcome) -> Self {
        Self {
            task: ending.task,
            outcome,
            detail: ending.detail.as_deref(),
            progress: ending.progress.as_ref().map(|said| Progress {
                fraction: said
                    .millionths
                    .map(|millionths| f64::from(millionths) / 1e6),
                message: said.message.clone(),
            }),
            summary: ending.summary.as_deref(),
        }
    }
}

/// What is told of an ending, with the next step. A single guest's own exit code says all there is to say, unless it said why.
pub(super) fn sentence(
    ending: &TaskEnding,
    outcome: &Outcome,
    limits: &Limits,
    several: bool,
) -> Option<(String, Option<String>)> {
    let silent = match outcome {
        Outcome::Succeeded => true,
        Outcome::Failed { .. } => !several && ending.detail.is_none(),
        _ => false,
    };
    if silent {
        return None;
    }
    let who = if several {
        format!("task {}", ending.task)
    } else {
        "the module".to_owned()
    };
    let phrase = fate::phrase(outcome, limits, ending.detail.as_deref());
    let help = fate::flag(outcome).map(|flag| format!("raise it with {flag}"));
    Some((format!("{who} {phrase}"), help))
}
