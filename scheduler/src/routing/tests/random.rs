//! Worlds by chance: what must hold in all of them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::world::{JOB, MIB, World, accepting, ask, ask_for, rule, with_slot};
use crate::chance::Chance;
use crate::routing::{Ask, NoRoute, Place, Routing};
use crate::rule_set::SubclusterSpec;
use crate::rules::{Facts, JobFacts, RuleKind};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const CLASSES: [&str; 3] = ["", "batch", "web"];
const RULES: [&str; 5] = [
    "job.memory <= 64MiB",
    "job.timeout <= 30s || job.priority > 0",
    "job.class == \"batch\"",
    "job.gang > 1 && user.weight < 5",
    "job.tasks >= 1",
];

fn any_spec(chance: &mut Chance, name: &str) -> SubclusterSpec {
    let size = [32, 64, 256, 1024][chance.place(4)];
    let spec = with_slot(name, size, size);
    match chance.place(RULES.len() + 1) {
        index if index < RULES.len() - 1 => SubclusterSpec {
            accept: accepting(name, RULES[index]).accept,
            ..spec
        },
        5 => SubclusterSpec {
            accept: Some(rule(
                RuleKind::Accept,
                "sub.queued == 0 && sub.slots_free > 2",
            )),
            ..spec
        },
        _ => spec,
    }
}

fn any_world(chance: &mut Chance) -> World {
    let names = &NAMES[..1 + chance.place(NAMES.len())];
    let specs: Vec<_> = names.iter().map(|name| any_spec(chance, name)).collect();
    let mut world = World::of(specs);
    for index in 0..chance.place(4) {
        let (when, to) = (
            RULES[chance.place(RULES.len())],
            NAMES[chance.place(NAMES.len())],
        );
        world = world.with_route(&format!("route-{index}"), when, to);
    }
    for index in 0..chance.place(3) {
        let spread: Vec<_> = names.iter().map(|name| (*name, weight(chance))).collect();
        let when = RULES[chance.place(RULES.len())];
        world = world.with_class(&format!("class-{index}"), when, &spread);
    }
    world
}

fn weight(chance: &mut Chance) -> u32 {
    u32::try_from(chance.place(8)).expect("it is small")
}

fn change_states(chance: &mut Chance, world: &mut World) {
    for state in &mut world.states {
        state.expected_wait_ms = [0, 0, 100, 200][chance.place(4)];
        state.slots_free = [0, 5, 10][chance.place(3)];
        state.slots_ever = [0, 1, 32][chance.place(3)];
        state.is_open = chance.place(4) > 0;
    }
}

fn any_job(chance: &mut Chance) -> JobFacts<'static> {
    JobFacts {
        cpu_millis: [10, 50, 500][chance.place(3)],
        memory_bytes: [1, 64, 512][chance.place(3)] * MIB,
        timeout_ms: [1_000, 60_000][chance.place(2)],
        priority: [0, 1][chance.place(2)],
        gang: [1, 1, 1, 2, 20][chance.place(5)],
        class: CLASSES[chance.place(CLASSES.len())],
        ..JOB
    }
}

/// Said once more, and plainly: whether a place takes a job.
fn takes(place: &Place<'_>, ask: &Ask<'_>) -> bool {
    let facts = Facts {
        now: ask.now,
        node: None,
        subcluster: Some(&place.facts),
        job: Some(ask.job),
        user: Some(ask.user),
    };
    let accepts = place
        .spec
        .accept
        .as_ref()
        .is_none_or(|accept| accept.holds(&facts));
    let (slot, job) = (place.spec.slot, ask.job);
    let fits = slot.cpu_millis >= job.cpu_millis && slot.memory_bytes >= job.memory_bytes;
    accepts && fits && place.slots_ever > 0 && job.gang <= place.slots_ever
}

fn check(world: &World, ask: &Ask<'_>, routed: &Result<Routing, NoRoute>) -> Result<(), String> {
    let places = world.places();
    let asked = |place: &&Place<'_>| ask.subcluster.is_none_or(|name| name == place.spec.name);
    let taking: Vec<_> = places
        .iter()
        .filter(asked)
        .filter(|one| takes(one, ask))
        .collect();
    let Ok(routing) = routed else {
        let nobody = taking.is_empty();
        return nobody
            .then_some(())
            .ok_or_else(|| format!("somebody takes it: {taking:?}"));
    };
    let chosen = taking.iter().find(|place| place.id == routing.subcluster);
    let chosen = chosen.ok_or("the chosen one does not take it")?;
    let open_one_takes = taking.iter().any(|place| place.is_open);
    match chosen.is_open || !open_one_takes {
        true => Ok(()),
        false => Err("a paused one was chosen before an open one".into()),
    }
}

fn play(seed: u64) -> Result<(), String> {
    let mut chance = Chance::of(seed);
    let mut world = any_world(&mut chance);
    for step in 0..40 {
        if step % 5 == 0 {
            change_states(&mut chance, &mut world);
        }
        let job = any_job(&mut chance);
        let ask = match chance.place(5) {
            0 => ask_for(NAMES[chance.place(NAMES.len())], &job),
            _ => ask(&job),
        };
        let would = world
            .router
            .would_route(&world.rules, &ask, &world.places());
        let again = world
            .router
            .would_route(&world.rules, &ask, &world.places());
        let routed = world.route(&ask);
        if would != routed || would != again {
            return Err(format!(
                "step {step}: would be {would:?}, {again:?}, was {routed:?}"
            ));
        }
        check(&world, &ask, &routed).map_err(|broken| format!("step {step}: {broken}"))?;
    }
    Ok(())
}

#[test]
fn the_chosen_one_takes_the_job_and_the_answer_beforehand_was_the_same() {
    for seed in 0..2_000 {
        if let Err(broken) = play(seed) {
            panic!("seed {seed}: {broken}");
        }
    }
}
