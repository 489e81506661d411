//! Write jobs for Sublet.
//!
//! A job is an ordinary program for WebAssembly. This crate gives its `main` a typed input, a typed output, and a [`Job`] to
//! talk to its host through. The same program runs under `sublet run`, on a server, and natively under `cargo test`.
//!
//! # The first job
//!
//! `sublet new rust hello` writes a project that builds, runs and is tested. Its heart is a function:
//!
//! ```
//! # fn main() {
//! use serde::{Deserialize, Serialize};
//! use sublet_job::prelude::*;
//!
//! #[derive(Deserialize, Serialize)]
//! struct In {
//!     name: String,
//! }
//!
//! #[derive(Deserialize, Serialize)]
//! struct Out {
//!     greeting: String,
//! }
//!
//! #[sublet_job::main]
//! fn main(input: In) -> Out {
//!     Out {
//!         greeting: format!("hello, {}", input.name),
//!     }
//! }
//! # let out: Out = sublet_job::test::Run::of(main).input(&In { name: "Ada".to_owned() }).finish();
//! # assert_eq!(out.greeting, "hello, Ada");
//! # }
//! ```
//!
//! The input is JSON, and so is the output:
//!
//! ```sh
//! $ echo '{"name": "Ada"}' | cargo run
//! {"greeting":"hello, Ada"}
//! ```
//!
//! An input that is not what the job takes fails the job with exit code 2, and says where it is wrong. Both ends may be
//! left out; the job can be asked for beside them or alone. For bytes as they are there is [`Bytes`], and for inputs larger
//! than the memory [`Lines`].
//!
//! ```
//! # fn main() {
//! use sublet_job::prelude::*;
//! use sublet_job::test::Run;
//!
//! #[sublet_job::main]
//! fn main(numbers: Lines<u64>, job: &Job) -> Result<u64> {
//!     let mut sum = 0;
//!     for number in numbers {
//!         sum += number?;
//!         job.count("numbers", 1);
//!     }
//!     Ok(sum)
//! }
//!
//! let ended = Run::of(main).input_bytes("application/x-ndjson", "1\n2\n").run();
//! assert_eq!(ended.finish::<u64>(), 3);
//! assert_eq!(ended.counted("numbers"), 2);
//! # }
//! ```
//!
//! Which task of an array this is, and much else, is asked of the job:
//!
//! ```
//! # fn main() {
//! # use sublet_job::prelude::*;
//! # use sublet_job::test::Run;
//! #[sublet_job::main]
//! fn main(job: &Job) -> String {
//!     format!("task {} of {}", job.task().index, job.task().count)
//! }
//!
//! assert_eq!(Run::of(main).task(3, 100).finish::<String>(), "task 3 of 100");
//! # }
//! ```
//!
//! # When it goes wrong
//!
//! `?` works on every error. Where you know whether another attempt could help, say so: it decides whether the job is tried
//! again, and people see the sentence instead of a number.
//!
//! ```
//! # fn main() {
//! use sublet_job::prelude::*;
//! use sublet_job::test::Run;
//!
//! #[sublet_job::main]
//! fn main(address: String) -> Result<String> {
//!     let (host, port) = address.split_once(':').or_permanent("the address has no port")?;
//!     let port: u16 = port.parse().or_permanent("the port")?;
//!     connect(host, port).or_retry("the server")
//! }
//! # fn connect(_: &str, _: u16) -> std::result::Result<String, &'static str> { Err("refused") }
//!
//! assert!(!Run::of(main).input("nowhere").expect_fail().is_retryable());
//! let fail = Run::of(main).input("example.org:80").expect_fail();
//! assert!(fail.is_retryable());
//! assert_eq!(fail.to_string(), "the server: refused");
//! # }
//! ```
//!
//! # What people see
//!
//! [`Job::progress`] is shown by `sublet ps`, [`Job::summary`] beside the result. What is printed lands in the log, and so
//! does what is logged with the crate `log` (or, with the feature `tracing`, with that crate). `RUST_LOG=debug` shows more.
//!
//! # Long jobs
//!
//! A machine may stop, and an operator may need it. A job that saves a [`checkpoint`](Job::checkpoint) now and then, and
//! looks whether it is [`stopping`](Job::stopping), loses next to nothing:
//!
//! ```
//! # fn main() {
//! use std::time::Duration;
//! use sublet_job::prelude::*;
//! use sublet_job::test::Run;
//!
//! #[sublet_job::main]
//! fn main(tiles: Vec<u32>, job: &Job) -> Result<u32> {
//!     let mut area: Vec<u32> = job.checkpoint().load()?.unwrap_or_default();
//!     let done = area.len();
//!     for tile in job.progress("tiles").from(done as u64).over(&tiles[done..]) {
//!         area.push(tile * tile);
//!         job.checkpoint().every(Duration::from_secs(30)).save(&area)?;
//!         if job.stopping() {
//!             return Err(Fail::yielded());
//!         }
//!     }
//!     Ok(area.iter().sum())
//! }
//!
//! let stopped = Run::of(main).input(&[1, 2, 3, 4]).stop_after_progress(1).expect_yield();
//! assert_eq!(stopped.resume().finish::<u32>(), 30);
//! # }
//! ```
//!
//! # Results that are files
//!
//! [`Job::artifact`] is a writer; what is written is kept with the job under its name and type.
//!
//! # Jobs that submit jobs
//!
//! [`Job::children`] submits a module once for each item and joins the answers; [`Job::child`] one at a time. A parent that
//! is tried again finds the children that it had.
//!
//! # Tests
//!
//! All examples here are tested in the way that your jobs are: with [`test::Run`], which runs a `main` in this process and
//! lets you look at all that it did. `cargo test` takes milliseconds. Built for wasm, the same tests run in the sandbox.
//!
//! # Where it runs
//!
//! | built | the host is | so the job runs |
//! |---|---|---|
//! | for wasm | `sublet:job` | under `sublet run`, and on a server |
//! | for wasm, `default-features = false` | files and variables | on any WASI runtime; there are no children and no peers |
//! | natively | in this process | under `cargo test`, or at a terminal with stdin and stdout |
//!
//! The host is told the exit code of a failed job, so it is true for both wasm targets. Over files it is true for
//! `wasm32-wasip1` only: WASI 0.2, as Rust has it, knows no other code than 1.

mod artifact;
mod checkpoint;
mod children;
mod fail;
mod host_error;
mod job;
mod pace;
mod payload;
mod peers;
mod progress;

mod host;
mod logging;

#[doc(hidden)]
pub mod entry;
#[cfg(any(not(target_family = "wasm"), feature = "test"))]
pub mod test;

pub use sublet_job_macros::main;

pub use artifact::{Artifact, Artifacts};
pub use checkpoint::{Checkpoint, Every};
pub use children::{Child, Children, Family, Outcome, Spec};
pub use fail::{Fail, IntoFail, OrFail, Result};
pub use host::{Level, Reached};
pub use host_error::{Called, HostError};
pub use job::{Job, Task};
pub use payload::{Bytes, Input, Lines, Output};
pub use peers::{Peer, Peers};
pub use progress::{Progress, Steps};

/// What most jobs need: `use sublet_job::prelude::*;`.
pub mod prelude {
    pub use crate::{Bytes, Fail, Job, Lines, OrFail, Outcome, Result};
}
