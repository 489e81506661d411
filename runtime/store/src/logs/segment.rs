//! The files of a job's log: numbered from 1, without a gap.

use std::{fmt, io, str::FromStr};

use cap_std::fs::Dir;

/// What every segment begins with.
pub(super) const MAGIC: &[u8; 8] = b"SUBLOG1\n";
pub(super) const MAGIC_BYTES: u64 = 8;

/// A place in the log of a job. A reader goes on from it, also after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// A text that is not a place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in a log is two numbers with a hyphen between them")]
pub struct NotAPosition;

pub(super) fn file_name(segment: u64) -> String {
    format!("{segment}.log")
}

/// The number of the newest segment; 0 when there is none.
pub(super) fn newest(folder: &Dir) -> io::Result<u64> {
    folder.entries()?.try_fold(0, |newest, entry| {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".log")?.parse().ok());
        Ok(number.unwrap_or(0).max(newest))
    })
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.segment, self.offset)
    }
}

impl FromStr for LogPosition {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (segment, offset) = text.split_once('-').ok_or(NotAPosition)?;
        let number = |text: &str| text.parse().map_err(|_| NotAPosition);
        Ok(Self {
            segment: number(segment)?,
            offset: number(offset)?,
        })
    }
}
