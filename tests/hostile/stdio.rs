//! Standard streams: floods, absent input, and bytes that are meant for a terminal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::wat;
use crate::siege::{Counter, Ground, WAVE, besiege, exceeded, succeeded};
use crate::text::{WRITE, core};

static GROUND: Ground = Ground::new("");

const CUT: Counter = Counter::Usage("/output_cut_bytes");

/// Writes so many bytes at 1024 to the streams 1 and 2 in turns, again and again.
fn flood(bytes: u32, times: u32) -> String {
    let body = format!(
        r#"{WRITE} (func (export "_start") (local $left i32)
            (memory.fill (i32.const 1024) (i32.const 120) (i32.const 60000))
            (local.set $left (i32.const {times}))
            (loop
                (drop (call $put (i32.const 1) (i32.const {bytes})))
                (drop (call $put (i32.const 2) (i32.const {bytes})))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if 0 (local.get $left))))"#
    );
    core(&["fd_write"], &body)
}

#[test]
fn floods_of_output_are_cut_at_the_limit_and_counted_to_the_byte() {
    besiege(&GROUND, &[CUT], |siege| {
        let guest = wat("floods", &flood(60_000, 200));
        let job = siege.wave(&guest, &["--output-limit", "1MiB"]);
        siege.each_ends(&job, &succeeded(), "");
        let usage = &siege.server.job(&job)["usage"];
        let written = WAVE * 2 * 200 * 60_000;
        assert_eq!(
            usage["output_cut_bytes"],
            written - WAVE * (1 << 20),
            "{usage:#}"
        );
        for stream in ["stdout_bytes", "stderr_bytes"] {
            assert_eq!(usage[stream], written / 2, "{usage:#}");
        }
    });
}

#[test]
fn a_storm_of_single_bytes_is_paid_for_by_the_guest() {
    besiege(&GROUND, &[Counter::limit("cpu")], |siege| {
        let guest = wat("drips", &flood(1, 0));
        let flags = ["--cpu-time", "200ms", "--output-limit", "1MiB"];
        let job = siege.wave(&guest, &flags);
        siege.each_ends(
            &job,
            &exceeded("cpu"),
            "the limit of processor time is 200 ms",
        );
    });
}

#[test]
fn a_flood_that_never_ends_is_stopped_by_its_wall_time() {
    besiege(&GROUND, &[CUT], |siege| {
        let guest = wat("floods-for-ever", &flood(60_000, 0));
        let flags = ["--output-limit", "64KiB", "--timeout", "1s"];
        let job = siege.wave(&guest, &flags);
        siege.each_ends(&job, &exceeded("wall"), "the limit of wall time is 1000 ms");
    });
}

#[test]
fn who_reads_from_streams_that_are_not_there_is_told_so_for_ever() {
    // The end of the input, and then descriptors that nobody gave.
    let body = r#"(func (export "_start") (local $fd i32)
        (i32.store (i32.const 4) (i32.const 100))
        (loop
            (drop (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
            (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
            (br 0)))"#;
    besiege(&GROUND, &[Counter::limit("cpu")], |siege| {
        let job = siege.wave(
            &wat("reads-nothing", &core(&["fd_read"], body)),
            &["--cpu-time", "100ms"],
        );
        siege.each_ends(
            &job,
            &exceeded("cpu"),
            "the limit of processor time is 100 ms",
        );
    });
}

#[test]
fn bytes_that_steer_a_terminal_come_out_as_they_went_in_and_nowhere_else() {
    // A title, a clear screen, a bell, a zero, and bytes that are no text.
    let said = r"\1b]0;owned\07\1b[2J\00\ff\fe\0d\0a";
    let body = format!(
        r#"{WRITE} (data (i32.const 1024) "{said}") (func $"\1b[2J" unreachable)
            (func (export "_start") (drop (call $put (i32.const 2) (i32.const 19))) (call $"\1b[2J"))"#
    );
    besiege(&GROUND, &[Counter::trap("unreachable")], |siege| {
        let job = siege.wave(&wat("steers", &core(&["fd_write"], &body)), &[]);
        siege.each_ends(&job, &crate::siege::trapped("unreachable"), r"\u{1b}[2J");
        // What it said is kept as it was, for who asks for it; no record and no line of the server's log has it.
        let entries = siege
            .server
            .request("GET", &format!("/v1/jobs/{job}/logs"), b"");
        let kept: BTreeMap<u64, Value> = entries
            .text()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|entry| (entry["task"].as_u64().unwrap(), entry["base64"].clone()))
            .collect();
        assert_eq!(kept.len() as u64, WAVE, "{kept:#?}");
        assert!(
            kept.values()
                .all(|bytes| *bytes == json!("G10wO293bmVkBxtbMkoA//4NCg==")),
            "{kept:#?}"
        );
        let page = siege.attacker.sublet(&["jobs", "show", &job]).code(0);
        assert!(!page.stdout.contains('\u{1b}'), "{page:?}");
        assert!(!siege.server.log().contains("\u{1b}[2J"));
    });
}
