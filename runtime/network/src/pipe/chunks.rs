//! What waits in a pipe, and what it is charged.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// What a chunk costs beside its bytes: its place in the queue and its allocation.
pub(super) const CHUNK_CHARGE_BYTES: usize = 128;

/// Writes below this are joined, as long as they fit below it together: a guest that writes single bytes must not make a
/// chunk of each, and one that keeps a small slice of a large buffer must not keep the buffer.
const JOINED_BYTES_MAX: usize = 4 * 1024;

/// Chunks up to this are handed out together, as many as were asked for, so that who reads much does not come once for
/// each small write. To copy a larger one would cost more than to come once more.
const GATHERED_BYTES_MAX: usize = 16 * 1024;

/// The most that is copied together at a time, however much was asked for: the pipe is locked meanwhile, and what a
/// carrier has taken out of it but not passed on is in nobody's window.
const TOGETHER_BYTES_MAX: usize = 32 * 1024;

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
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.charged_bytes += bytes.len();
        if let Some(Chunk::Joined(last)) = self.queue.back_mut()
            && last.len() + bytes.len() <= JOINED_BYTES_MAX
        {
            last.extend_from_slice(&bytes);
            return;
        }
        self.charged_bytes += CHUNK_CHARGE_BYTES;
        self.queue.push_back(if bytes.len() < JOINED_BYTES_MAX {
            Chunk::Joined(BytesMut::from(bytes.as_ref()))
        } else {
            Chunk::Whole(bytes)
        });
    }

    /// Takes at most `max` bytes, of the first chunk or of several small ones; none where there is none.
    pub(super) fn pop(&mut self, max: usize) -> Bytes {
        match self.fitting(max) {
            (2.., bytes) => self.gather(bytes),
            _ => self.take_first(max),
        }
    }

    /// How many small chunks stand at the front that fit into `max` together, and their bytes.
    fn fitting(&self, max: usize) -> (usize, usize) {
        let (mut count, mut bytes) = (0, 0);
        for chunk in &self.queue {
            let length = chunk.len();
            if length > GATHERED_BYTES_MAX || bytes + length > max.min(TOGETHER_BYTES_MAX) {
                break;
            }
            count += 1;
            bytes += length;
        }
        (count, bytes)
    }

    /// Copies whole chunks together, until there are so many bytes.
    fn gather(&mut self, total: usize) -> Bytes {
        let mut gathered = BytesMut::with_capacity(total);
        while gathered.len() < total
            && let Some(chunk) = self.queue.pop_front()
        {
            gathered.extend_from_slice(chunk.as_ref());
            self.charged_bytes -= chunk.len() + CHUNK_CHARGE_BYTES;
        }
        gathered.freeze()
    }

    fn take_first(&mut self, max: usize) -> Bytes {
        let Some(first) = self.queue.front_mut() else {
            return Bytes::new();
        };
        // What is taken whole is moved: to split it would count who shares its allocation, and then its next owner copies.
        if first.len() <= max {
            let bytes = self
                .queue
                .pop_front()
                .map_or_else(Bytes::new, Chunk::freeze);
            self.charged_bytes -= bytes.len() + CHUNK_CHARGE_BYTES;
            return bytes;
        }
        let bytes = match first {
            Chunk::Whole(bytes) => bytes.split_to(max),
            Chunk::Joined(bytes) => bytes.split_to(max).freeze(),
        };
        self.charged_bytes -= bytes.len();
        bytes
    }
}

impl Chunk {
    fn len(&self) -> usize {
        self.as_ref().len()
    }

    fn freeze(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Joined(bytes) => bytes.freeze(),
        }
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Joined(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, CHUNK_CHARGE_BYTES, Chunks, GATHERED_BYTES_MAX, TOGETHER_BYTES_MAX};

    #[test]
    fn small_writes_are_joined_and_large_ones_are_not() {
        let mut chunks = Chunks::default();
        for _ in 0..5_000 {
            chunks.push(Bytes::from_static(b"x"));
        }
        assert_eq!(chunks.queue.len(), 2);
        chunks.push(Bytes::from(vec![0; 4_096]));
        assert_eq!(chunks.queue.len(), 3);
        assert_eq!(chunks.bytes(), 9_096);
        assert_eq!(chunks.charged_bytes(), 9_096 + 3 * CHUNK_CHARGE_BYTES);
    }

    #[test]
    fn what_is_charged_is_given_back() {
        let mut chunks = Chunks::default();
        chunks.push(Bytes::from_static(b"abc"));
        chunks.push(Bytes::from(vec![1; 5_000]));
        assert_eq!(chunks.pop(2).as_ref(), b"ab");
        assert_eq!(chunks.pop(0).as_ref(), b"");
        assert_eq!(chunks.pop(100).as_ref(), b"c");
        assert_eq!(chunks.pop(4_999).len(), 4_999);
        assert_eq!(chunks.charged_bytes(), 1 + CHUNK_CHARGE_BYTES);
        assert_eq!(chunks.pop(10).len(), 1);
        assert_eq!(chunks.charged_bytes(), 0);
        assert!(chunks.is_empty() && chunks.pop(1).is_empty());
    }

    #[test]
    fn small_chunks_are_handed_out_together_and_large_ones_as_they_are() {
        let mut chunks = Chunks::default();
        for byte in 0..8 {
            chunks.push(Bytes::from(vec![byte; 4_096]));
        }
        let large = Bytes::from(vec![8; GATHERED_BYTES_MAX + 1]);
        chunks.push(large.clone());
        chunks.push(Bytes::from_static(b"x"));
        let together = chunks.pop(8 * 4_096 - 1);
        assert_eq!(together.len(), 7 * 4_096);
        let expected = (0..7).flat_map(|byte| [byte; 4_096]);
        assert!(together.iter().copied().eq(expected));
        assert_eq!(chunks.pop(65_536).as_ref(), [7; 4_096]);
        assert_eq!(chunks.pop(65_536).as_ptr(), large.as_ptr());
        assert_eq!(chunks.charged_bytes(), 1 + CHUNK_CHARGE_BYTES);
        assert_eq!(chunks.pop(65_536).as_ref(), b"x");
        assert_eq!(chunks.charged_bytes(), 0);
    }

    #[test]
    fn who_asks_for_everything_is_given_a_bounded_piece() {
        let mut chunks = Chunks::default();
        for _ in 0..50 {
            chunks.push(Bytes::from(vec![0; 4_096]));
        }
        assert_eq!(chunks.pop(usize::MAX).len(), TOGETHER_BYTES_MAX);
        assert_eq!(chunks.bytes(), 50 * 4_096 - TOGETHER_BYTES_MAX);
    }
}
