//! What is wrong with a document of rules, in the API's words.

use sublet_api::{Place, Violation};

use crate::config::Fault;

/// One fault without its place: `sub-cluster short, entry: there is no node.memry, …`.
pub(crate) fn sentence(fault: &Fault) -> String {
    let placeless = Fault {
        place: None,
        ..fault.clone()
    };
    placeless.to_string()
}

/// One fault with its place in the document.
pub(crate) fn violation(fault: &Fault) -> Violation {
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
