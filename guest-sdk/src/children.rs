//! Jobs that this job submits, and what became of them.

mod fan_out;
mod spec;

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::artifact::Artifacts;
use crate::host::{Backend, Host as _};
use crate::payload::Bytes;
use crate::{Called, HostError};

pub use fan_out::{Children, Family};
pub(crate) use spec::Order;
pub use spec::Spec;

/// How an attempt ended, in the words of the job record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Succeeded,
    /// With this exit code.
    Failed(i32),
    /// By something that WebAssembly forbids.
    Trapped(String),
    /// At this limit.
    LimitExceeded(String),
    /// Because somebody asked.
    Cancelled,
    /// The machine or the process under it went away.
    Lost,
    /// In a way that is younger than this crate.
    Other(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed(code) => write!(f, "failed with exit code {code}"),
            Self::Trapped(trap) => write!(f, "trapped: {trap}"),
            Self::LimitExceeded(limit) => write!(f, "reached its limit of {limit}"),
            Self::Cancelled => f.write_str("was cancelled"),
            Self::Lost => f.write_str("was lost"),
            Self::Other(word) => f.write_str(word),
        }
    }
}

/// A child that was submitted. It is only a name, so it may be kept, and found again by a later attempt.
#[derive(Clone)]
pub struct Child {
    host: Backend,
    id: String,
}

impl Child {
    pub(crate) const fn new(host: Backend, id: String) -> Self {
        Self { host, id }
    }

    /// Its job id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The state word of its job record, such as `queued`.
    ///
    /// # Errors
    /// When it is no child of this job.
    pub fn state(&self) -> Called<String> {
        self.host.child_state(&self.id)
    }

    /// Waits for its end; none when the time is over and it has not ended.
    ///
    /// # Errors
    /// When it is no child of this job.
    pub fn wait(&self, timeout: Duration) -> Called<Option<Outcome>> {
        self.host.child_wait(&self.id, timeout)
    }

    /// The output of one of its tasks, once that succeeded.
    ///
    /// # Errors
    /// When there is none, or it is not of this type.
    pub fn output<T: DeserializeOwned>(&self, task: u32) -> Called<T> {
        let id = &self.id;
        self.output_bytes(task)?.parse_json().map_err(|error| {
            HostError::Invalid(format!(
                "the output of `{id}` is not what is wanted: {error}"
            ))
        })
    }

    /// The output of one of its tasks as it was given.
    ///
    /// # Errors
    /// When there is none.
    pub fn output_bytes(&self, task: u32) -> Called<Bytes> {
        self.host.child_output(&self.id, task)
    }

    /// Its finished artifacts.
    #[must_use]
    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts::new(&self.host, Some(self.id.clone()))
    }

    /// Asks that it be cancelled.
    ///
    /// # Errors
    /// When it is no child of this job.
    pub fn cancel(&self, reason: &str) -> Called<()> {
        self.host.child_cancel(&self.id, reason)
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Child").field(&self.id).finish()
    }
}
