//! Bytes, received as they come.

use reqwest::Response;
use sublet_api::Code;

use super::Client;
use crate::failure::Failure;
use crate::selector::JobSelector;

/// The bytes of an answer.
#[derive(Debug)]
pub(crate) struct Received {
    answer: Response,
    left: u64,
    what: &'static str,
}

impl Client {
    pub(crate) async fn backup(&self) -> Result<Received, Failure> {
        self.receive("the backup", &["v1", "admin", "backup"], Self::post)
            .await
    }

    /// What a task left under this name.
    pub(crate) async fn artifact(
        &self,
        job: &JobSelector,
        index: u32,
        name: &str,
    ) -> Result<Received, Failure> {
        let index = index.to_string();
        let mut route = vec!["v1", "jobs", job.as_str(), "tasks", &index, "artifacts"];
        route.extend(name.split('/'));
        self.receive("the artifact", &route, Self::get).await
    }

    /// The result of a task.
    pub(crate) async fn output(&self, job: &JobSelector, index: u32) -> Result<Received, Failure> {
        let index = index.to_string();
        let route = ["v1", "jobs", job.as_str(), "tasks", &index, "output"];
        self.receive("the output", &route, Self::get).await
    }

    async fn receive(
        &self,
        what: &'static str,
        route: &[&str],
        ask: fn(&Self, &[&str]) -> reqwest::RequestBuilder,
    ) -> Result<Received, Failure> {
        let answer = self.send(ask(self, route)).await?;
        let left = answer.content_length().unwrap_or(0);
        Ok(Received { answer, left, what })
    }
}

impl Received {
    /// The next piece; `None` once all of it is there.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let broken_off = || {
            Failure::new(
                Code::ServerUnreachable,
                format!("{} broke off before its end", self.what),
            )
            .help("see whether the server still runs, then try again")
        };
        match self.answer.chunk().await {
            Ok(Some(piece)) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Ok(Some(piece.to_vec()))
            }
            Ok(None) if self.left == 0 => Ok(None),
            Ok(None) => Err(broken_off()),
            Err(error) => Err(broken_off().caused_by(&error)),
        }
    }
}
