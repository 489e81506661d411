//! What is wrong with a document of rules, in the API's words.

use sublet_api::{Code, Place, Problem, Violation};

use crate::config::{Fault, RulesError};

/// A document that is not obeyed: its first fault in a sentence, and all of them with their places.
#[must_use]
pub fn refusal(error: &RulesError) -> Problem {
    let code = match error {
        RulesError::Invalid(_) => Code::RuleInvalid,
        RulesError::Refused(_) => Code::RulesRefused,
    };
    let faults = error.faults();
    let first = faults.first().map(sentence);
    Problem {
        help: Some("sublet help rules".to_owned()),
        errors: faults.iter().map(violation).collect(),
        ..Problem::new(code, first.unwrap_or_default())
    }
}

/// One fault without its place: `sub-cluster short, entry: there is no node.memry, …`.
fn sentence(fault: &Fault) -> String {
    let placeless = Fault {
        place: None,
        ..fault.clone()
    };
    placeless.to_string()
}

/// One fault with its place in the document.
fn violation(fault: &Fault) -> Violation {
    Violation {
        pointer: "/document".to_owned(),
        detail: Some(sentence(fault)),
        place: fault.place.as_ref().map(|place| Place {
            line: place.line,
            column: place.column,
            excerpt: place.excerpt.clone(),
        }),
        nearest: fault.nearest.clone(),
        ..Violation::default()
    }
}
