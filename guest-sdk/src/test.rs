//! Jobs under test: the host in this process, in milliseconds.
//!
//! A test runs the `main` that `#[sublet_job::main]` made, with an input and in circumstances of its choice, and looks at
//! what became of it:
//!
//! ```
//! # fn main() {
//! use sublet_job::prelude::*;
//! use sublet_job::test::Run;
//!
//! #[sublet_job::main]
//! fn main(divisor: u32) -> Result<u32> {
//!     100_u32.checked_div(divisor).or_permanent("the divisor is 0")
//! }
//!
//! assert_eq!(Run::of(main).input(&4).finish::<u32>(), 25);
//! let fail = Run::of(main).input(&0).expect_fail();
//! assert_eq!(fail.to_string(), "the divisor is 0");
//! # }
//! ```
//!
//! Such tests run natively with `cargo test`. Built for a wasm target, with the feature `test` of this crate, they run in
//! the sandbox itself.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::memory::{Memory, World};
use crate::payload::Output;
use crate::{Bytes, Fail, Level, Reached, Result};

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// Where it comes from: a module of the program.
    pub target: String,
    /// What it says.
    pub message: String,
    /// Named values.
    pub fields: Vec<(String, String)>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            level,
            target,
            message,
            fields,
        } = self;
        write!(f, "{level} {target}: {message}")?;
        for (name, value) in fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

/// A job about to be run in a test.
#[must_use = "nothing is run before it is asked how it ends"]
pub struct Run {
    main: fn(),
    world: World,
}

impl Run {
    /// The job whose entry point this is: the `main` under `#[sublet_job::main]`.
    pub fn of(main: fn()) -> Self {
        let world = World::default();
        Self { main, world }
    }

    /// With this input, as JSON.
    ///
    /// # Panics
    /// When it cannot be written as JSON.
    pub fn input<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.world.input = Bytes::json(&value).expect("the input of a test is JSON");
        self
    }

    /// With this input as it is.
    pub fn input_bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.world.input = Bytes::typed(content_type, body);
        self
    }

    /// As a job of this name.
    pub fn name(mut self, name: &str) -> Self {
        self.world.name = Some(name.to_owned());
        self
    }

    /// As this task of so many.
    pub const fn task(mut self, index: u32, count: u32) -> Self {
        self.world.task = (index, count);
        self
    }

    /// As this attempt.
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.world.attempt = attempt;
        self
    }

    /// As a child of this job.
    pub fn parent(mut self, job: &str) -> Self {
        self.world.parent = Some(job.to_owned());
        self
    }

    /// With this label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.world.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With so much wall time left.
    pub const fn time_left(mut self, left: Duration) -> Self {
        self.world.time_left = Some(left);
        self
    }

    /// With so much of a budget.
    pub fn limit(mut self, budget: &str, value: u64) -> Self {
        self.world.limits.insert(budget.to_owned(), value);
        self
    }

    /// With a checkpoint that an earlier attempt saved.
    ///
    /// # Panics
    /// When it cannot be written as JSON.
    pub fn checkpoint<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        let bytes = serde_json::to_vec(value).expect("the checkpoint of a test is JSON");
        self.world.checkpoint = Some(bytes);
        self
    }

    /// Asked to stop from the start.
    pub fn stop(mut self) -> Self {
        self.world.stop = Some("the test says so".to_owned());
        self
    }

    /// Asked to stop with so many reports of progress.
    pub const fn stop_after_progress(mut self, reports: usize) -> Self {
        self.world.stop_after = Some(reports);
        self
    }

    /// Beside so many other tasks, which are at every barrier.
    pub const fn peers(mut self, others: u32) -> Self {
        self.world.peers = others;
        self
    }

    /// With a module for children: what stands for it is called once for each child, at once.
    pub fn module<In, Out>(
        mut self,
        name: &str,
        stand_in: impl Fn(In) -> Result<Out> + 'static,
    ) -> Self
    where
        In: DeserializeOwned,
        Out: Output,
    {
        let module = move |input: &Bytes| {
            let input = input.parse_json().map_err(|error| {
                Fail::input(format_args!(
                    "the input is not what the child takes: {error}"
                ))
            })?;
            stand_in(input)?.written()
        };
        let modules = &mut self.world.kin.modules;
        modules.insert(name.to_owned(), Rc::new(module));
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        let Self { main, world } = self;
        let world = Memory::around(world, main);
        Ended { main, world }
    }

    /// Runs it and gives its output.
    ///
    /// # Panics
    /// When it fails, or the output is not of this type.
    #[track_caller]
    pub fn finish<T: DeserializeOwned>(self) -> T {
        self.run().finish()
    }

    /// Runs it and gives its failure.
    ///
    /// # Panics
    /// When it succeeds.
    #[track_caller]
    #[must_use]
    pub fn expect_fail(self) -> Fail {
        self.run().expect_fail()
    }

    /// Runs it until it yields.
    ///
    /// # Panics
    /// When it ends in another way.
    #[track_caller]
    pub fn expect_yield(self) -> Ended {
        self.run().expect_yield()
    }
}

/// A job that was run in a test, and what it left.
pub struct Ended {
    main: fn(),
    world: World,
}

impl Ended {
    /// How it ended: its output, if it gave one, or its failure.
    ///
    /// # Errors
    /// When the job failed.
    pub fn result(&self) -> Result<Option<&Bytes>> {
        match &self.world.failed {
            Some(fail) => Err(fail.clone()),
            None => Ok(self.world.output.as_ref()),
        }
    }

    /// Its output.
    ///
    /// # Panics
    /// When it failed, or the output is not of this type.
    #[track_caller]
    pub fn finish<T: DeserializeOwned>(&self) -> T {
        let bytes = match self.result() {
            Ok(bytes) => bytes.cloned().unwrap_or_default(),
            Err(fail) => panic!("the job failed: {fail}"),
        };
        match bytes.parse_json() {
            Ok(output) => output,
            Err(error) => panic!(
                "the output is not what the test wants: {error}; it is {:?}",
                String::from_utf8_lossy(&bytes.body)
            ),
        }
    }

    /// Its output as it is, if it gave one.
    #[must_use]
    pub const fn output_bytes(&self) -> Option<&Bytes> {
        self.world.output.as_ref()
    }

    /// Its failure.
    ///
    /// # Panics
    /// When it succeeded.
    #[track_caller]
    #[must_use]
    pub fn expect_fail(&self) -> Fail {
        match self.result() {
            Err(fail) => fail,
            Ok(output) => panic!("the job succeeded, with {output:?}"),
        }
    }

    /// Itself, if it yielded.
    ///
    /// # Panics
    /// When it ended in another way.
    #[track_caller]
    pub fn expect_yield(self) -> Self {
        let fail = self.expect_fail();
        assert!(fail.word() == "yielded", "the job failed: {fail}");
        self
    }

    /// The next attempt at the same task: it finds the checkpoint, the artifacts and the children of this one.
    pub fn resume(self) -> Run {
        let Self { main, world } = self;
        let world = World {
            attempt: world.attempt + 1,
            stop: None,
            stop_after: None,
            output: None,
            failed: None,
            lines: Vec::new(),
            progress: Vec::new(),
            ..world
        };
        Run { main, world }
    }

    /// All that it told of its progress.
    #[must_use]
    pub fn progress(&self) -> &[Reached] {
        &self.world.progress
    }

    /// The lines of its log, without what it printed.
    #[must_use]
    pub fn log(&self) -> &[Line] {
        &self.world.lines
    }

    /// A value that it measured.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Option<f64> {
        self.world.gauges.get(name).copied()
    }

    /// What it counted.
    #[must_use]
    pub fn counted(&self, name: &str) -> u64 {
        self.world.counters.get(name).copied().unwrap_or_default()
    }

    /// Its summary.
    #[must_use]
    pub fn summary(&self) -> Option<&str> {
        self.world.summary.as_deref()
    }

    /// Its newest checkpoint, if it is of this type.
    #[must_use]
    pub fn checkpoint<T: DeserializeOwned>(&self) -> Option<T> {
        let bytes = self.world.checkpoint.as_ref()?;
        serde_json::from_slice(bytes).ok()
    }

    /// An artifact that it finished.
    #[must_use]
    pub fn artifact(&self, name: &str) -> Option<&Bytes> {
        self.world.artifacts.get(name)
    }

    /// How many children it has.
    #[must_use]
    pub fn children(&self) -> usize {
        self.world.kin.count()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended")
            .field("result", &self.result())
            .finish_non_exhaustive()
    }
}
