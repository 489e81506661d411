//! Routes of inputs: each is uploaded once, by digest.

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use sublet_api::{InputKind, InputQuery};
use tokio::fs::File;

use super::{Client, upload};
use crate::failure::Failure;
use crate::progress::Transfer;

/// Bytes to upload: where they are, and what is known of them.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) digest: String,
    pub(crate) kind: InputKind,
    pub(crate) size_bytes: u64,
    pub(crate) file: std::fs::File,
}

impl Client {
    /// Whether the server has this input already.
    pub(crate) async fn has_input(&self, digest: &str, kind: InputKind) -> Result<bool, Failure> {
        let request = self
            .http
            .head(self.url(&["v1", "inputs", digest]))
            .query(&InputQuery { kind });
        Ok(self.find(request).await?.is_some())
    }

    /// Sends an input.
    pub(crate) async fn put_input(&self, input: Upload, progress: Transfer) -> Result<(), Failure> {
        let content = match input.kind {
            InputKind::Blob => "application/octet-stream",
            InputKind::Tree => "application/x-tar",
        };
        let request = self
            .http
            .put(self.url(&["v1", "inputs", &input.digest]))
            .query(&InputQuery { kind: input.kind })
            .header(CONTENT_TYPE, content)
            .header(CONTENT_LENGTH, input.size_bytes)
            .body(upload::file(
                File::from_std(input.file),
                input.size_bytes,
                progress,
            ));
        self.send(request).await.map(drop)
    }
}
