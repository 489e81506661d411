//! What an attempt says of itself for people, as it is recorded.

/// How far it is, and what it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How far it is, or was when it ended.
    pub progress: Option<Progress>,
    /// What it came to, in Markdown.
    pub summary: Option<String>,
}

/// How far an attempt is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How much is done, in millionths, where it can tell.
    pub millionths: Option<u32>,
    /// The same in words.
    pub message: String,
}

impl Told {
    /// Whether there is nothing to record.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.progress.is_none() && self.summary.is_none()
    }
}
