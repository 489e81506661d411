//! The host as the rest of the crate sees it: one trait, and three rooms behind it, of which a build has one.
//!
//! ```text
//!   Job, Progress, Checkpoint, …  ──►  Host  ──►  imports   `sublet:job`        wasm
//!                                             ├►  files     Level 0             wasm, without the feature `host`
//!                                             └►  memory    in this process     native, and the feature `test`
//! ```
//!
//! Which room it is is known when the crate is compiled and not while it runs: so a job imports what it calls and no more.

#[cfg(any(
    test,
    all(target_family = "wasm", not(feature = "host"), not(feature = "test"))
))]
mod files;
#[cfg(all(target_family = "wasm", feature = "host", not(feature = "test")))]
mod imports;
#[cfg(any(not(target_family = "wasm"), feature = "test"))]
pub(crate) mod memory;

use std::fmt;
#[cfg(any(test, all(target_family = "wasm", not(feature = "test"))))]
use std::io::{self, Read as _};
use std::time::Duration;

use crate::children::{Order, Outcome};
use crate::payload::Bytes;
use crate::peers::Peer;
use crate::{Called, Fail, HostError};

#[cfg(all(target_family = "wasm", not(feature = "host"), not(feature = "test")))]
pub(crate) use files::Files as Backend;
#[cfg(all(target_family = "wasm", feature = "host", not(feature = "test")))]
pub(crate) use imports::Imports as Backend;
#[cfg(any(not(target_family = "wasm"), feature = "test"))]
pub(crate) use memory::Memory as Backend;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// What helps to find a mistake.
    Debug,
    /// What is worth knowing.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}

/// How far the work is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Units that are done.
    pub done: u64,
    /// Units there are, where that is known.
    pub total: Option<u64>,
    /// What is counted.
    pub unit: String,
    /// What is being done.
    pub message: Option<String>,
}

/// What a job asks of its host.
pub(crate) trait Host: Clone {
    /// An artifact while it is written. Dropped unfinished it leaves nothing.
    type Writer;

    /// Whether reports cost enough that a few a second must do.
    const IS_PACED: bool;

    fn begin() -> Self;
    /// Ends the program with this code, which is not 0.
    fn exit(&self, code: u8);

    fn job(&self) -> String;
    fn name(&self) -> Option<String>;
    fn task(&self) -> (u32, u32);
    fn attempt(&self) -> u32;
    fn parent(&self) -> Option<String>;
    fn label(&self, key: &str) -> Option<String>;
    fn time_left(&self) -> Option<Duration>;
    fn limit(&self, budget: &str) -> Option<u64>;
    fn used(&self, budget: &str) -> Option<u64>;
    fn stop_requested(&self) -> Option<String>;

    fn input_type(&self) -> String;
    /// The next bytes of the input, at most `len`, none at its end. Offsets come in order.
    fn read_input(&self, offset: u64, len: u32) -> Called<Vec<u8>>;
    fn set_output(&self, output: &Bytes) -> Called<()>;
    fn fail(&self, fail: &Fail);

    fn log(level: Level, target: &str, message: &str, fields: &[(String, String)]);
    fn progress(&self, reached: &Reached);
    fn gauge(&self, name: &str, value: f64);
    fn counter(&self, name: &str, add: u64);
    fn summary(&self, markdown: &str);

    fn load(&self) -> Called<Option<Vec<u8>>>;
    fn save(&self, bytes: &[u8]) -> Called<()>;

    fn create(&self, name: &str, content_type: &str) -> Called<Self::Writer>;
    fn append(writer: &mut Self::Writer, bytes: &[u8]) -> Called<()>;
    fn finish(writer: Self::Writer) -> Called<()>;
    /// Bytes of a finished artifact; no job means this task.
    fn read_artifact(
        &self,
        job: Option<&str>,
        name: &str,
        offset: u64,
        len: u32,
    ) -> Called<Vec<u8>>;
    fn artifact_names(&self, job: Option<&str>) -> Called<Vec<String>>;

    /// Submits a child; gives its id.
    fn submit(&self, order: &Order) -> Called<String>;
    fn child_state(&self, id: &str) -> Called<String>;
    fn child_wait(&self, id: &str, timeout: Duration) -> Called<Option<Outcome>>;
    fn child_output(&self, id: &str, task: u32) -> Called<Bytes>;
    fn child_cancel(&self, id: &str, reason: &str) -> Called<()>;

    fn hostname(&self) -> String;
    fn members(&self, group: &str) -> Called<Vec<Peer>>;
    fn barrier(&self, group: &str, count: u32, timeout: Duration) -> Called<()>;
}

/// The next bytes of stdin, at most `len`.
#[cfg(any(test, all(target_family = "wasm", not(feature = "test"))))]
fn read_stdin(len: u32) -> Called<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(u64::from(len))
        .read_to_end(&mut bytes)
        .map_err(|error| HostError::Unavailable(format!("stdin: {error}")))?;
    Ok(bytes)
}

/// Longest name of an artifact.
const NAME_BYTES_MAX: usize = 255;

/// Names that are a file's and nothing else, for the back ends that have nobody to ask.
#[cfg_attr(
    all(target_family = "wasm", feature = "host", not(feature = "test")),
    expect(dead_code, reason = "the host itself looks at names")
)]
fn check_name(name: &str) -> Called<()> {
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.starts_with('.')
        && !name.contains(|c: char| c == '/' || c.is_control());
    if is_name {
        return Ok(());
    }
    Err(HostError::Invalid(format!(
        "{name:?} is not the name of an artifact: it has up to {NAME_BYTES_MAX} bytes, no slash, no control character and no point at its beginning"
    )))
}
