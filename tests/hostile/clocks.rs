//! Clocks and poll: sleeps of centuries, subscriptions without number, and many who wait at once.

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, cancelled, exceeded};
use crate::text::{SLEEP, core};

static GROUND: Ground = Ground::new("");

const WALL: Counter = Counter::limit("wall");
const CPU: Counter = Counter::limit("cpu");

#[test]
fn sleeps_of_centuries_end_with_the_wall_time() {
    besiege(&GROUND, &[WALL], |siege| {
        let jobs = ["3600", "0x3fffffff", "0x7fffffffffffffff"].map(|seconds| {
            let body =
                format!(r#"{SLEEP} (func (export "_start") (loop (call $sleep (i64.const {seconds})) (br 0)))"#);
            let name = format!("sleeps-{seconds}");
            let guest = wat(&name, &core(&["poll_oneoff"], &body));
            siege.wave(&guest, &["--timeout", "500ms"])
        });
        for job in jobs {
            siege.each_ends(&job, &exceeded("wall"), "the limit of wall time is 500 ms");
        }
    });
}

#[test]
fn subscriptions_without_number_are_refused_and_taken_from_nobody() {
    // Each asks for as many subscriptions as fit into a count, of which its memory has none.
    let body = r#"(func (export "_start")
        (loop
            (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 0x0fffffff) (i32.const 32)))
            (br 0)))"#;
    besiege(&GROUND, &[CPU], |siege| {
        let guest = wat("subscribes-without-end", &core(&["poll_oneoff"], body));
        let job = siege.wave(&guest, &["--cpu-time", "200ms"]);
        let words = "the limit of processor time is 200 ms";
        siege.each_ends(&job, &exceeded("cpu"), words);
    });
}

#[test]
fn thousands_of_subscriptions_in_every_slot_end_when_they_are_told() {
    // 20,000 clocks at 65536, none of which comes due; their events would stand at 1,048,576.
    let body = r#"(func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 64)))
        (local.set $at (i32.const 65536))
        (loop
            (i32.store8 (i32.add (local.get $at) (i32.const 8)) (i32.const 0))
            (i32.store (i32.add (local.get $at) (i32.const 16)) (i32.const 1))
            (i64.store (i32.add (local.get $at) (i32.const 24)) (i64.const 3600000000000))
            (local.set $at (i32.add (local.get $at) (i32.const 48)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 1025536))))
        (loop
            (drop (call $poll_oneoff (i32.const 65536) (i32.const 1048576) (i32.const 20000) (i32.const 32)))
            (br 0)))"#;
    besiege(&GROUND, &[Counter::ended("cancelled")], |siege| {
        let guest = wat("subscribes-to-thousands", &core(&["poll_oneoff"], body));
        let job = siege.wave(&guest, &["--timeout", "10m"]);
        siege.holds_all_it_may(&job);
        siege.cancel(&job);
        let record = siege.server.wait(&job);
        assert_eq!(record["end"]["outcome"], cancelled(), "{record:#}");
    });
}

#[test]
fn a_storm_of_questions_for_the_time_is_paid_for_by_the_guest() {
    let body = r#"(func (export "_start")
        (loop
            (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0)))
            (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
            (drop (call $clock_res_get (i32.const 1) (i32.const 0)))
            (br 0)))"#;
    besiege(&GROUND, &[CPU], |siege| {
        let functions = ["clock_time_get", "clock_res_get"];
        let guest = wat("asks-for-the-time", &core(&functions, body));
        let job = siege.wave(&guest, &["--cpu-time", "100ms"]);
        siege.each_ends(
            &job,
            &exceeded("cpu"),
            "the limit of processor time is 100 ms",
        );
    });
}

#[test]
fn thousands_who_sleep_one_after_the_other_leave_no_timer_behind() {
    let body = format!(r#"{SLEEP} (func (export "_start") (call $sleep (i64.const 3600)))"#);
    besiege(&GROUND, &[WALL], |siege| {
        let guest = wat("sleeps-shortly", &core(&["poll_oneoff"], &body));
        let flags = ["--timeout", "10ms", "--array", "0-199"];
        let job = siege.launch(&guest, &flags, "");
        siege.each_ends(&job, &exceeded("wall"), "the limit of wall time is 10 ms");
    });
}
