//! Processes as the kernel shows them, and signals to those that a test started.

use std::fs;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// A process, by its id. One test's server and workers; no other process is ever named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(i32);

impl Process {
    pub(crate) fn id(self) -> i32 {
        self.0
    }

    pub(crate) fn of(id: u32) -> Self {
        Self(i32::try_from(id).expect("process ids are below 2^22"))
    }

    /// Whether it exists and has not ended.
    pub(crate) fn lives(self) -> bool {
        self.status("State:")
            .is_some_and(|state| !state.starts_with(['Z', 'X']))
    }

    /// Whether somebody stopped it, to let it go on later.
    pub(crate) fn is_stopped(self) -> bool {
        self.status("State:")
            .is_some_and(|state| state.starts_with('T'))
    }

    /// Sends a signal. A process that has ended meanwhile is none the worse for it.
    pub(crate) fn signal(self, signal: Signal) {
        let pid = Pid::from_raw(self.0).expect("a process id is not 0");
        match kill_process(pid, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => panic!("process {} takes no signal: {error}", self.0),
        }
    }

    pub(crate) fn kill9(self) {
        self.signal(Signal::KILL);
    }

    /// Its children that live and have this word among their arguments.
    pub(crate) fn children(self, word: &str) -> Vec<Self> {
        let entries = fs::read_dir("/proc").expect("/proc is mounted");
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Self))
            .filter(|process| process.parent() == Some(self) && process.lives())
            .filter(|process| process.arguments().iter().any(|argument| argument == word))
            .collect()
    }

    /// Resident memory in bytes; 0 once it has ended.
    pub(crate) fn memory_bytes(self) -> u64 {
        let kibibytes = self.status("VmRSS:").and_then(|text| {
            let number = text.split_whitespace().next()?;
            number.parse::<u64>().ok()
        });
        kibibytes.unwrap_or(0) * 1024
    }

    /// How many descriptors it holds; 0 once it has ended.
    pub(crate) fn descriptors(self) -> usize {
        fs::read_dir(self.file("fd")).map_or(0, Iterator::count)
    }

    fn arguments(self) -> Vec<String> {
        let bytes = fs::read(self.file("cmdline")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.split('\0').map(str::to_owned).collect()
    }

    fn parent(self) -> Option<Self> {
        self.status("PPid:")?.parse().ok().map(Self)
    }

    fn status(self, field: &str) -> Option<String> {
        let status = fs::read_to_string(self.file("status")).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix(field))?;
        Some(value.trim().to_owned())
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }
}
