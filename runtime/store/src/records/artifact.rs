//! What an attempt left for people, as it is recorded.

use crate::Digest;

/// A file that an attempt which succeeded left in `/out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobArtifact {
    /// Its path below `/out`: no part of it is `.` or `..`, and nothing in it is a control character.
    pub name: String,
    /// Its length.
    pub size_bytes: u64,
    /// The sha256 of its content.
    pub digest: Digest,
    /// What is in it, in the words of the web.
    pub media_type: String,
    /// Which attempt of its task left it.
    pub number: u32,
    /// Its place among those of its attempt.
    pub place: u32,
}
