//! Routes about the server itself.

use reqwest::StatusCode;
use sublet_api::{Check, CheckState, Page, Problem, ReadyQuery, Setting, Version, Violation};

use super::{Client, refusal, understood};
use crate::failure::Failure;

impl Client {
    pub(crate) async fn version(&self) -> Result<Version, Failure> {
        self.fetch(self.get(&["version"])).await
    }

    /// What the server looked at of itself; of one that is not ready, what failed.
    pub(crate) async fn readiness(&self) -> Result<Vec<Check>, Failure> {
        let query = ReadyQuery {
            verbose: Some(String::new()),
        };
        let request = self.get(&["readyz"]).query(&query);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if !status.is_success() && status != StatusCode::SERVICE_UNAVAILABLE {
            return Err(refusal(answer).await);
        }
        let bytes = answer.bytes().await;
        let bytes = bytes.map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            let lines = bytes.split(|byte| *byte == b'\n');
            return lines
                .filter(|line| !line.is_empty())
                .map(understood)
                .collect();
        }
        let problem: Problem = understood(&bytes)?;
        Ok(problem.errors.into_iter().map(failed).collect())
    }

    /// Has the configuration read again; what changed.
    pub(crate) async fn reload(&self) -> Result<Page<Setting>, Failure> {
        self.fetch(self.post(&["v1", "admin", "reload"])).await
    }

    /// The configuration in force.
    pub(crate) async fn settings(&self) -> Result<Page<Setting>, Failure> {
        self.fetch(self.get(&["v1", "admin", "config"])).await
    }
}

fn failed(violation: Violation) -> Check {
    Check {
        name: violation.pointer,
        state: CheckState::Failed,
        detail: violation.detail.unwrap_or_default(),
    }
}
