//! Bodies that are sent piece by piece, so that a large file is never held in memory and its progress can be told.

use std::io::Cursor;

use futures_util::TryStreamExt as _;
use reqwest::Body;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::ReaderStream;

use crate::progress::Transfer;

/// Bytes per piece.
const PIECE_BYTES: usize = 64 << 10;

/// The bytes of a module.
pub(super) fn bytes(bytes: Vec<u8>, progress: Transfer) -> Body {
    pieces(Cursor::new(bytes), progress)
}

/// A file, from its beginning and no longer than it was when it was measured.
pub(super) fn file(file: File, size_bytes: u64, progress: Transfer) -> Body {
    pieces(file.take(size_bytes), progress)
}

fn pieces(source: impl AsyncRead + Send + 'static, progress: Transfer) -> Body {
    let told = ReaderStream::with_capacity(source, PIECE_BYTES)
        .inspect_ok(move |piece| progress.sent(piece.len()));
    Body::wrap_stream(told)
}
