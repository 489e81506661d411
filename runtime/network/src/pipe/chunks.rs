//! What waits in a pipe, and what it is charged.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// What a chunk costs beside its bytes: its place in the queue and its allocation.
pub(super) const CHUNK_CHARGE_BYTES: usize = 128;

/// Writes below this are joined, as long as they fit below it together: a guest that writes single bytes must not make a
/// chunk of each, and one that keeps a small slice of a large buffer must not keep the buffer.
const JOINED_BYTES_MAX: usize = 4 * 1024;

/// Chunks in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    queue: VecDeque<Chunk>,
    charged_bytes: usize,
}

#[derive(Debug)]
enum Chunk {
    /// As it was written.
    Whole(Bytes),
    /// Copied together from small writes. Its allocation doubles as it grows, so it is at most twice its length.
    Joined(BytesMut),
}

impl Chunks {
    /// Bytes that wait and what their chunks cost.
    pub(super) fn charged_bytes(&self) -> usize {
        self.charged_bytes
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.charged_bytes - self.queue.len() * CHUNK_CHARGE_BYTES
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues bytes; not none.
    pub(super) fn push(&mut self, bytes: &Bytes) {
        self.charged_bytes += bytes.len();
        if let Some(Chunk::Joined(last)) = self.queue.back_mut()
            && last.len() + bytes.len() <= JOINED_BYTES_MAX
        {
            last.extend_from_slice(bytes);
            return;
        }
        self.charged_bytes += CHUNK_CHARGE_BYTES;
        self.queue.push_back(if bytes.len() < JOINED_BYTES_MAX {
            Chunk::Joined(BytesMut::from(bytes.as_ref()))
        } else {
            Chunk::Whole(bytes.clone())
        });
    }

    /// Takes at most `max` bytes of the first chunk; none where there is none.
    pub(super) fn pop(&mut self, max: usize) -> Bytes {
        let Some(first) = self.queue.front_mut() else {
            return Bytes::new();
        };
        let bytes = match first {
            Chunk::Whole(bytes) => bytes.split_to(max.min(bytes.len())),
            Chunk::Joined(bytes) => bytes.split_to(max.min(bytes.len())).freeze(),
        };
        let rest = match first {
            Chunk::Whole(bytes) => bytes.len(),
            Chunk::Joined(bytes) => bytes.len(),
        };
        self.charged_bytes -= bytes.len();
        if rest == 0 {
            self.queue.pop_front();
            self.charged_bytes -= CHUNK_CHARGE_BYTES;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, CHUNK_CHARGE_BYTES, Chunks};

    #[test]
    fn small_writes_are_joined_and_large_ones_are_not() {
        let mut chunks = Chunks::default();
        for _ in 0..5_000 {
            chunks.push(&Bytes::from_static(b"x"));
        }
        assert_eq!(chunks.queue.len(), 2);
        chunks.push(&Bytes::from(vec![0; 4_096]));
        assert_eq!(chunks.queue.len(), 3);
        assert_eq!(chunks.bytes(), 9_096);
        assert_eq!(chunks.charged_bytes(), 9_096 + 3 * CHUNK_CHARGE_BYTES);
    }

    #[test]
    fn what_is_charged_is_given_back() {
        let mut chunks = Chunks::default();
        chunks.push(&Bytes::from_static(b"abc"));
        chunks.push(&Bytes::from(vec![1; 5_000]));
        assert_eq!(chunks.pop(2).as_ref(), b"ab");
        assert_eq!(chunks.pop(0).as_ref(), b"");
        assert_eq!(chunks.pop(100).as_ref(), b"c");
        assert_eq!(chunks.pop(4_999).len(), 4_999);
        assert_eq!(chunks.charged_bytes(), 1 + CHUNK_CHARGE_BYTES);
        assert_eq!(chunks.pop(10).len(), 1);
        assert_eq!(chunks.charged_bytes(), 0);
        assert!(chunks.is_empty() && chunks.pop(1).is_empty());
    }
}
