//! One line of what was found.

use serde::Serialize;

/// One protection, and whether it is active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) name: String,
    pub(crate) holds: Holds,
    /// Whether something that Sublet promises rests on it.
    pub(crate) promised: bool,
    /// Why.
    pub(crate) detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
}

/// Whether a protection is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holds {
    Yes,
    No,
    /// It cannot be told from here.
    Unknown,
}

impl Finding {
    pub(super) fn yes(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            holds: Holds::Yes,
            promised: false,
            detail: detail.into(),
            help: None,
        }
    }

    pub(super) fn no(name: &str, detail: impl Into<String>) -> Self {
        Self {
            holds: Holds::No,
            ..Self::yes(name, detail)
        }
    }

    pub(super) fn unknown(name: &str, detail: impl Into<String>) -> Self {
        Self {
            holds: Holds::Unknown,
            ..Self::yes(name, detail)
        }
    }

    /// The same, of what a promise rests on.
    pub(super) fn promised(self) -> Self {
        Self {
            promised: true,
            ..self
        }
    }

    /// The same, with what to do.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// Whether a promise does not hold.
    pub(super) fn is_broken(&self) -> bool {
        self.promised && self.holds == Holds::No
    }
}
