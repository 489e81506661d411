//! Beside an independent implementation of CEL: generated rules in generated worlds have one answer. What a static check
//! says of a rule is held against the same worlds.

use std::collections::HashMap;

use cel::{Context, Program, Value};
use sublet_scheduler::rules::{Note, Reason, Rule, RuleKind};

use crate::generate::{Generator, Numbers, Written};
use crate::random::Random;
use crate::world::{Labels, World};

/// For each of the two kinds.
const RULES: u64 = 11_000;
const WORLDS: u32 = 5;

#[test]
fn generated_rules_about_nodes_mean_what_cel_says() {
    generated_rules_mean_what_cel_says(RuleKind::Entry);
}

#[test]
fn generated_rules_about_jobs_mean_what_cel_says() {
    generated_rules_mean_what_cel_says(RuleKind::Accept);
}

fn generated_rules_mean_what_cel_says(kind: RuleKind) {
    let mut seen = [0_u32; 2];
    let mut rules = 0;
    for seed in 1..=RULES {
        let mut random = Random::new(seed);
        let answers = compare(seed, kind, &mut random);
        rules += u32::from(!answers.is_empty());
        for truth in answers {
            seen[usize::from(truth)] += 1;
        }
    }
    assert!(rules >= 10_000, "only {rules} rules were compared");
    // A comparison in which one answer is rare shows little.
    assert!(seen.iter().all(|&count| count > 10_000), "{seen:?}");
}

/// One rule in some worlds; answers what it said in each, and nothing of a rule beyond our bounds, which CEL does not have.
fn compare(seed: u64, kind: RuleKind, random: &mut Random) -> Vec<bool> {
    let numbers = random
        .pick(&[Numbers::Whole, Numbers::Floating])
        .expect("there are two");
    let written = Generator {
        random,
        kind,
        numbers,
    }
    .rule();
    let oracle = Program::compile(&written.cel)
        .unwrap_or_else(|error| panic!("seed {seed}: {}: {error}", written.cel));
    let Some(claim) = Claim::of(seed, kind, &written) else {
        return Vec::new();
    };
    (0..WORLDS)
        .map(|_| {
            let world = World::random(random);
            let expected = asked(&oracle, &world, numbers)
                .unwrap_or_else(|error| panic!("seed {seed}: {}: {error}", written.cel));
            claim.hold_against(&world, expected, seed, &written);
            expected
        })
        .collect()
}

/// What is said of a rule before any world is known.
enum Claim {
    Never,
    Always(Rule),
    Depends(Rule),
}

impl Claim {
    fn of(seed: u64, kind: RuleKind, written: &Written) -> Option<Self> {
        Some(match Rule::parse(kind, &written.ours) {
            Ok(rule) if rule.notes().contains(&Note::CatchAll) => Self::Always(rule),
            Ok(rule) => Self::Depends(rule),
            Err(error) => match error.reason {
                Reason::NeverHolds | Reason::Contradiction => Self::Never,
                Reason::CanOverflow | Reason::TooDeep | Reason::TooManyNodes => return None,
                _ => panic!("seed {seed}: {}: {error}", written.ours),
            },
        })
    }

    fn hold_against(&self, world: &World, expected: bool, seed: u64, written: &Written) {
        let context = || {
            format!(
                "seed {seed}: {}\ncel: {}\n{world:#?}",
                written.ours, written.cel
            )
        };
        match self {
            Self::Never => assert!(!expected, "said to hold never: {}", context()),
            Self::Always(rule) => {
                assert!(expected, "said to hold always: {}", context());
                assert!(world.holds(rule), "{}", context());
            }
            Self::Depends(rule) => assert_eq!(world.holds(rule), expected, "{}", context()),
        }
        if let Self::Always(rule) | Self::Depends(rule) = self {
            let explanation = world.with_facts(|facts| rule.explain(facts));
            assert_eq!(explanation.holds, expected, "{}", context());
        }
    }
}

fn asked(oracle: &Program, world: &World, numbers: Numbers) -> Result<bool, String> {
    let mut context = Context::default();
    for (name, object) in objects(world, numbers) {
        context.add_variable_from_value(name, object);
    }
    match oracle.execute(&context) {
        Ok(Value::Bool(truth)) => Ok(truth),
        Ok(other) => Err(format!("{other:?} is no truth")),
        Err(error) => Err(error.to_string()),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one line per attribute of the schema"
)]
fn objects(world: &World, numbers: Numbers) -> [(&'static str, HashMap<String, Value>); 4] {
    let number = |amount: i64| match numbers {
        Numbers::Whole => Value::Int(amount),
        Numbers::Floating => Value::Float(amount as f64),
    };
    let count = |amount: u64| number(amount.try_into().expect("worlds are small"));
    let fraction = |millis: u64| Value::Float(millis as f64 / 1000.0);
    let age = |since: Option<sublet_scheduler::UnixMillis>| {
        count(since.map_or(0, |since| world.now - since.0))
    };
    let (node, sub, job, user) = (&world.node, &world.subcluster, &world.job, &world.user);
    [
        (
            "node",
            object([
                ("id", node.id.into()),
                ("host", node.host.into()),
                ("cpu", fraction(node.cpu_millis)),
                ("memory", count(node.memory_bytes)),
                ("priority", number(node.priority.into())),
                ("labels", labels(&world.node_labels)),
                ("load", fraction(node.load_millis)),
                ("cpu_free", fraction(node.cpu_free_millis)),
                ("memory_free", count(node.memory_free_bytes)),
                ("slots", count(node.slots)),
                ("slots_free", count(node.slots_free)),
                ("running", count(node.running)),
                ("healthy", Value::Bool(node.healthy)),
                ("draining", Value::Bool(node.draining)),
                ("idle", age(node.idle_since)),
                ("age", age(Some(node.joined_at))),
                ("dwell", age(node.entered_at)),
            ]),
        ),
        (
            "sub",
            object([
                ("name", sub.name.into()),
                ("priority", number(sub.priority.into())),
                ("weight", count(sub.weight.into())),
                ("nodes_min", count(sub.nodes_min.into())),
                ("nodes_max", count(sub.nodes_max.into())),
                ("nodes", count(sub.nodes)),
                ("slots", count(sub.slots)),
                ("slots_free", count(sub.slots_free)),
                ("queued", count(sub.queued)),
                ("running", count(sub.running)),
                ("expected_wait", count(sub.expected_wait_ms)),
                ("idle", age(sub.idle_since)),
            ]),
        ),
        (
            "job",
            object([
                ("cpu", fraction(job.cpu_millis)),
                ("memory", count(job.memory_bytes)),
                ("timeout", count(job.timeout_ms)),
                ("priority", number(job.priority.into())),
                ("tasks", count(job.tasks)),
                ("gang", count(job.gang)),
                ("class", job.class.into()),
                ("labels", labels(&world.job_labels)),
                ("module", job.module.into()),
                ("imports", Value::from(world.imports.clone())),
                ("network", job.network.into()),
                ("attempt", count(job.attempt.into())),
                ("waited", age(Some(job.submitted_at))),
            ]),
        ),
        (
            "user",
            object([
                ("id", user.id.into()),
                ("weight", count(user.weight.into())),
                ("labels", labels(&world.user_labels)),
                ("running", count(user.running)),
                ("queued", count(user.queued)),
                ("share", fraction(user.share_millis)),
            ]),
        ),
    ]
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> HashMap<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

fn labels(labels: &Labels) -> Value {
    let labels = labels
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()));
    Value::Map(labels.collect::<HashMap<String, Value>>().into())
}
