//! Routes of the pool: its sub-clusters and its nodes.

use reqwest::RequestBuilder;
use sublet_api::{
    DeleteQuery, DrainNode, LabelNode, Node, NodeExplanation, NodeQuery, Page, PauseSubcluster,
    Pool, Subcluster,
};

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn pool(&self) -> Result<Pool, Failure> {
        self.fetch(self.get(&["v1", "pool"])).await
    }

    pub(crate) async fn subclusters(&self) -> Result<Page<Subcluster>, Failure> {
        self.fetch(self.get(&["v1", "subclusters"])).await
    }

    pub(crate) async fn subcluster(&self, name: &str) -> Result<Subcluster, Failure> {
        self.fetch(self.get(&["v1", "subclusters", name])).await
    }

    pub(crate) async fn pause_subcluster(
        &self,
        name: &str,
        why: &PauseSubcluster,
    ) -> Result<Subcluster, Failure> {
        let route = ["v1", "subclusters", name, "pause"];
        self.fetch(self.post(&route).json(why)).await
    }

    pub(crate) async fn resume_subcluster(&self, name: &str) -> Result<Subcluster, Failure> {
        self.fetch(self.post(&["v1", "subclusters", name, "resume"]))
            .await
    }

    pub(crate) async fn delete_subcluster(
        &self,
        name: &str,
        how: DeleteQuery,
    ) -> Result<(), Failure> {
        let request: RequestBuilder = self.http.delete(self.url(&["v1", "subclusters", name]));
        self.send(request.query(&how)).await.map(drop)
    }

    /// All nodes of this kind, over as many pages as it takes.
    pub(crate) async fn nodes(&self, mut query: NodeQuery) -> Result<Page<Node>, Failure> {
        let mut items = Vec::new();
        loop {
            let page: Page<Node> = self.fetch(self.get(&["v1", "nodes"]).query(&query)).await?;
            let is_last = page.items.is_empty() || page.next_cursor.is_none();
            items.extend(page.items);
            if is_last {
                return Ok(Page {
                    items,
                    next_cursor: None,
                });
            }
            query.cursor = page.next_cursor;
        }
    }

    pub(crate) async fn node(&self, name: &str) -> Result<Node, Failure> {
        self.fetch(self.get(&["v1", "nodes", name])).await
    }

    pub(crate) async fn explain_node(&self, name: &str) -> Result<NodeExplanation, Failure> {
        self.fetch(self.get(&["v1", "nodes", name, "explain"]))
            .await
    }

    pub(crate) async fn drain_node(&self, name: &str, how: &DrainNode) -> Result<Node, Failure> {
        let route = ["v1", "nodes", name, "drain"];
        self.fetch(self.post(&route).json(how)).await
    }

    pub(crate) async fn resume_node(&self, name: &str) -> Result<Node, Failure> {
        self.fetch(self.post(&["v1", "nodes", name, "resume"]))
            .await
    }

    pub(crate) async fn label_node(&self, name: &str, how: &LabelNode) -> Result<Node, Failure> {
        let route = ["v1", "nodes", name, "label"];
        self.fetch(self.post(&route).json(how)).await
    }
}
