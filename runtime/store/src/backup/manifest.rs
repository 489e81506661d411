//! The manifest of a backup: a line of JSON for its beginning, for each part in the order of the archive, and for its end.
//! It is written and read line by line, because a backup may have a million parts.

use std::io::{BufRead, Read as _, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sublet_scheduler::UnixMillis;

use crate::{Digest, Error, error::Doing};

use super::{BackupRefusal, BackupSummary};

/// The version of the format.
const VERSION: u32 = 1;
/// More than any line has.
const LINE_BYTES_MAX: u64 = 16 << 10;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beginning {
    sublet_backup: u32,
    pub(super) schema: u32,
    pub(super) made_at_ms: u64,
}

/// A part of the archive. A folder has neither length nor digest.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<Digest>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) parts: u64,
    pub(super) bytes: u64,
    pub(super) missing: u64,
}

impl Beginning {
    pub(super) const fn new(schema: u32, made_at: UnixMillis) -> Self {
        Self {
            sublet_backup: VERSION,
            schema,
            made_at_ms: made_at.0,
        }
    }

    pub(super) const fn with(&self, end: End) -> BackupSummary {
        BackupSummary {
            made_at: UnixMillis(self.made_at_ms),
            schema: self.schema,
            parts: end.parts,
            bytes: end.bytes,
            missing: end.missing,
        }
    }
}

impl End {
    /// One more part.
    pub(super) fn count(&mut self, part: &Listed) {
        self.parts += 1;
        self.bytes = self.bytes.saturating_add(part.bytes.unwrap_or(0));
    }
}

pub(super) fn write_line(to: &mut impl Write, line: &impl Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_vec(line)
        .map_err(std::io::Error::from)
        .doing("write the manifest of a backup")?;
    text.push(b'\n');
    to.write_all(&text).doing("write the manifest of a backup")
}

/// A manifest that is read.
pub(super) struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    pub(super) fn begin(reader: R) -> Result<(Beginning, Self), Error> {
        let mut lines = Self(reader);
        let beginning: Beginning = lines.next()?;
        if beginning.sublet_backup == VERSION {
            Ok((beginning, lines))
        } else {
            Err(BackupRefusal::Manifest.into())
        }
    }

    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let mut line = Vec::new();
        (&mut self.0)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .doing("read the manifest of a backup")?;
        serde_json::from_slice(&line).map_err(|_| BackupRefusal::Manifest.into())
    }

    /// The last line, behind which there is nothing.
    pub(super) fn end(mut self) -> Result<End, Error> {
        let end = self.next()?;
        let rest = self.0.fill_buf().doing("read the manifest of a backup")?;
        if rest.is_empty() {
            Ok(end)
        } else {
            Err(BackupRefusal::Manifest.into())
        }
    }
}
