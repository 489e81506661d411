//! Routes about the server itself.

use sublet_api::{Pool, Version};

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn version(&self) -> Result<Version, Failure> {
        self.fetch(self.get(&["version"])).await
    }

    pub(crate) async fn pool(&self) -> Result<Pool, Failure> {
        self.fetch(self.get(&["v1", "pool"])).await
    }
}
