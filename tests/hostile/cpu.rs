//! Processor time: spins in every phase of an attempt, storms of calls and traps.

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, cancelled, exceeded, trapped};
use crate::text::{SLEEP, core, spinner};

static GROUND: Ground = Ground::new("");

const CPU: Counter = Counter::limit("cpu");
const WALL: Counter = Counter::limit("wall");

#[test]
fn guests_that_compute_without_end_are_ended_by_their_processor_time() {
    besiege(&GROUND, &[CPU], |siege| {
        let job = siege.wave(&wat("spinner", &spinner()), &["--cpu-time", "200ms"]);
        let words = "the limit of processor time is 200 ms";
        siege.each_ends(&job, &exceeded("cpu"), words);
    });
}

#[test]
fn guests_that_compute_before_their_first_line_are_ended_by_their_wall_time() {
    let text = r#"(module (start $spin) (func $spin (loop (br 0))) (func (export "_start")))"#;
    besiege(&GROUND, &[WALL], |siege| {
        let job = siege.wave(&wat("starts-spinning", text), &["--timeout", "500ms"]);
        let words = "the limit of wall time is 500 ms";
        siege.each_ends(&job, &exceeded("wall"), words);
    });
}

#[test]
fn storms_of_calls_to_the_host_are_paid_for_by_the_guest() {
    let yields = r#"(func (export "_start") (loop (drop (call $sched_yield)) (br 0)))"#;
    let random = r#"(func (export "_start")
        (loop (drop (call $random_get (i32.const 0) (i32.const 65536))) (br 0)))"#;
    let polls =
        format!(r#"{SLEEP} (func (export "_start") (loop (call $sleep (i64.const 0)) (br 0)))"#);
    besiege(&GROUND, &[CPU], |siege| {
        let storms = [
            ("yields", core(&["sched_yield"], yields)),
            ("draws", core(&["random_get"], random)),
            ("polls", core(&["poll_oneoff"], &polls)),
        ];
        let jobs =
            storms.map(|(name, text)| siege.wave(&wat(name, &text), &["--cpu-time", "100ms"]));
        for job in &jobs {
            let words = "the limit of processor time is 100 ms";
            siege.each_ends(job, &exceeded("cpu"), words);
        }
    });
}

#[test]
fn a_storm_of_traps_is_a_trap_for_each_task_and_no_more() {
    const TRAPS: Counter = Counter::trap("unreachable");
    let text = r#"(module (func (export "_start") unreachable))"#;
    besiege(&GROUND, &[TRAPS], |siege| {
        let before = siege.count(TRAPS);
        let job = siege.launch(&wat("traps", text), &["--array", "0-299"], "");
        let words = "wasm `unreachable` instruction executed";
        siege.each_ends(&job, &trapped("unreachable"), words);
        assert_eq!(siege.count(TRAPS) - before, 300);
    });
}

#[test]
fn one_long_operation_on_memory_after_the_other_ends_with_the_wall_time() {
    let text = r#"(module (memory (export "memory") 960)
        (func (export "_start")
            (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 62914560)) (br 0))))"#;
    besiege(&GROUND, &[WALL], |siege| {
        let job = siege.wave(&wat("fills-for-ever", text), &["--timeout", "500ms"]);
        siege.each_ends(&job, &exceeded("wall"), "the limit of wall time is 500 ms");
    });
}

#[test]
fn spinners_in_every_slot_are_cancelled_and_those_that_wait_never_start() {
    const CANCELLED: Counter = Counter::ended("cancelled");
    besiege(&GROUND, &[CANCELLED], |siege| {
        let before = siege.count(CANCELLED);
        let job = siege.wave(&wat("spinner", &spinner()), &["--timeout", "10m"]);
        siege.holds_all_it_may(&job);
        siege.cancel(&job);
        let record = siege.server.wait(&job);
        assert_eq!(record["end"]["outcome"], cancelled(), "{record:#}");
        // An attempt for each slot that was held.
        assert_eq!(siege.count(CANCELLED) - before, 3);
    });
}
