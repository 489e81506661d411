//! Routes of what was used.

use sublet_api::{Page, RemovedJobs, RemovedQuery, UsageQuery, UsageReport};

use super::{Client, PAGE_ITEMS_MAX};
use crate::failure::Failure;

impl Client {
    /// Sums, at most `count` of them, over as many pages as it takes.
    pub(crate) async fn usage(
        &self,
        mut query: UsageQuery,
        count: u32,
    ) -> Result<UsageReport, Failure> {
        let mut items = Vec::new();
        let mut missing = count;
        loop {
            query.limit = Some(missing.clamp(1, PAGE_ITEMS_MAX));
            let request = self.get(&["v1", "usage"]).query(&query);
            let mut page: UsageReport = self.fetch(request).await?;
            let arrived = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
            missing = missing.saturating_sub(arrived);
            items.append(&mut page.items);
            if missing == 0 || page.next_cursor.is_none() {
                page.items = items;
                return Ok(page);
            }
            query.cursor = page.next_cursor;
        }
    }

    pub(crate) async fn removed_jobs(
        &self,
        query: &RemovedQuery,
    ) -> Result<Page<RemovedJobs>, Failure> {
        self.fetch(self.get(&["v1", "usage", "removed"]).query(query))
            .await
    }
}
