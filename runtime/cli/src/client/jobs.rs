//! Routes of jobs and their tasks.

use sublet_api::{
    Artifact, Explanation, Fit, Job, JobQuery, Page, RetryRequest, SubmitJob, Task, TaskQuery,
};

use super::{Client, PAGE_ITEMS_MAX};
use crate::failure::Failure;
use crate::selector::{JobSelector, TaskSelector};

impl Client {
    pub(crate) async fn submit(&self, job: &SubmitJob, key: Option<&str>) -> Result<Job, Failure> {
        let mut request = self.post(&["v1", "jobs"]).json(job);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.fetch(request).await
    }

    /// Where a job would go, were it submitted.
    pub(crate) async fn consider(&self, job: &SubmitJob) -> Result<Fit, Failure> {
        self.fetch(self.post(&["v1", "jobs", "validate"]).json(job))
            .await
    }

    /// The newest jobs of this kind, at most `count`, over as many pages as it takes.
    pub(crate) async fn jobs(&self, mut query: JobQuery, count: u32) -> Result<Page<Job>, Failure> {
        let mut items = Vec::new();
        let mut missing = count;
        let labels: Vec<_> = query
            .labels
            .iter()
            .map(|label| ("label", label.clone()))
            .collect();
        loop {
            query.limit = Some(missing.min(PAGE_ITEMS_MAX));
            let request = self.get(&["v1", "jobs"]).query(&query).query(&labels);
            let page: Page<Job> = self.fetch(request).await?;
            let arrived = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
            missing = missing.saturating_sub(arrived);
            items.extend(page.items);
            // A page may be short, or have nothing at all, and there may be more nevertheless.
            if missing == 0 || page.next_cursor.is_none() {
                return Ok(Page {
                    items,
                    next_cursor: page.next_cursor,
                });
            }
            query.cursor = page.next_cursor;
        }
    }

    pub(crate) async fn job(&self, job: &JobSelector) -> Result<Job, Failure> {
        self.fetch(self.get(&["v1", "jobs", job.as_str()])).await
    }

    /// The job when it is over, or as it stands after these seconds.
    pub(crate) async fn wait(&self, job: &JobSelector, seconds: u32) -> Result<Job, Failure> {
        let route = ["v1", "jobs", job.as_str(), "wait"];
        self.fetch(self.get(&route).query(&[("timeout_s", seconds)]))
            .await
    }

    pub(crate) async fn explain(&self, job: &JobSelector) -> Result<Explanation, Failure> {
        self.fetch(self.get(&["v1", "jobs", job.as_str(), "explain"]))
            .await
    }

    pub(crate) async fn tasks(
        &self,
        job: &JobSelector,
        query: &TaskQuery,
    ) -> Result<Page<Task>, Failure> {
        let route = ["v1", "jobs", job.as_str(), "tasks"];
        self.fetch(self.get(&route).query(query)).await
    }

    pub(crate) async fn task(&self, job: &JobSelector, index: u32) -> Result<Task, Failure> {
        let route = ["v1", "jobs", job.as_str(), "tasks", &index.to_string()];
        self.fetch(self.get(&route)).await
    }

    /// What a task left.
    pub(crate) async fn artifacts(
        &self,
        job: &JobSelector,
        index: u32,
    ) -> Result<Page<Artifact>, Failure> {
        let index = index.to_string();
        let route = ["v1", "jobs", job.as_str(), "tasks", &index, "artifacts"];
        self.fetch(self.get(&route)).await
    }

    /// Cancels a job, or one task of it.
    pub(crate) async fn cancel(&self, selector: &TaskSelector) -> Result<Job, Failure> {
        let mut request = self.post(&["v1", "jobs", selector.job.as_str(), "cancel"]);
        if let Some(task) = selector.task {
            request = request.query(&[("task", task)]);
        }
        self.fetch(request).await
    }

    pub(crate) async fn retry(
        &self,
        job: &JobSelector,
        which: &RetryRequest,
    ) -> Result<Job, Failure> {
        let route = ["v1", "jobs", job.as_str(), "retry"];
        self.fetch(self.post(&route).json(which)).await
    }
}
