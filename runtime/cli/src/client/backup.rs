//! A backup, received as it comes.

use reqwest::Response;
use sublet_api::Code;

use super::Client;
use crate::failure::Failure;

/// The bytes of a backup.
#[derive(Debug)]
pub(crate) struct Received {
    answer: Response,
    left: u64,
}

impl Client {
    pub(crate) async fn backup(&self) -> Result<Received, Failure> {
        let answer = self.send(self.post(&["v1", "admin", "backup"])).await?;
        let left = answer.content_length().unwrap_or(0);
        Ok(Received { answer, left })
    }
}

impl Received {
    /// The next piece; `None` once all of it is there.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let broken_off = || {
            Failure::new(
                Code::ServerUnreachable,
                "the backup broke off before its end",
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
