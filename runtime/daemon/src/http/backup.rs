//! A backup, made beside everything else and sent as one file.

use std::fs::File;
use std::io;

use axum::body::Body;
use tokio_util::io::ReaderStream;

use super::answer::{Binary, Bytes};
use super::caller::Caller;
use super::problem::{Answer, ApiError};
use crate::clock;
use crate::front::Front;

/// Bytes that are read ahead of the one who receives.
const PIECE_BYTES: usize = 256 << 10;

/// What is recorded after the backup began is not in it. It is made whole before its first byte is sent, so that a fault is
/// an answer and not half a file.
pub(super) async fn create(caller: Caller) -> Answer<Bytes<Binary>> {
    if caller.is_disk_short()? {
        return Err(crate::driver::NotKept::DiskFull.into());
    }
    caller.note("admin.backup", "server");
    let file = caller.on_disk(backup_of).await?;
    let file = file.map_err(|error| ApiError::fault(&error))?;
    let length = file
        .metadata()
        .map_err(|error| ApiError::fault(&error))?
        .len();
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE_BYTES);
    Ok(Bytes::new(Body::from_stream(pieces)).of_length(length))
}

/// The backup as a file without a name: whatever becomes of the answer, its room comes back.
fn backup_of(front: &Front) -> Result<io::Result<File>, sublet_store::Error> {
    let folder = match tempfile::tempdir_in(front.directory.path().join("tmp")) {
        Ok(folder) => folder,
        Err(error) => return Ok(Err(error)),
    };
    let path = folder.path().join("backup");
    front.directory.backup(&path, clock::now())?;
    Ok(File::open(path))
}
