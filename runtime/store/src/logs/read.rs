//! Reading logs. Whatever is not a whole frame is not shown: the rest of its segment is skipped, and the reader is told.

use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};

use cap_std::fs::{Dir, File};

use crate::{Error, durable::if_found, error::Doing};

use super::{
    frame::{Found, FrameHead, HEAD_BYTES, LogChunk, Stream, decode, size},
    segment::{LogPosition, MAGIC, MAGIC_BYTES, file_name},
};

/// What of a job's log is read. The default reads all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSelection {
    /// Only what this task printed.
    pub task: Option<u32>,
    /// Only what this attempt (of each task) printed.
    pub attempt: Option<u32>,
    /// Only what was printed to here.
    pub stream: Option<Stream>,
}

/// Something in a log, and the place behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Reading on from here gives what comes next.
    pub after: LogPosition,
    /// What it is.
    pub found: LogFound,
}

/// What is found in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFound {
    /// Something that was printed.
    Chunk(LogChunk),
    /// Something is missing here that had been printed, by whichever task.
    Gap {
        /// Bytes of the file that cannot be read; 0 when the file itself is missing.
        file_bytes: u64,
    },
}

/// Reads a log up to the end that it had when the reading began.
#[derive(Debug)]
pub struct LogReader {
    folder: Option<Dir>,
    selection: LogSelection,
    next: LogPosition,
    end: Option<LogPosition>,
    file: Option<OpenSegment>,
    frame: Vec<u8>,
}

#[derive(Debug)]
struct OpenSegment {
    file: BufReader<File>,
    /// Up to where there are frames.
    length: u64,
}

/// One step of a reader.
enum Step {
    Frame(FrameHead, usize),
    Gap { file_bytes: u64 },
    SegmentEnd,
}

impl LogReader {
    pub(super) fn new(
        folder: Option<Dir>,
        selection: LogSelection,
        from: LogPosition,
        end: Option<LogPosition>,
    ) -> Self {
        // Positions come back from outside, so nothing is taken for granted about them.
        let next = LogPosition {
            segment: from.segment.max(1),
            offset: from.offset.max(MAGIC_BYTES),
        };
        Self {
            folder,
            selection,
            next,
            end,
            file: None,
            frame: Vec::new(),
        }
    }

    /// Where the next entry would begin: what a follower goes on from, also when nothing was selected.
    #[must_use]
    pub const fn position(&self) -> LogPosition {
        self.next
    }

    fn next_entry(&mut self) -> io::Result<Option<LogEntry>> {
        while self.end.is_some_and(|end| self.next < end) {
            match self.step()? {
                Step::Frame(head, bytes) => {
                    if self.selection.takes(head) {
                        return Ok(Some(self.chunk(head, bytes)));
                    }
                }
                Step::SegmentEnd => self.next_segment(),
                Step::Gap { file_bytes } => {
                    self.next_segment();
                    let found = LogFound::Gap { file_bytes };
                    return Ok(Some(LogEntry {
                        after: self.next,
                        found,
                    }));
                }
            }
        }
        Ok(None)
    }

    fn step(&mut self) -> io::Result<Step> {
        if self.file.is_none() {
            self.file = self.open()?;
        }
        let Some(segment) = &mut self.file else {
            return Ok(Step::Gap { file_bytes: 0 });
        };
        let left = segment.length.saturating_sub(self.next.offset);
        if left == 0 {
            return Ok(Step::SegmentEnd);
        }
        if !segment.read_frame(left, &mut self.frame)? {
            return Ok(Step::Gap { file_bytes: left });
        }
        match decode(&self.frame) {
            Found::Frame(head, _, size) => {
                self.next.offset += u64::try_from(size).unwrap_or(u64::MAX);
                Ok(Step::Frame(head, size))
            }
            Found::Damage => Ok(Step::Gap { file_bytes: left }),
        }
    }

    /// `None` where a segment should be and is not, or is none.
    fn open(&self) -> io::Result<Option<OpenSegment>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let Some(mut file) = if_found(folder.open(file_name(self.next.segment)))? else {
            return Ok(None);
        };
        let mut length = file.metadata()?.len();
        if let Some(end) = self.end.filter(|end| end.segment == self.next.segment) {
            length = length.min(end.offset);
        }
        let mut magic = [0; MAGIC.len()];
        let is_log = length >= MAGIC_BYTES && {
            file.read_exact(&mut magic)?;
            magic == *MAGIC
        };
        file.seek(SeekFrom::Start(self.next.offset))?;
        Ok(is_log.then(|| OpenSegment {
            file: BufReader::new(file),
            length,
        }))
    }

    fn next_segment(&mut self) {
        self.file = None;
        let end = self.end.unwrap_or_default();
        // Behind the last segment is its end, so that a follower sees what is added there later.
        self.next = if self.next.segment < end.segment {
            LogPosition {
                segment: self.next.segment + 1,
                offset: MAGIC_BYTES,
            }
        } else {
            end
        };
    }

    fn chunk(&self, head: FrameHead, size: usize) -> LogEntry {
        let FrameHead {
            task,
            attempt,
            at,
            stream,
        } = head;
        let bytes = self
            .frame
            .get(HEAD_BYTES..size)
            .unwrap_or_default()
            .to_vec();
        let chunk = LogChunk {
            task,
            attempt,
            stream,
            at,
            bytes,
        };
        LogEntry {
            after: self.next,
            found: LogFound::Chunk(chunk),
        }
    }
}

impl OpenSegment {
    /// Reads the bytes of the next frame. False when there are not as many as it says.
    fn read_frame(&mut self, left: u64, frame: &mut Vec<u8>) -> io::Result<bool> {
        let mut head = [0; HEAD_BYTES];
        let fits = |size: usize| u64::try_from(size).is_ok_and(|size| size <= left);
        if !fits(HEAD_BYTES) {
            return Ok(false);
        }
        self.file.read_exact(&mut head)?;
        let Some(size) = size(&head).filter(|size| fits(*size)) else {
            return Ok(false);
        };
        frame.clear();
        frame.extend(head);
        frame.resize(size, 0);
        self.file.read_exact(&mut frame[HEAD_BYTES..])?;
        Ok(true)
    }
}

impl LogSelection {
    fn takes(self, head: FrameHead) -> bool {
        self.task.is_none_or(|task| task == head.task)
            && self.attempt.is_none_or(|attempt| attempt == head.attempt)
            && self.stream.is_none_or(|stream| stream == head.stream)
    }
}

impl Iterator for LogReader {
    type Item = Result<LogEntry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_entry().doing("read a log").transpose()
    }
}
