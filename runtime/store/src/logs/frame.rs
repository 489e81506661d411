//! The form of a frame. Whether one is whole is decided here, by its length and its checksum.

use sublet_scheduler::UnixMillis;

/// Something that an attempt printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    /// Which task.
    pub task: u32,
    /// Which attempt of it.
    pub attempt: u32,
    /// To where.
    pub stream: Stream,
    /// When it came in.
    pub at: UnixMillis,
    /// What.
    pub bytes: Vec<u8>,
}

/// Where something was printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a frame says before its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) task: u32,
    pub(super) attempt: u32,
    pub(super) at: UnixMillis,
    pub(super) stream: Stream,
}

/// What stands at some place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A frame, and how many bytes it takes.
    Frame(FrameHead, &'a [u8], usize),
    /// Nothing that is a frame.
    Damage,
}

/// length, checksum, task, attempt, time, stream
pub(super) const HEAD_BYTES: usize = 4 + 4 + 4 + 4 + 8 + 1;
const CHECKED_FROM: usize = 8;

/// Longer output is written as several frames, so that reading never needs more memory than this.
pub(super) const BYTES_MAX: usize = 256 << 10;

/// Adds a frame to `buffer`. `bytes` are at most [`BYTES_MAX`].
pub(super) fn encode(head: FrameHead, bytes: &[u8], buffer: &mut Vec<u8>) {
    let begin = buffer.len();
    let length = u32::try_from(bytes.len()).expect("a frame is bounded");
    let FrameHead {
        task,
        attempt,
        at,
        stream,
    } = head;
    buffer.extend(length.to_le_bytes());
    buffer.extend([0; 4]);
    buffer.extend(task.to_le_bytes());
    buffer.extend(attempt.to_le_bytes());
    buffer.extend(at.0.to_le_bytes());
    buffer.push(stream.code());
    buffer.extend(bytes);
    let checksum = checksum(length, &buffer[begin + CHECKED_FROM..]);
    buffer[begin + 4..begin + CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
}

/// How many bytes the frame takes whose first bytes these are. `None` when they are no frame's.
pub(super) fn size(head: &[u8; HEAD_BYTES]) -> Option<usize> {
    let length = usize::try_from(u32_at(head, 0)).ok()?;
    (length <= BYTES_MAX).then_some(HEAD_BYTES + length)
}

/// Reads the frame that fills `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Found<'_> {
    whole(bytes).unwrap_or(Found::Damage)
}

fn whole(bytes: &[u8]) -> Option<Found<'_>> {
    let (head, content) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let checksum = checksum(u32_at(head, 0), bytes.get(CHECKED_FROM..)?);
    if size(head)? != bytes.len() || checksum != u32_at(head, 4) {
        return None;
    }
    let head = FrameHead {
        task: u32_at(head, 8),
        attempt: u32_at(head, 12),
        at: UnixMillis(u64::from(u32_at(head, 16)) | u64::from(u32_at(head, 20)) << 32),
        stream: Stream::from_code(head[24])?,
    };
    Some(Found::Frame(head, content, bytes.len()))
}

/// Of the length as well: zeroes, as a power loss leaves them, are not a frame.
fn checksum(length: u32, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(rest);
    hasher.finalize()
}

fn u32_at(head: &[u8; HEAD_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

impl Stream {
    const fn code(self) -> u8 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Stdout),
            2 => Some(Self::Stderr),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::UnixMillis;

    use super::{Found, FrameHead, HEAD_BYTES, Stream, decode, encode};

    #[test]
    fn a_frame_is_whole_or_it_is_damage() {
        let head = FrameHead {
            task: 7,
            attempt: 2,
            at: UnixMillis(u64::MAX - 3),
            stream: Stream::Stderr,
        };
        let mut frame = Vec::new();
        encode(head, b"hello", &mut frame);
        assert_eq!(decode(&frame), Found::Frame(head, b"hello", HEAD_BYTES + 5));
        for length in 0..frame.len() {
            assert_eq!(decode(&frame[..length]), Found::Damage, "cut at {length}");
        }
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&flipped), Found::Damage, "bit {bit}");
        }
        assert_eq!(decode(&[0; HEAD_BYTES]), Found::Damage);
    }
}
