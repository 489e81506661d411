//! The one shape of every error: RFC 9457 problem details with a stable code, a next step and the places at fault.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Code;

/// An error as it goes over the wire, with media type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained, relative to the server: `/problems/S0301`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in a few words; the same for every occurrence.
    pub title: String,
    /// The HTTP status, repeated for readers of the body alone; absent where no server was asked.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub status: u16,
    /// This occurrence in one sentence: it names the thing and the number.
    pub detail: String,
    /// The stable code, `S` and four digits.
    pub code: String,
    /// Which parts of the request are at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Violation>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The request, as the server's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// One part of a request that is at fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// A JSON pointer into the body, or the name of a query parameter or header.
    pub pointer: String,
    /// What is wrong with it, where there are several things to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The limit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What was asked for, where it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
    /// The place within a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The name that may have been meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// A place in a text that people wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// Counted from 1.
    pub line: u32,
    /// The character in the line, counted from 1.
    pub column: u32,
    /// The line with carets under the place, to be shown as it is: several lines.
    pub excerpt: String,
}

/// Whether a status has not been given.
fn is_unset(status: &u16) -> bool {
    *status == 0
}

impl Problem {
    /// A problem of this code. The status is set by the HTTP layer, which alone knows about those.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: code.title().to_owned(),
            status: 0,
            detail: detail.into(),
            code: code.to_string(),
            errors: Vec::new(),
            help: None,
            request_id: None,
        }
    }

    /// The same problem with a next step for its reader.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with one more place at fault, its limit and what was asked.
    #[must_use]
    pub fn at(
        mut self,
        pointer: impl Into<String>,
        limit: Option<u64>,
        asked: Option<u64>,
    ) -> Self {
        self.errors.push(Violation {
            pointer: pointer.into(),
            limit,
            asked,
            ..Violation::default()
        });
        self
    }

    /// The same problem with one more part at fault.
    #[must_use]
    pub fn with(mut self, violation: Violation) -> Self {
        self.errors.push(violation);
        self
    }
}
