//! How a job says that it did not succeed, and whether another attempt could help.

use std::error::Error;
use std::fmt;

use crate::HostError;

/// What the entry point of a job returns.
pub type Result<T, E = Fail> = std::result::Result<T, E>;

/// Exit code of what another attempt may mend; the C library's `EX_TEMPFAIL`.
const TRY_AGAIN: u8 = 75;
const FAILED: u8 = 1;
/// Exit code of an input that is not what the job takes.
const WRONG_INPUT: u8 = 2;

/// The end of an attempt that did not succeed.
///
/// Any error becomes one through `?`. Such an attempt exits with 1, and the job's `--restart` decides about another. Where
/// you know better, say so with [`or_retry`](OrFail::or_retry) or [`or_permanent`](OrFail::or_permanent).
///
/// ```
/// use sublet_job::prelude::*;
///
/// fn port(text: &str) -> Result<u16> {
///     let port = text.trim().parse().or_permanent("the port")?;
///     if port == 0 {
///         return Err(Fail::permanent("the port is 0").code(3));
///     }
///     Ok(port)
/// }
///
/// let fail = port("eighty").unwrap_err();
/// assert_eq!(fail.to_string(), "the port: invalid digit found in string");
/// assert!(!fail.is_retryable());
/// assert_eq!(port("0").unwrap_err().exit_code(), 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    kind: String,
    message: String,
    code: u8,
    retryable: bool,
}

impl Fail {
    /// Another attempt may help: a server was not there, a file not yet. Exit code 75.
    pub fn retry(message: impl fmt::Display) -> Self {
        Self {
            kind: "failed".to_owned(),
            message: message.to_string(),
            code: TRY_AGAIN,
            retryable: true,
        }
    }

    /// No attempt at the same input will ever succeed. Exit code 1.
    pub fn permanent(message: impl fmt::Display) -> Self {
        Self {
            kind: "failed".to_owned(),
            message: message.to_string(),
            code: FAILED,
            retryable: false,
        }
    }

    /// The attempt stops half-way because it was asked to, and the next one goes on from the checkpoint. Exit code 75.
    #[must_use]
    pub fn yielded() -> Self {
        Self::retry("stopped when asked to, to go on from the checkpoint").kind("yielded")
    }

    /// The same with this exit code.
    ///
    /// # Panics
    /// With 0, which would say that the job succeeded, and above 125: those codes have a meaning of their own.
    #[must_use]
    pub fn code(mut self, code: u8) -> Self {
        assert!(
            (1..=125).contains(&code),
            "a job fails with a code from 1 to 125, not with {code}"
        );
        self.code = code;
        self
    }

    /// The same with a word by which programs can tell it from others.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// The exit code of the attempt.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.code
    }

    /// The word for programs: `failed` unless another was given, `yielded`, `input`, `output`.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.kind
    }

    /// Whether another attempt could help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.retryable
    }

    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::permanent(message).kind("input").code(WRONG_INPUT)
    }

    pub(crate) fn output(message: impl fmt::Display) -> Self {
        Self::permanent(message).kind("output")
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Through `?`. What the host answered says itself whether another attempt could help; of other errors that is not known,
/// so it is left to the job's `--restart`.
impl<E: Error + 'static> From<E> for Fail {
    fn from(error: E) -> Self {
        let retryable = (&error as &dyn Error)
            .downcast_ref::<HostError>()
            .is_none_or(HostError::is_retryable);
        Self {
            kind: "failed".to_owned(),
            message: chain(&error),
            code: FAILED,
            retryable,
        }
    }
}

/// What the entry point of a job may fail with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a job",
    label = "not an error",
    note = "return `sublet_job::Result<Out>`: `?` makes a `sublet_job::Fail` of every `std::error::Error`"
)]
pub trait IntoFail {
    /// The failure.
    #[doc(hidden)]
    fn into_fail(self) -> Fail;
}

impl IntoFail for Fail {
    fn into_fail(self) -> Fail {
        self
    }
}

impl<E: Error + 'static> IntoFail for E {
    fn into_fail(self) -> Fail {
        self.into()
    }
}

/// An error and what it comes from. Many repeat their source in their own text; a sentence is not told twice.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let sentence = cause.to_string();
        if !text.contains(&sentence) {
            text = format!("{text}: {sentence}");
        }
        next = cause.source();
    }
    text
}

/// Says of an error, or of a missing value, whether another attempt could help.
pub trait OrFail<T> {
    /// Another attempt may help; `what` says what was tried.
    ///
    /// # Errors
    /// When there is no value.
    fn or_retry(self, what: impl fmt::Display) -> Result<T>;

    /// No other attempt will help; `what` says what was tried.
    ///
    /// # Errors
    /// When there is no value.
    fn or_permanent(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> OrFail<T> for std::result::Result<T, E> {
    fn or_retry(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Fail::retry(format_args!("{what}: {error:#}")))
    }

    fn or_permanent(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Fail::permanent(format_args!("{what}: {error:#}")))
    }
}

impl<T> OrFail<T> for Option<T> {
    fn or_retry(self, what: impl fmt::Display) -> Result<T> {
        self.ok_or_else(|| Fail::retry(what))
    }

    fn or_permanent(self, what: impl fmt::Display) -> Result<T> {
        self.ok_or_else(|| Fail::permanent(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_error_leaves_the_retry_to_the_job() {
        let fail = Fail::from("x".parse::<u8>().unwrap_err());
        assert_eq!((fail.exit_code(), fail.is_retryable()), (1, true));
    }

    #[test]
    fn what_the_host_refused_is_not_tried_again_and_what_it_has_not_now_is() {
        let denied = Fail::from(HostError::Denied("no children".to_owned()));
        assert!(!denied.is_retryable());
        assert!(Fail::from(HostError::TimedOut).is_retryable());
    }

    #[test]
    fn a_missing_value_and_an_error_tell_what_was_tried() {
        let error = Err::<u8, _>("no route").or_retry("download").unwrap_err();
        assert_eq!(error.to_string(), "download: no route");
        assert_eq!((error.exit_code(), error.is_retryable()), (75, true));
        let missing = None::<u8>.or_permanent("there is no header").unwrap_err();
        assert_eq!(missing.to_string(), "there is no header");
        assert_eq!((missing.exit_code(), missing.is_retryable()), (1, false));
    }

    #[test]
    #[should_panic(expected = "from 1 to 125")]
    fn a_failure_with_code_0_would_be_a_lie() {
        let _never = Fail::permanent("x").code(0);
    }
}
