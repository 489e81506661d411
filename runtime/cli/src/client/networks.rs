//! Routes of networks, and of what operators let users dial outside.

use sublet_api::{EgressPolicy, Flow, Network, NetworkList, Page, Peer};

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn networks(&self) -> Result<NetworkList, Failure> {
        self.fetch(self.get(&["v1", "networks"])).await
    }

    pub(crate) async fn network(&self, name: &str) -> Result<Network, Failure> {
        self.fetch(self.get(&["v1", "networks", name])).await
    }

    pub(crate) async fn flows(&self, name: &str) -> Result<Page<Flow>, Failure> {
        self.fetch(self.get(&["v1", "networks", name, "flows"]))
            .await
    }

    pub(crate) async fn peers(&self, name: &str) -> Result<Page<Peer>, Failure> {
        self.fetch(self.get(&["v1", "networks", name, "peers"]))
            .await
    }

    pub(crate) async fn policy(&self, user: &str) -> Result<EgressPolicy, Failure> {
        self.fetch(self.get(&["v1", "users", user, "policy"])).await
    }

    /// Replaces the policy of a user; the answer is what holds then.
    pub(crate) async fn set_policy(
        &self,
        user: &str,
        policy: &EgressPolicy,
    ) -> Result<EgressPolicy, Failure> {
        let url = self.url(&["v1", "users", user, "policy"]);
        self.fetch(self.http.put(url).json(policy)).await
    }
}
