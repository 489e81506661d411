//! What outlives an attempt, so that the next one does not begin anew.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::Host as _;
use crate::{Called, HostError, Job};

/// The checkpoint of this task: the newest one only, saved whole or not at all.
///
/// ```
/// # fn main() {
/// use std::time::Duration;
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(last: u64, job: &Job) -> Result<u64> {
///     let (mut next, mut sum): (u64, u64) = job.checkpoint().load()?.unwrap_or_default();
///     while next <= last {
///         sum += next;
///         next += 1;
///         job.progress("numbers").of(last + 1).set(next);
///         job.checkpoint().every(Duration::from_secs(30)).save(&(next, sum))?;
///         if job.stopping() {
///             return Err(Fail::yielded());
///         }
///     }
///     Ok(sum)
/// }
///
/// let stopped = Run::of(main).input(&10).stop_after_progress(4).expect_yield();
/// assert_eq!(stopped.checkpoint::<(u64, u64)>(), Some((4, 6)));
/// assert_eq!(stopped.resume().finish::<u64>(), 55);
/// # }
/// ```
#[derive(Debug)]
pub struct Checkpoint<'job>(&'job Job);

impl<'job> Checkpoint<'job> {
    pub(crate) const fn new(job: &'job Job) -> Self {
        Self(job)
    }

    /// The newest checkpoint, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or is not of this type.
    pub fn load<T: DeserializeOwned>(&self) -> Called<Option<T>> {
        let Some(bytes) = self.load_bytes()? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            HostError::Invalid(format!("the checkpoint is not what the job takes: {error}"))
        })
    }

    /// The newest checkpoint as it was saved.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load_bytes(&self) -> Called<Option<Vec<u8>>> {
        self.0.host.load()
    }

    /// Saves a checkpoint in the place of the one before.
    ///
    /// # Errors
    /// When it cannot be written as JSON, is too large, or cannot be kept.
    pub fn save<T: Serialize + ?Sized>(&self, value: &T) -> Called<()> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            HostError::Invalid(format!("the checkpoint cannot be written as JSON: {error}"))
        })?;
        self.save_bytes(&bytes)
    }

    /// Saves bytes as they are.
    ///
    /// # Errors
    /// When they are too many, or cannot be kept.
    pub fn save_bytes(&self, bytes: &[u8]) -> Called<()> {
        self.0.host.save(bytes)?;
        self.0.saved.set(Instant::now());
        Ok(())
    }

    /// Saves only now and then: when so much time has passed since the last one, and whenever the job should stop.
    #[must_use]
    pub const fn every(self, period: Duration) -> Every<'job> {
        Every {
            checkpoint: self,
            period,
        }
    }
}

/// A checkpoint now and then.
#[derive(Debug)]
pub struct Every<'job> {
    checkpoint: Checkpoint<'job>,
    period: Duration,
}

impl Every<'_> {
    /// Saves if it is time to; tells whether it was.
    ///
    /// # Errors
    /// As [`Checkpoint::save`].
    pub fn save<T: Serialize + ?Sized>(&self, value: &T) -> Called<bool> {
        let job = self.checkpoint.0;
        let is_time = job.saved.get().elapsed() >= self.period || job.stopping();
        if is_time {
            self.checkpoint.save(value)?;
        }
        Ok(is_time)
    }
}
