//! Routes about the server itself.

use sublet_api::Version;

use super::Client;
use crate::failure::Failure;

impl Client {
    pub(crate) async fn version(&self) -> Result<Version, Failure> {
        self.fetch(self.get(&["version"])).await
    }
}
