//! What is said of two rules, held against random worlds: rules that are apart hold together in none, an example is a
//! world in which both hold, and the term that is offered keeps them apart.

use sublet_scheduler::rules::{Example, PairCheck, Reason, Rule, RuleKind, check_pair};

use crate::generate::{Generator, Numbers};
use crate::random::Random;
use crate::world::World;

fn generated(random: &mut Random, kind: RuleKind) -> Option<Rule> {
    let numbers = Numbers::Floating;
    // The generator writes what entry and exit rules see for the one as for the other.
    let text = Generator {
        random,
        kind: RuleKind::Entry,
        numbers,
    }
    .short_rule();
    Rule::parse(kind, &text.ours).ok()
}

/// The example as terms of a rule: each value equal to what was read.
fn pinned(example: &Example) -> String {
    let term = |name: &str, value: &str| match value {
        "absent" => format!("!has({name})"),
        "true" => name.to_owned(),
        "false" => format!("!{name}"),
        value => format!("{name} == {value}"),
    };
    let readings = example.readings.iter();
    let terms = readings.map(|reading| term(&reading.name, &reading.value));
    terms.collect::<Vec<_>>().join(" && ")
}

#[test]
fn i18_what_is_said_of_two_rules_is_so_in_random_worlds() {
    let mut said = [0_u32; 3];
    for seed in 1..=6_000 {
        let mut random = Random::new(seed);
        let entry = generated(&mut random, RuleKind::Entry);
        let exit = generated(&mut random, RuleKind::Exit);
        let (Some(entry), Some(exit)) = (entry, exit) else {
            continue;
        };
        let both = format!("seed {seed}: {}\nand {}", entry.text(), exit.text());
        match check_pair(&entry, &exit) {
            PairCheck::Apart { .. } => {
                said[0] += 1;
                for _ in 0..30 {
                    let world = World::random(&mut random);
                    let together = world.holds(&entry) && world.holds(&exit);
                    assert!(!together, "{both}\n{world:#?}");
                }
            }
            PairCheck::CanBothHold { example, remedy } => {
                said[1] += 1;
                confirm_example(&entry, &exit, &example, &both);
                if let Some(remedy) = remedy {
                    confirm_remedy(&remedy.entry, &exit, &mut random, &both);
                }
            }
            PairCheck::NotDecided => said[2] += 1,
        }
    }
    assert!(said[0] > 50 && said[1] > 1_000, "{said:?}");
    assert!(said[2] * 5 < said[1], "too much is not decided: {said:?}");
}

fn confirm_example(entry: &Rule, exit: &Rule, example: &Example, both: &str) {
    let pins = pinned(example);
    let joint = if pins.is_empty() { "" } else { " && " };
    let text = format!("({}) && ({}){joint}{pins}", entry.text(), exit.text());
    if let Err(error) = Rule::parse(RuleKind::Entry, &text) {
        let too_large = matches!(error.reason, Reason::TooManyNodes | Reason::TooDeep);
        assert!(too_large, "{both}\nnot {example}: {error}");
    }
}

fn confirm_remedy(entry: &str, exit: &Rule, random: &mut Random, both: &str) {
    let Ok(entry) = Rule::parse(RuleKind::Entry, entry) else {
        return;
    };
    for _ in 0..10 {
        let world = World::random(random);
        let together = world.holds(&entry) && world.holds(exit);
        assert!(
            !together,
            "{both}\nnot cured by {}\n{world:#?}",
            entry.text()
        );
    }
}
