//! Routes of modules.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use sublet_api::{Module, ModuleQuery, Page, PushQuery, ReleaseQuery};

use super::{Client, understood, upload};
use crate::failure::Failure;
use crate::module_file::Binary;
use crate::progress::Transfer;

impl Client {
    /// Sends a binary. The server answers when it has checked and compiled it.
    pub(crate) async fn push(
        &self,
        binary: Binary,
        query: &PushQuery,
        progress: Transfer,
    ) -> Result<Module, Failure> {
        let digest = STANDARD.encode(binary.sha256);
        let request = self
            .post(&["v1", "modules"])
            .query(query)
            .header("content-digest", format!("sha-256=:{digest}:"))
            .header(CONTENT_TYPE, "application/wasm")
            .header(CONTENT_LENGTH, binary.bytes.len())
            .body(upload::bytes(binary.bytes, progress));
        self.fetch(request).await
    }

    pub(crate) async fn modules(&self, query: &ModuleQuery) -> Result<Page<Module>, Failure> {
        self.fetch(self.get(&["v1", "modules"]).query(query)).await
    }

    pub(crate) async fn module(&self, reference: &str) -> Result<Module, Failure> {
        self.fetch(self.get(&["v1", "modules", reference])).await
    }

    /// The module, if the server has it.
    pub(crate) async fn find_module(&self, reference: &str) -> Result<Option<Module>, Failure> {
        match self.find(self.get(&["v1", "modules", reference])).await? {
            None => Ok(None),
            Some(answer) => {
                let bytes = answer
                    .bytes()
                    .await
                    .map_err(|error| self.unreachable(&error))?;
                understood(&bytes).map(Some)
            }
        }
    }

    /// Lets a module in quarantine begin anew.
    pub(crate) async fn release_module(
        &self,
        reference: &str,
        query: &ReleaseQuery,
    ) -> Result<Module, Failure> {
        let request = self.post(&["v1", "modules", reference, "release"]);
        self.fetch(request.query(query)).await
    }

    pub(crate) async fn delete_module(&self, reference: &str) -> Result<(), Failure> {
        let request = self.http.delete(self.url(&["v1", "modules", reference]));
        self.send(request).await.map(drop)
    }
}
