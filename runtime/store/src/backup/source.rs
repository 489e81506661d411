//! Files on their way into a backup.

use std::io::{self, Read};

/// Exactly this many bytes. A file that has become shorter meanwhile cannot be in a backup.
pub(super) struct Exactly<R> {
    from: R,
    left: u64,
}

impl<R: Read> Exactly<R> {
    pub(super) const fn new(from: R, bytes: u64) -> Self {
        Self { from, left: bytes }
    }
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&mut self.from).take(self.left).read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }
}
