//! Disk that an instance uses: measured again and again while it runs, because no call says how much it will write.
//!
//! Between two measurements a guest can write more than its limit: at most what the disk takes in the pause, and the
//! pause gets shorter as the limit comes near. What is in the directories at the end is measured once more, so nothing
//! beyond the limit is ever handed on.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use crate::files::OpenedFiles;
use crate::instance::Directory;

/// Every entry counts as at least one block, so that a million empty files are not free.
const BLOCK_BYTES: u64 = 4096;
/// How fast a disk is taken to fill: one byte in a nanosecond, a gigabyte in a second.
const NANOSECONDS_PER_BYTE: u64 = 1;
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(250);
/// Directories inside each other that are looked into. What lies deeper counts as over the limit.
const DEPTH_MAX: u32 = 64;

/// The disk of one instance.
pub(crate) struct Scratch {
    places: Arc<Places>,
    limit: u64,
    used: Used,
    step: Step,
}

/// What the measurements said so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) peak_bytes: u64,
    pub(crate) exceeded: bool,
}

/// What is measured.
struct Places {
    directories: Vec<PathBuf>,
    opened: OpenedFiles,
}

enum Step {
    Measuring(JoinHandle<u64>),
    Pausing(Pin<Box<Sleep>>),
}

impl Scratch {
    /// Nothing, when no directory is counted.
    pub(crate) fn start(directories: &[Directory], limit: u64) -> Option<(Self, OpenedFiles)> {
        let directories: Vec<_> = directories
            .iter()
            .filter(|directory| directory.counted)
            .map(|directory| directory.host.clone())
            .collect();
        if directories.is_empty() {
            return None;
        }
        let opened = OpenedFiles::default();
        let places = Arc::new(Places {
            directories,
            opened: Arc::clone(&opened),
        });
        let step = Step::Pausing(Box::pin(tokio::time::sleep(pause(limit, 0))));
        Some((
            Self {
                places,
                limit,
                used: Used::default(),
                step,
            },
            opened,
        ))
    }

    /// Ready when more is in use than allowed.
    pub(crate) fn poll_exceeded(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.step = match &mut self.step {
                Step::Pausing(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    Step::Measuring(self.measure())
                }
                Step::Measuring(measuring) => {
                    // A measurement that panicked counts as the whole disk: we fail closed.
                    let used = ready!(Pin::new(measuring).poll(cx)).unwrap_or(u64::MAX);
                    self.note(used);
                    if self.used.exceeded {
                        return Poll::Ready(());
                    }
                    Step::Pausing(Box::pin(tokio::time::sleep(pause(self.limit, used))))
                }
            };
        }
    }

    /// What is known without another look.
    pub(crate) const fn used(&self) -> Used {
        self.used
    }

    /// The last measurement, when the guest is through.
    pub(crate) async fn finish(mut self) -> Used {
        let used = self.measure().await.unwrap_or(u64::MAX);
        self.note(used);
        self.used
    }

    fn note(&mut self, used: u64) {
        self.used.peak_bytes = self.used.peak_bytes.max(used);
        self.used.exceeded |= used > self.limit;
    }

    fn measure(&self) -> JoinHandle<u64> {
        let places = Arc::clone(&self.places);
        let limit = self.limit;
        tokio::task::spawn_blocking(move || places.measure(limit))
    }
}

/// How long it takes at least until the limit is reached.
fn pause(limit: u64, used: u64) -> Duration {
    let free = limit.saturating_sub(used);
    Duration::from_nanos(free.saturating_mul(NANOSECONDS_PER_BYTE)).clamp(PAUSE_MIN, PAUSE_MAX)
}

impl Places {
    /// Bytes in use. Stops counting once they are beyond `limit`, so a guest cannot make us walk for ever.
    fn measure(&self, limit: u64) -> u64 {
        let mut total = Total { bytes: 0, limit };
        for directory in &self.directories {
            match openat(
                CWD,
                directory,
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            ) {
                Ok(opened) => total.add_directory(&opened, DEPTH_MAX),
                Err(_) => total.exceed(),
            }
        }
        total.add(self.nameless_bytes());
        total.bytes
    }

    /// Files that were removed while they are open: no walk finds them.
    fn nameless_bytes(&self) -> u64 {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened
            .iter()
            .filter_map(|file| file.upgrade()?.metadata().ok())
            .filter(|metadata| metadata.nlink() == 0)
            .fold(0, |sum: u64, metadata| {
                sum.saturating_add(whole_blocks(metadata.len()))
            })
    }
}

struct Total {
    bytes: u64,
    limit: u64,
}

impl Total {
    fn add(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn exceed(&mut self) {
        self.bytes = self.bytes.max(self.limit.saturating_add(1));
    }

    const fn is_enough(&self) -> bool {
        self.bytes > self.limit
    }

    /// Adds what is in a directory. Links are counted and never followed.
    fn add_directory(&mut self, directory: &OwnedFd, depth: u32) {
        let Ok(mut entries) = Dir::read_from(directory) else {
            return self.exceed();
        };
        while let Some(entry) = entries.read() {
            let Ok(entry) = entry else {
                return self.exceed();
            };
            let name = entry.file_name();
            if !matches!(name.to_bytes(), b"." | b"..") {
                self.add_entry(directory, name, depth);
            }
            if self.is_enough() {
                return;
            }
        }
    }

    fn add_entry(&mut self, directory: &OwnedFd, name: &CStr, depth: u32) {
        // What vanished since it was listed takes no room.
        let Ok(status) = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return;
        };
        self.add(whole_blocks(u64::try_from(status.st_size).unwrap_or(0)));
        if FileType::from_raw_mode(status.st_mode) != FileType::Directory {
            return;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return self.exceed();
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if let Ok(inner) = openat(directory, name, flags, Mode::empty()) {
            self.add_directory(&inner, depth);
        }
    }
}

const fn whole_blocks(bytes: u64) -> u64 {
    let blocks = bytes.div_ceil(BLOCK_BYTES);
    (if blocks == 0 { 1 } else { blocks }).saturating_mul(BLOCK_BYTES)
}
