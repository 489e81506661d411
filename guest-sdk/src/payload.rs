//! What goes into a job and what comes out of it: JSON of your own types, or bytes as they are.

use std::io::{self, Write as _};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::{Backend, Host as _};
use crate::{Called, Fail, HostError, Job, Result};

pub(crate) const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

/// Most bytes that are asked of the host at once.
const READ_BYTES: u32 = 256 << 10;

/// Bytes as they are, with their content type. As input, all that the job was given; as output, all that it gives.
///
/// ```
/// # fn main() {
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(input: Bytes) -> Bytes {
///     Bytes::typed("text/plain", input.body.to_ascii_uppercase())
/// }
///
/// let ended = Run::of(main).input_bytes("text/plain", "quiet").run();
/// assert_eq!(ended.output_bytes().unwrap().body, b"QUIET");
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Such as `image/png`.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Bytes {
    /// Bytes of no special type.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self::typed(BINARY, body)
    }

    /// Bytes of a content type.
    pub fn typed(content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type: content_type.into(),
            body: body.into(),
        }
    }

    /// Writes it to stdout, JSON as a line.
    pub(crate) fn print(&self) -> Called<()> {
        let end: &[u8] = if self.is_json() { b"\n" } else { b"" };
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(&self.body)
            .and_then(|()| stdout.write_all(end))
            .and_then(|()| stdout.flush())
            .map_err(|error| HostError::Unavailable(format!("stdout: {error}")))
    }

    pub(crate) fn is_json(&self) -> bool {
        self.content_type == JSON
    }

    pub(crate) fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::typed(JSON, serde_json::to_vec(value)?))
    }

    pub(crate) fn parse_json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        // Nothing at all reads as `null`, so that an input of type `Option` may be left out.
        match self.body.trim_ascii() {
            [] => serde_json::from_slice(b"null"),
            body => serde_json::from_slice(body),
        }
    }
}

/// What can be the input of a job: every type that serde can read from JSON, [`Bytes`], and [`Lines`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of a job",
    label = "not an input",
    note = "put `#[derive(serde::Deserialize)]` on `{Self}`, or take `sublet_job::Bytes` for bytes as they are"
)]
pub trait Input: Sized {
    /// Reads the input.
    ///
    /// # Errors
    /// When it is not what the type wants.
    #[doc(hidden)]
    fn read(job: &Job) -> Result<Self>;
}

impl<T: DeserializeOwned> Input for T {
    fn read(job: &Job) -> Result<Self> {
        let bytes = Bytes::read(job)?;
        bytes.parse_json().map_err(|error| {
            if bytes.body.trim_ascii().is_empty() {
                Fail::input("the job wants JSON and was given nothing: `--input FILE`")
            } else {
                Fail::input(format_args!("the input is not what the job takes: {error}"))
            }
        })
    }
}

impl Input for Bytes {
    fn read(job: &Job) -> Result<Self> {
        let mut body = Vec::new();
        while read_more(&job.host, &mut body)? {}
        Ok(Self::typed(job.host.input_type(), body))
    }
}

/// Appends the next bytes of the input; false at its end.
fn read_more(host: &Backend, body: &mut Vec<u8>) -> Called<bool> {
    let offset = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let more = host.read_input(offset, READ_BYTES)?;
    body.extend_from_slice(&more);
    Ok(!more.is_empty())
}

/// An input of many values, one JSON text in each line, read piece by piece: it may be larger than the memory.
///
/// ```
/// # fn main() {
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(numbers: Lines<u64>) -> Result<u64> {
///     let mut sum = 0;
///     for number in numbers {
///         sum += number?;
///     }
///     Ok(sum)
/// }
///
/// let sum: u64 = Run::of(main).input_bytes("application/x-ndjson", "1\n2\n\n39").finish();
/// assert_eq!(sum, 42);
/// # }
/// ```
#[derive(Debug)]
pub struct Lines<T> {
    host: Backend,
    offset: u64,
    /// Read and not yet given, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    number: u64,
    is_over: bool,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Input for Lines<T> {
    fn read(job: &Job) -> Result<Self> {
        Ok(Self {
            host: job.host.clone(),
            offset: 0,
            buffer: Vec::new(),
            start: 0,
            number: 0,
            is_over: false,
            of: PhantomData,
        })
    }
}

impl<T: DeserializeOwned> Iterator for Lines<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.line() {
                Ok(line) => line?,
                Err(error) => {
                    self.is_over = true;
                    self.start = self.buffer.len();
                    return Some(Err(error.into()));
                }
            };
            let text = self.buffer[line].trim_ascii();
            if !text.is_empty() {
                let number = self.number;
                return Some(serde_json::from_slice(text).map_err(|error| {
                    Fail::input(format_args!("line {number} of the input: {error}"))
                }));
            }
        }
    }
}

impl<T> Lines<T> {
    /// Where the next line is in the buffer; none at the end.
    fn line(&mut self) -> Called<Option<std::ops::Range<usize>>> {
        let mut looked = self.start;
        loop {
            let end = self.buffer[looked..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end.map(|end| looked + end) {
                return Ok(Some(self.give(end, end + 1)));
            }
            looked = self.buffer.len();
            if self.is_over {
                let rest = self.start < looked;
                return Ok(rest.then(|| self.give(looked, looked)));
            }
            looked -= self.forget();
            let more = self.host.read_input(self.offset, READ_BYTES)?;
            self.is_over = more.is_empty();
            self.offset += u64::try_from(more.len()).unwrap_or(u64::MAX);
            self.buffer.extend_from_slice(&more);
        }
    }

    fn give(&mut self, end: usize, next: usize) -> std::ops::Range<usize> {
        let line = self.start..end;
        self.start = next;
        self.number += 1;
        line
    }

    /// Drops what was given; tells how many bytes that was.
    fn forget(&mut self) -> usize {
        self.buffer.drain(..self.start);
        std::mem::take(&mut self.start)
    }
}

/// What can be the output of a job: every type that serde can write as JSON, and [`Bytes`]. `()` and `None` are no output.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a job",
    label = "not an output",
    note = "put `#[derive(serde::Serialize)]` on `{Self}`, or give `sublet_job::Bytes` for bytes as they are"
)]
pub trait Output {
    /// The bytes, if there are any.
    ///
    /// # Errors
    /// When the value cannot be written.
    #[doc(hidden)]
    fn written(self) -> Result<Option<Bytes>>;
}

impl<T: Serialize> Output for T {
    fn written(self) -> Result<Option<Bytes>> {
        let bytes = Bytes::json(&self).map_err(|error| {
            Fail::output(format_args!(
                "the output cannot be written as JSON: {error}"
            ))
        })?;
        Ok((bytes.body != b"null").then_some(bytes))
    }
}

impl Output for Bytes {
    fn written(self) -> Result<Option<Bytes>> {
        Ok(Some(self))
    }
}
