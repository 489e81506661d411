//! Why something is where it is.

use sublet_api::Explanation;

use super::table;
use crate::output::Named;

impl Named for Explanation {
    fn name(&self) -> String {
        self.summary.clone()
    }
}

/// The sentence, then what it rests on.
pub(crate) fn page(explanation: &Explanation) -> String {
    let facts = table::page(
        explanation
            .facts
            .iter()
            .map(|fact| (fact.about.as_str(), Some(fact.text.clone()))),
    );
    let head = table::plain(&explanation.summary);
    if facts.is_empty() {
        head
    } else {
        format!("{head}\n{}", table::indented(&facts))
    }
}

#[cfg(test)]
mod tests {
    use sublet_api::Fact;

    use super::*;

    #[test]
    fn facts_stand_below_the_sentence() {
        let fact = |about: &str, text: &str| Fact {
            about: about.to_owned(),
            text: text.to_owned(),
        };
        let explanation = Explanation {
            summary: "queued for 1m 12s, position 2".to_owned(),
            facts: vec![
                fact("slots", "wants 4, free 3 of 20"),
                fact("quota", "16 of 20 slots"),
            ],
            ..Explanation::default()
        };
        assert_eq!(
            page(&explanation),
            "queued for 1m 12s, position 2\n  slots  wants 4, free 3 of 20\n  quota  16 of 20 slots"
        );
    }
}
