//! What is wrong with a document of rules, all of it at once, each with its place.

use std::fmt;

use thiserror::Error;

use super::super::place::Place;

/// Why a document is not obeyed. There is at least one fault in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    /// It, or a rule in it, cannot be read.
    #[error("{}", joined(.0))]
    Invalid(Vec<Fault>),
    /// It can be read, and asks for what cannot be.
    #[error("{}", joined(.0))]
    Refused(Vec<Fault>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is about, where it is not the document itself: `sub-cluster short, entry`.
    pub about: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// The name that may have been meant.
    pub nearest: Option<String>,
}

impl RulesError {
    /// What is wrong.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Invalid(faults) | Self::Refused(faults) => faults,
        }
    }
}

impl Fault {
    /// A fault of the whole document.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            about: None,
            message: message.into(),
            place: None,
            nearest: None,
        }
    }

    pub(super) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            let Place {
                line,
                column,
                excerpt,
            } = place;
            writeln!(f, "line {line}, column {column}\n{excerpt}")?;
        }
        if let Some(about) = &self.about {
            write!(f, "{about}: ")?;
        }
        f.write_str(&self.message)?;
        // Who reads rules offers the name within the sentence; who reads TOML does not.
        let offered = self.nearest.as_ref();
        match offered.filter(|_| !self.message.contains("did you mean")) {
            Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

fn joined(faults: &[Fault]) -> String {
    let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
    told.join("\n")
}
