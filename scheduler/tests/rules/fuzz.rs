//! Whatever comes in, the parser answers: a rule, or a refusal that points into the text.

use sublet_scheduler::rules::{Rule, RuleKind, check_pair};

use crate::generate::{Generator, Numbers};
use crate::random::Random;
use crate::world::World;

const KINDS: &[RuleKind] = &[
    RuleKind::Entry,
    RuleKind::Exit,
    RuleKind::Accept,
    RuleKind::Route,
    RuleKind::Class,
];

/// Parses, and does with a rule all there is to do.
fn survives(seed: u64, text: &str, world: &World) {
    for kind in KINDS {
        match Rule::parse(*kind, text) {
            Ok(rule) => {
                world.with_facts(|facts| {
                    let explanation = rule.explain(facts);
                    assert_eq!(explanation.holds, rule.holds(facts), "seed {seed}: {text}");
                    assert!(text[explanation.position..].starts_with(&explanation.clause));
                    let next = rule.next_change(facts);
                    assert!(
                        next.is_none_or(|next| next > facts.now),
                        "seed {seed}: {text}"
                    );
                });
                std::hint::black_box(check_pair(&rule, &rule));
            }
            Err(error) => {
                assert!(
                    error.position <= text.len(),
                    "seed {seed}: {text}: {error:?}"
                );
                let before = text.get(..error.position);
                let lines = before.map(|before| before.matches('\n').count() + 1);
                assert_eq!(Some(error.line), lines, "seed {seed}: {text}: {error:?}");
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn random_bytes_are_answered() {
    let world = World::new();
    for seed in 1..=20_000 {
        let mut random = Random::new(seed);
        let length = random.below(200);
        let bytes: Vec<u8> = (0..length)
            .map(|_| u8::try_from(random.below(256)).expect("it is a byte"))
            .collect();
        survives(seed, &String::from_utf8_lossy(&bytes), &world);
    }
}

#[test]
fn random_pieces_of_the_language_are_answered() {
    const PIECES: &[&str] = &[
        "node",
        "sub",
        "job",
        "user",
        ".",
        "labels",
        "cpu",
        "memory",
        "idle",
        "imports",
        "healthy",
        "has(",
        "(",
        ")",
        "[",
        "]",
        ",",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "true",
        "1",
        "0.5",
        "2GiB",
        "10m",
        "\"a\"",
        "'b'",
        "//",
        "\n",
        " ",
        "node.cpu",
        "node.labels.size",
        "sub.idle",
        "\\",
        "\"",
        "9223372036854775807TiB",
    ];
    let world = World::new();
    for seed in 1..=20_000 {
        let mut random = Random::new(seed);
        let count = random.below(25);
        let text: String = (0..count)
            .filter_map(|_| random.pick(PIECES))
            .collect::<Vec<_>>()
            .join(if seed % 2 == 0 { " " } else { "" });
        survives(seed, &text, &world);
    }
}

#[test]
fn rules_with_a_few_characters_changed_are_answered() {
    let world = World::new();
    for seed in 1..=1_500 {
        let mut random = Random::new(seed);
        let written = Generator {
            random: &mut random,
            kind: RuleKind::Entry,
            numbers: Numbers::Floating,
        }
        .rule();
        let mut text: Vec<char> = written.ours.chars().collect();
        for _ in 0..=random.below(3) {
            let places = u32::try_from(text.len()).expect("rules are short");
            let at = random.below(places.max(1)) as usize;
            let other = random.below(places.max(1)) as usize;
            match random.below(3) {
                0 => text.insert(at, ['(', '!', '"', '0', '&', 'x'][random.below(6) as usize]),
                1 if !text.is_empty() => drop(text.remove(at)),
                _ => text.swap(at, other),
            }
        }
        survives(seed, &text.into_iter().collect::<String>(), &world);
    }
}

#[test]
fn nesting_of_any_depth_is_answered() {
    let world = World::new();
    for opening in [
        "(",
        "!",
        "-",
        "!(",
        "-(",
        "node.healthy == (",
        "has(",
        "[",
        "true||(",
        "1+(",
        "1*(",
    ] {
        for times in [10, 31, 32, 33, 100, 2_000] {
            survives(0, &opening.repeat(times), &world);
            survives(
                0,
                &format!("{}true{}", opening.repeat(times), ")".repeat(times)),
                &world,
            );
        }
    }
}
