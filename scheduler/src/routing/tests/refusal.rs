//! What somebody reads whose job can go nowhere.

use super::world::{JOB, MIB, World, accepting, ask, ask_for, subcluster, with_slot};
use crate::rules::JobFacts;

#[test]
fn a_name_that_is_not_there_is_answered_with_the_nearest() {
    let mut world = World::of(["short", "medium", "long"].map(subcluster));
    assert_eq!(
        world.goes(&ask_for("shrt", &JOB)),
        "there is no sub-cluster \"shrt\", did you mean \"short\"?"
    );
}

#[test]
fn without_any_sub_cluster_a_job_goes_nowhere() {
    let mut world = World::of([]);
    assert_eq!(
        world.goes(&ask(&JOB)),
        "there is no sub-cluster yet, define one first"
    );
    assert_eq!(
        world.goes(&ask_for("short", &JOB)),
        "there is no sub-cluster \"short\", leave it out or name one that is there"
    );
}

#[test]
fn the_one_that_was_named_says_all_that_stands_against_the_job() {
    let mut world = World::of([
        accepting("short", "job.memory <= 64MiB"),
        subcluster("long"),
    ]);
    let large = JobFacts {
        memory_bytes: 2048 * MIB,
        gang: 11,
        ..JOB
    };
    assert_eq!(
        world.goes(&ask_for("short", &large)),
        "sub-cluster short does not take the job: a slot has 1GiB of memory (asked: 2GiB), \
         and it needs 11 slots at once, at most 10 can exist, \
         and it takes jobs with job.memory <= 64MiB (job.memory = 2GiB)"
    );
}

#[test]
fn a_job_that_fits_nowhere_is_told_what_would_have_to_change_the_least_first() {
    let mut world = World::of([
        with_slot("a", 500, 512),
        accepting("b", "job.timeout <= 10s"),
        with_slot("c", 2_000, 4096),
    ]);
    world.state("c").slots_ever = 0;
    let job = JobFacts {
        cpu_millis: 1_500,
        memory_bytes: 768 * MIB,
        gang: 40,
        ..JOB
    };
    assert_eq!(
        world.goes(&ask(&job)),
        "no sub-cluster takes the job: c: no node can hold a slot of it (2 cpu and 4GiB); \
         a: a slot has 0.5 cpu (asked: 1.5) and 512MiB of memory (asked: 768MiB), \
         and it needs 40 slots at once, at most 10 can exist; \
         b: a slot has 1 cpu (asked: 1.5), and it needs 40 slots at once, at most 10 can exist, \
         and it takes jobs with job.timeout <= 10s (job.timeout = 30s)"
    );
}

#[test]
fn a_sentence_names_eight_and_counts_the_others() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let mut world = World::of(names.map(|name| with_slot(name, 50, 1)));
    assert_eq!(
        world.goes(&ask(&JOB)),
        "no sub-cluster takes the job: a: a slot has 1MiB of memory (asked: 64MiB); \
         b: a slot has 1MiB of memory (asked: 64MiB); c: a slot has 1MiB of memory (asked: 64MiB); \
         d: a slot has 1MiB of memory (asked: 64MiB); e: a slot has 1MiB of memory (asked: 64MiB); \
         f: a slot has 1MiB of memory (asked: 64MiB); g: a slot has 1MiB of memory (asked: 64MiB); \
         h: a slot has 1MiB of memory (asked: 64MiB); and 2 more"
    );
}
