//! Memory: growth, minimums, hoards, and what is left in it. That a neighbour finds none of it, the neighbour looks itself.

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, exceeded, succeeded};
use crate::text::core;

static GROUND: Ground = Ground::new("");

const MEMORY: Counter = Counter::limit("memory");
const DENIED: Counter = Counter::Usage("/memory_denied");

/// Grows page by page until it may not, then does `$then`.
fn grower(then: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 1)
            (func (export "_start")
                (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                {then}))"#
    )
}

#[test]
fn growth_beyond_the_limit_is_denied_and_counted_and_the_guest_goes_on() {
    let asks_again = "(drop (memory.grow (i32.const 1))) (drop (memory.grow (i32.const 60000)))";
    besiege(&GROUND, &[DENIED], |siege| {
        let guest = wat("grows-and-lives", &grower(asks_again));
        let job = siege.wave(&guest, &["--memory", "1MiB"]);
        siege.each_ends(&job, &succeeded(), "");
        let usage = &siege.server.job(&job)["usage"];
        assert_eq!(usage["memory_denied"], 18, "{usage:#}");
        assert_eq!(usage["memory_peak_bytes"], 1 << 20, "{usage:#}");
    });
}

#[test]
fn guests_that_die_of_a_denied_growth_are_ended_by_their_memory() {
    besiege(&GROUND, &[MEMORY], |siege| {
        let guest = wat("grows-and-dies", &grower("unreachable"));
        let job = siege.launch(&guest, &["--memory", "1MiB", "--array", "0-99"], "");
        let words = "the limit of memory is 1048576 bytes";
        siege.each_ends(&job, &exceeded("memory"), words);
    });
}

#[test]
fn guests_that_touch_all_they_may_have_give_it_back() {
    let touch = r#"(memory.fill (i32.const 0) (i32.const 0xaa) (i32.mul (memory.size) (i32.const 65536)))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))"#;
    besiege(&GROUND, &[MEMORY], |siege| {
        let job = siege.wave(&wat("touches-all", &grower(touch)), &["--memory", "64MiB"]);
        let words = "the limit of memory is 67108864 bytes";
        siege.each_ends(&job, &exceeded("memory"), words);
        let usage = &siege.server.job(&job)["usage"];
        assert_eq!(usage["memory_peak_bytes"], 64 << 20, "{usage:#}");
    });
}

#[test]
fn a_minimum_beyond_the_largest_slot_is_refused_before_it_is_kept() {
    besiege(&GROUND, &[Counter::refusal("S0414")], |siege| {
        let text = r#"(module (memory (export "memory") 1025) (func (export "_start")))"#;
        let bytes = wat::parse_str(text).unwrap();
        let words = "at least 67174400 bytes of memory, the largest slot has 67108864";
        for _ in 0..10 {
            siege.upload_is_refused(&bytes, "S0414", words);
        }
    });
}

#[test]
fn memories_that_no_limit_sums_are_refused_with_their_proposal() {
    besiege(&GROUND, &[Counter::refusal("S0404")], |siege| {
        for (memories, proposal) in [
            ("(memory 1) (memory 1)", "multi-memory"),
            ("(memory i64 1)", "memory64"),
            ("(memory 1 2 shared)", "threads"),
            ("(memory 1 (pagesize 1))", "custom page sizes"),
        ] {
            let text = format!(r#"(module {memories} (func (export "_start")))"#);
            let bytes = wat::parse_str(text).unwrap();
            siege.upload_is_refused(&bytes, "S0404", proposal);
        }
    });
}

#[test]
fn what_the_host_would_have_to_gather_for_one_call_is_denied() {
    // 48 is ENOMEM: the memory is there, but no call of the host takes so much of it at once.
    let body = r#"(func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 512)))
        (loop
            (i32.store (local.get $at) (i32.const 65536))
            (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 1048576))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 8192))))
        (call $proc_exit (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1024) (i32.const 60000))))"#;
    besiege(&GROUND, &[Counter::ended("failed")], |siege| {
        let guest = wat(
            "hands-over-a-gibibyte",
            &core(&["fd_write", "proc_exit"], body),
        );
        let job = siege.wave(&guest, &[]);
        let outcome = serde_json::json!({"kind": "failed", "code": 48});
        siege.each_ends(&job, &outcome, "");
        assert_eq!(siege.server.job(&job)["usage"]["stdout_bytes"], 0);
    });
}

#[test]
fn random_bytes_without_end_in_one_call_trap() {
    let body = r#"(func (export "_start")
        (drop (call $random_get (i32.const 0) (i32.const 65536)))
        (drop (call $random_get (i32.const 0) (i32.const 65537))))"#;
    besiege(&GROUND, &[Counter::trap("host_call")], |siege| {
        let guest = wat("wants-randomness", &core(&["random_get"], body));
        let job = siege.wave(&guest, &[]);
        siege.each_ends(&job, &crate::siege::trapped("host_call"), "65537");
    });
}
