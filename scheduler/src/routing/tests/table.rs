//! Routes by everything a job says.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use std::sync::LazyLock;

use super::world::{ALICE, JOB, World, ask, subcluster};
use crate::routing::Ask;
use crate::rules::{JobFacts, UserFacts};

type JobChange = fn(&mut JobFacts<'static>);
type UserChange = fn(&mut UserFacts<'static>);

static BLUE: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| BTreeMap::from([("team".to_owned(), "blue".to_owned())]));
static SOCKETS: LazyLock<[String; 1]> = LazyLock::new(|| ["wasi:sockets/tcp".to_owned()]);

/// The route must be taken by this job, and not by the plain one.
fn check(when: &str, special: &Ask<'_>) {
    let mut world = World::of(["here", "there"].map(subcluster)).with_route("named", when, "there");
    world.state("there").expected_wait_ms = 1;
    let by_rule = "there by rule named (version 4)";
    assert_eq!(world.goes(special), by_rule, "{when}");
    assert_eq!(world.goes(&ask(&JOB)), "here by load", "{when}");
}

#[test]
fn i11_a_job_is_routed_by_each_of_its_attributes() {
    let cases: &[(&str, JobChange)] = &[
        ("job.cpu >= 0.5", |job| job.cpu_millis = 500),
        ("job.memory > 64MiB", |job| job.memory_bytes = 65 << 20),
        ("job.timeout > 30s", |job| job.timeout_ms = 30_001),
        ("job.priority > 0", |job| job.priority = 1),
        ("job.tasks > 100", |job| job.tasks = 101),
        ("job.gang > 1", |job| job.gang = 2),
        ("job.class == \"batch\"", |job| job.class = "batch"),
        ("job.labels.team == \"blue\"", |job| job.labels = &BLUE),
        ("job.module in [\"fold\", \"mine\"]", |job| {
            job.module = "mine";
        }),
        ("\"wasi:sockets/tcp\" in job.imports", |job| {
            job.imports = &*SOCKETS;
        }),
        ("job.network == \"own\"", |job| job.network = "own"),
        ("job.restart == \"on-loss\"", |job| job.restart = "on-loss"),
        ("job.attempt > 1", |job| job.attempt = 2),
        ("job.waited >= 1s", |job| job.submitted_at.0 = 0),
    ];
    for (when, change) in cases {
        let mut job = JOB;
        change(&mut job);
        check(when, &ask(&job));
    }
}

#[test]
fn i11_a_job_is_routed_by_its_user() {
    let cases: &[(&str, UserChange)] = &[
        ("user.id == \"bob\"", |user| user.id = "bob"),
        ("user.role == \"operator\"", |user| user.role = "operator"),
        ("user.weight >= 5", |user| user.weight = 5),
        ("has(user.labels.team)", |user| user.labels = &BLUE),
        ("user.running > 3", |user| user.running = 4),
        ("user.queued > 3", |user| user.queued = 4),
        ("user.share > 0.5", |user| user.share_millis = 501),
    ];
    for (when, change) in cases {
        let mut user = ALICE;
        change(&mut user);
        let special = Ask {
            user: &user,
            ..ask(&JOB)
        };
        check(when, &special);
    }
}
