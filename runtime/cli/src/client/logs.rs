//! What the tasks of a job wrote, and what happens to it.

use sublet_api::{Event, EventQuery, LogEntry, LogQuery};

use super::Client;
use super::stream::Stream;
use crate::failure::Failure;
use crate::selector::JobSelector;

impl Client {
    pub(crate) async fn logs(
        &self,
        job: &JobSelector,
        query: &LogQuery,
    ) -> Result<Stream<LogEntry>, Failure> {
        let route = ["v1", "jobs", job.as_str(), "logs"];
        let answer = self.send(self.get(&route).query(query)).await?;
        Ok(Stream::new(answer))
    }

    pub(crate) async fn events(
        &self,
        job: &JobSelector,
        query: &EventQuery,
    ) -> Result<Stream<Event>, Failure> {
        let route = ["v1", "jobs", job.as_str(), "events"];
        let answer = self.send(self.get(&route).query(query)).await?;
        Ok(Stream::new(answer))
    }
}
