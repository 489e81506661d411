//! Named results that are kept with the job: pictures, tables, models.

use std::fmt;
use std::io::{self, Write};

use crate::host::{Backend, Host};
use crate::{Called, HostError};

/// What is gathered before the host is called.
const BUFFER_BYTES: usize = 64 << 10;
/// Most bytes that are asked of the host at once.
const READ_BYTES: u32 = 256 << 10;

/// An artifact while it is written. Nothing of it is kept before [`finish`](Self::finish).
///
/// ```
/// # fn main() {
/// use std::io::Write as _;
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(job: &Job) -> Result<()> {
///     let mut table = job.artifact("squares.csv", "text/csv")?;
///     for number in 1..=3 {
///         writeln!(table, "{number},{}", number * number)?;
///     }
///     table.finish()?;
///     Ok(())
/// }
///
/// let ended = Run::of(main).run();
/// assert_eq!(ended.artifact("squares.csv").unwrap().body, b"1,1\n2,4\n3,9\n");
/// # }
/// ```
#[must_use = "nothing is kept of an artifact that is not finished"]
pub struct Artifact {
    writer: <Backend as Host>::Writer,
    buffer: Vec<u8>,
}

impl Artifact {
    pub(crate) fn create(host: &Backend, name: &str, content_type: &str) -> Called<Self> {
        Ok(Self {
            writer: host.create(name, content_type)?,
            buffer: Vec::new(),
        })
    }

    /// Closes the artifact; from now on it is kept, in the place of an older one of the same name.
    ///
    /// # Errors
    /// When the rest cannot be written, or it is too large.
    pub fn finish(mut self) -> Called<()> {
        self.pass_on()?;
        Backend::finish(self.writer)
    }

    fn pass_on(&mut self) -> Called<()> {
        if !self.buffer.is_empty() {
            Backend::append(&mut self.writer, &self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl Write for Artifact {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BUFFER_BYTES);
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() >= BUFFER_BYTES {
            self.pass_on().map_err(io::Error::other)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on().map_err(io::Error::other)
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").finish_non_exhaustive()
    }
}

/// The finished artifacts of this task, or of a child.
#[derive(Debug)]
pub struct Artifacts<'job> {
    host: &'job Backend,
    job: Option<String>,
}

impl<'job> Artifacts<'job> {
    pub(crate) const fn new(host: &'job Backend, job: Option<String>) -> Self {
        Self { host, job }
    }

    /// Their names, sorted.
    ///
    /// # Errors
    /// When the job is not one that this one may look at.
    pub fn names(&self) -> Called<Vec<String>> {
        self.host.artifact_names(self.job.as_deref())
    }

    /// All of one.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn read(&self, name: &str) -> Called<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let offset = u64::try_from(all.len()).unwrap_or(u64::MAX);
            let more = self
                .host
                .read_artifact(self.job.as_deref(), name, offset, READ_BYTES)?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&more);
        }
    }

    /// Keeps bytes under this name, all at once.
    ///
    /// # Errors
    /// When the name is not one, or the bytes are too many, or these are the artifacts of a child.
    pub fn keep(&self, name: &str, content_type: &str, bytes: &[u8]) -> Called<()> {
        if self.job.is_some() {
            return Err(HostError::Denied(
                "a job keeps artifacts of its own, not of others".to_owned(),
            ));
        }
        let mut artifact = Artifact::create(self.host, name, content_type)?;
        for part in bytes.chunks(BUFFER_BYTES) {
            Backend::append(&mut artifact.writer, part)?;
        }
        artifact.finish()
    }
}
