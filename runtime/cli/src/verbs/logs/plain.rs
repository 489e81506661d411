//! The output of many tasks as if they had run one after the other: in order of their index, byte for byte.
//!
//! Tasks write at the same time and finish in any order, so what arrives is set aside in a temporary file until all of
//! it is there. Of each task only the latest attempt counts: what a lost one wrote, its successor writes again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use sublet_api::{Code, LogEntry};

use crate::failure::Failure;
use crate::output::Output;
use crate::transcript::content;

/// Output that was set aside.
#[derive(Debug)]
pub(super) struct Plain {
    file: File,
    end: u64,
    tasks: BTreeMap<u32, Latest>,
}

/// What the latest attempt of a task wrote.
#[derive(Debug, Default)]
struct Latest {
    attempt: u32,
    /// Where its pieces begin in the file, and how long they are.
    pieces: Vec<(u64, usize)>,
}

impl Plain {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {
            file: tempfile::tempfile().map_err(|error| unusable(&error))?,
            end: 0,
            tasks: BTreeMap::new(),
        })
    }

    /// Sets an entry aside.
    pub(super) fn take(&mut self, entry: &LogEntry) -> Result<(), Failure> {
        let bytes = content(entry);
        if bytes.is_empty() {
            return Ok(());
        }
        let latest = self.tasks.entry(entry.task).or_default();
        if entry.attempt < latest.attempt {
            return Ok(());
        }
        if entry.attempt > latest.attempt {
            *latest = Latest {
                attempt: entry.attempt,
                pieces: Vec::new(),
            };
        }
        self.file
            .write_all(&bytes)
            .map_err(|error| unusable(&error))?;
        latest.pieces.push((self.end, bytes.len()));
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Prints all of it, first task first.
    pub(super) fn print(mut self, output: &Output) -> Result<(), Failure> {
        for latest in self.tasks.into_values() {
            for (start, length) in latest.pieces {
                let mut bytes = vec![0; length];
                self.file
                    .seek(SeekFrom::Start(start))
                    .and_then(|_| self.file.read_exact(&mut bytes))
                    .map_err(|error| unusable(&error))?;
                output.bytes(&bytes)?;
            }
        }
        Ok(())
    }
}

fn unusable(error: &io::Error) -> Failure {
    Failure::new(
        Code::FileUnwritable,
        "the output cannot be set aside in a temporary file",
    )
    .help("set TMPDIR to a directory with room for it")
    .caused_by(error)
}
