//! What the host says when it does not do what it was asked. The texts come from the host.

use std::fmt;

/// Why a call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing has this name or id, or it belongs to somebody else.
    NotFound(String),
    /// The job may not do this.
    Denied(String),
    /// A limit of the job or of its user is reached.
    Quota(String),
    /// The argument makes no sense.
    Invalid(String),
    /// Not now; the same call may succeed later.
    Unavailable(String),
    /// The time given with the call is over.
    TimedOut,
    /// The job was cancelled while the call waited.
    Cancelled,
    /// A kind that is younger than this crate: its word, and the text.
    Other(String, String),
}

impl HostError {
    /// Whether the same call, or another attempt, could succeed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::TimedOut | Self::Cancelled | Self::Other(..) => true,
            Self::NotFound(_) | Self::Denied(_) | Self::Quota(_) | Self::Invalid(_) => false,
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(text) => write!(f, "not found: {text}"),
            Self::Denied(text) => write!(f, "denied: {text}"),
            Self::Quota(text) => write!(f, "over a limit: {text}"),
            Self::Invalid(text) => write!(f, "invalid: {text}"),
            Self::Unavailable(text) => write!(f, "unavailable: {text}"),
            Self::TimedOut => f.write_str("the time is over"),
            Self::Cancelled => f.write_str("the job was cancelled"),
            Self::Other(kind, text) => write!(f, "{kind}: {text}"),
        }
    }
}

impl std::error::Error for HostError {}

/// What a call to the host gives.
pub type Called<T> = Result<T, HostError>;
