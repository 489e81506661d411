//! One fault, then quiet: at each step, in each way, everything comes to its end and keeps to what was promised.

use super::harness::{DEADLINE, Random, Server, bytes_of, eventually};
use super::world::{Frozen, Played, World, can_be_planted, seeds, try_everything};

/// The way of a job through the front. Where one load comes by several times for sure, the fault may wait for the second.
pub(crate) const FRONT: [(&str, u32); 16] = [
    ("front.submission.before-commit", 2),
    ("front.submission.after-commit", 2),
    ("front.answer.before", 2),
    ("front.start.before-commit", 2),
    ("front.start.after-commit", 2),
    ("front.start.before-send", 2),
    ("front.start.after-send", 2),
    ("front.end.received", 2),
    ("front.outputs.before", 1),
    ("front.end.before-commit", 2),
    ("front.end.after-commit", 2),
    ("front.cancel.before-commit", 1),
    ("front.cancel.after-commit", 1),
    ("front.release.before", 2),
    ("front.release.directory", 1),
    ("front.release.after", 1),
];

/// And through a worker.
pub(crate) const WORKER: [(&str, u32); 5] = [
    ("worker.start.received", 2),
    ("worker.guest.before", 2),
    ("worker.guest.after", 2),
    ("worker.report.before", 2),
    ("worker.report.after", 2),
];

pub(crate) const DEEDS: [&str; 3] = ["kill", "freeze", "panic"];

/// Each step, with every deed or with one of them.
fn faults(steps: &[(&'static str, u32)], chance: &mut Random) -> Vec<(&'static str, String)> {
    let mut chosen = Vec::new();
    for (step, times) in steps {
        let deeds = match try_everything() {
            true => DEEDS.to_vec(),
            false => chance.pick(&DEEDS).into_iter().collect(),
        };
        for deed in deeds {
            let occurrence = 1 + chance.below(*times);
            chosen.push((*step, format!("{step}@{occurrence}:{deed}")));
        }
    }
    chosen
}

fn survives(test: &str, steps: &[(&'static str, u32)]) {
    if !can_be_planted() {
        return;
    }
    for seed in seeds(test) {
        let _played = Played::new(test, seed);
        let mut world = World::new(seed);
        for (step, fault) in faults(steps, world.chance()) {
            let frozen = match world.chance().once_in(2) {
                true => Frozen::GoesOn,
                false => Frozen::IsKilled,
            };
            println!("{fault}, and a front that stands still {frozen:?}");
            let before = world.fired(step);
            world.plant(&fault);
            world.load();
            world.settle(frozen);
            assert_eq!(world.fired(step), before + 1, "{fault} happened");
            world.check(&fault);
        }
    }
}

#[test]
fn everything_comes_to_its_end_whatever_befalls_the_front_and_when() {
    survives("front", &FRONT);
}

#[test]
fn everything_comes_to_its_end_whatever_befalls_a_worker_and_when() {
    survives("worker", &WORKER);
}

/// Pushes a module that no cache knows until it is taken.
fn pushes(server: &Server, name: &str) {
    let mut module = wat::parse_str(include_str!("guest.wat")).expect("the guest is a module");
    // A section of its own, which means nothing.
    let length = u8::try_from(name.len() + 1).expect("names are short");
    module.extend([0, length, length - 1]);
    module.extend(name.as_bytes());
    let guest = bytes_of(&format!("{name}.wasm"), &module);
    let path = guest.path.to_str().expect("the repository's path is text");
    eventually(DEADLINE, "the module is taken", || {
        let push = ["modules", "push", path, "--name", name];
        (server.sublet(&push).code == Some(0)).then_some(())
    });
}

#[test]
fn a_module_is_taken_whatever_befalls_its_first_compiler() {
    if !can_be_planted() {
        return;
    }
    let mut server = Server::start();
    for (number, step) in ["start", "artifact.before", "artifact.after"]
        .into_iter()
        .enumerate()
    {
        for deed in ["kill", "panic"] {
            server.kill9();
            server = server
                .begin_again(Some(&format!("compiler.{step}@1:{deed}")))
                .ready();
            let name = format!("compiled-{number}-{deed}");
            pushes(&server, &name);
            let body = format!(r#"{{"module":"{name}","args":["o"]}}"#);
            let job = server.request("POST", "/v1/jobs", body.as_bytes()).json();
            let job = server.wait(job["id"].as_str().expect("a job has an id"));
            assert_eq!(job["tasks"]["succeeded"], 1, "{step} {deed}");
        }
    }
}

#[test]
fn a_compiler_that_stands_still_is_ended_and_its_module_may_come_again() {
    if !can_be_planted() {
        return;
    }
    let mut server = Server::start();
    server.kill9();
    server = server.begin_again(Some("compiler.start@1:freeze")).ready();
    let module = wat::parse_str(include_str!("guest.wat")).expect("the guest is a module");
    let answer = server.request("POST", "/v1/modules", &module);
    assert_eq!(answer.problem()["code"], "S0502", "{}", answer.text());
    // It is not remembered as one that costs too much.
    let answer = server.request("POST", "/v1/modules", &module);
    assert_eq!(answer.status, 201, "{}", answer.text());
}
