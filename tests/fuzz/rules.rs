//! The language of rules: a rule, or a refusal that points into the text.

use sublet_scheduler::rules::{Rule, RuleKind, check_overlap, check_pair};

use super::campaign::Campaign;
use super::mutation::mutated;

const KINDS: &[RuleKind] = &[
    RuleKind::Entry,
    RuleKind::Exit,
    RuleKind::Accept,
    RuleKind::Route,
    RuleKind::Class,
];
const CORPUS: &[&str] = &[
    "true",
    "node.cpu >= 8 && node.memory > 32GiB",
    "!node.healthy || node.labels.size == \"large\"",
    "sub.idle > 10m && sub.waiting == 0",
    "job.memory <= 256MiB && (job.priority > 5 || user.name in [\"ada\", 'bob'])",
    "has(job.labels.gpu) && 1 + 2 * 3 - -4 < 12",
];
const WORDS: &[&str] = &[
    "node.",
    "sub.",
    "job.",
    "user.",
    "labels",
    "has(",
    "&&",
    "||",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    "in",
    "==",
    "!=",
    "<=",
    "+",
    "*",
    "-",
    "true",
    "false",
    "GiB",
    "TiB",
    "ms",
    "d",
    "\"",
    "'",
    "\\",
    "//",
    "\n",
    "0.1",
    "9223372036854775807",
];

#[test]
fn a_rule_is_a_rule_or_says_where_it_is_not() {
    let rules = Campaign {
        name: "rules",
        cases: 10_000,
    };
    rules.play(
        |random| mutated(random, CORPUS, WORDS),
        |bytes| answered(&String::from_utf8_lossy(bytes)),
    );
}

fn answered(text: &str) {
    for &kind in KINDS {
        match Rule::parse(kind, text) {
            Ok(rule) => {
                assert_eq!(
                    Rule::parse(kind, rule.text()).map(|again| again.cost()),
                    Ok(rule.cost())
                );
                let entry = Rule::parse(RuleKind::Entry, "node.healthy").unwrap();
                match kind {
                    RuleKind::Entry => drop(check_overlap(&entry, &rule)),
                    RuleKind::Exit => drop(check_pair(&entry, &rule)),
                    RuleKind::Accept | RuleKind::Route | RuleKind::Class => {}
                }
            }
            Err(error) => {
                assert!(
                    text.is_char_boundary(error.position),
                    "{error:?} points beyond {text:?}"
                );
                assert!(!error.to_string().is_empty());
            }
        }
    }
}
