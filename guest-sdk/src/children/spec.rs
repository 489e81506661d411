//! A child before it is submitted.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;

use super::Child;
use crate::host::Host as _;
use crate::payload::Bytes;
use crate::{Called, Fail, Job, Result};

/// What a host is told of a child.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) module: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) input: Option<(String, Vec<u8>)>,
    pub(crate) tasks: u32,
    pub(crate) limits: Vec<(String, u64)>,
    /// The same key twice is the same child.
    pub(crate) key: Option<String>,
}

/// A child of this job, before it is submitted.
///
/// An attempt that is made again submits what it submitted before, and gets the same children: each has a key, made of all
/// that was said about it. Two children that are alike in everything have different keys, first and second.
///
/// ```
/// # fn main() {
/// use std::time::Duration;
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(text: String, job: &Job) -> Result<usize> {
///     let child = job.child("count@1").input(&text)?.submit()?;
///     let ended = child.wait(Duration::from_secs(60))?;
///     if ended != Some(Outcome::Succeeded) {
///         return Err(Fail::retry(format_args!("{} did not succeed", child.id())));
///     }
///     Ok(child.output(0)?)
/// }
///
/// let letters: usize = Run::of(main)
///     .module("count@1", |text: String| Ok(text.len()))
///     .input("four")
///     .finish();
/// assert_eq!(letters, 4);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a child runs once it is submitted"]
pub struct Spec<'job> {
    job: &'job Job,
    order: Order,
}

impl<'job> Spec<'job> {
    pub(crate) fn new(job: &'job Job, module: &str) -> Self {
        let order = Order {
            module: module.to_owned(),
            tasks: 1,
            ..Order::default()
        };
        Self { job, order }
    }

    /// One more argument.
    pub fn arg(mut self, value: impl Into<String>) -> Self {
        self.order.args.push(value.into());
        self
    }

    /// One more environment variable.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.order.env.push((key.into(), value.into()));
        self
    }

    /// One more label.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.order.labels.push((key.into(), value.into()));
        self
    }

    /// What it is given, as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn input<T: Serialize + ?Sized>(self, value: &T) -> Result<Self> {
        let bytes = Bytes::json(&value).map_err(|error| {
            Fail::permanent(format_args!(
                "the input of a child cannot be written as JSON: {error}"
            ))
        })?;
        Ok(self.input_bytes(bytes))
    }

    /// What it is given, as it is.
    pub fn input_bytes(mut self, bytes: Bytes) -> Self {
        self.order.input = Some((bytes.content_type, bytes.body));
        self
    }

    /// How many tasks it has.
    pub const fn tasks(mut self, count: u32) -> Self {
        self.order.tasks = count;
        self
    }

    /// Less of a budget than this job has; the names are those of [`Job::limit`].
    pub fn limit(mut self, budget: impl Into<String>, value: u64) -> Self {
        self.order.limits.push((budget.into(), value));
        self
    }

    /// A key of your own instead of the one that is made of all this: the same key twice is the same child.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.order.key = Some(key.into());
        self
    }

    /// Submits it.
    ///
    /// # Errors
    /// When the module is unknown, or a limit is reached.
    pub fn submit(mut self) -> Called<Child> {
        if self.order.key.is_none() {
            self.order.key = Some(self.key_of_content());
        }
        let host = &self.job.host;
        Ok(Child::new(host.clone(), host.submit(&self.order)?))
    }

    fn key_of_content(&self) -> String {
        // Without a seed: the next attempt runs the same program and must find the same number.
        let mut hasher = DefaultHasher::new();
        self.order.hash(&mut hasher);
        let content = hasher.finish();
        let mut submitted = self.job.submitted.borrow_mut();
        let alike = submitted.entry(content).or_default();
        *alike += 1;
        format!("{content:016x}-{alike}")
    }
}
