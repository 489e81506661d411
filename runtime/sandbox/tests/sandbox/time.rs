//! Processor time and wall time: where a guest computes, where it waits, and before it has begun.

use sublet_sandbox::Input;
use sublet_scheduler::{Limit, Outcome};

use crate::guests::{SLEEP, command, core, spinner};
use crate::harness::Guest;

const STARTS_SPINNING: &str =
    r#"(module (start $spin) (func $spin (loop (br 0))) (func (export "_start")))"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_computes_too_long_is_ended() {
    let guest = Guest::new(&spinner()).limit(|limits| limits.cpu_ms = Some(50));
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
    assert!(ran.ending.usage.cpu_us >= 50_000, "{ran:#?}");
    assert_eq!(ran.detail(), "the limit of processor time is 50 ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_computes_before_its_first_line() {
    let guest = Guest::new(STARTS_SPINNING).limit(|limits| limits.cpu_ms = Some(50));
    guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_a_component() {
    let main = r#"(func (export "run") (result i32) (loop (br 0)) unreachable)"#;
    let guest = Guest::new(&command("", main, "")).limit(|limits| limits.cpu_ms = Some(50));
    guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_only_calls_host_functions() {
    let body = r#"(func (export "_start") (loop (drop (call $sched_yield)) (br 0)))"#;
    let guest = Guest::new(&core(&["sched_yield"], body)).limit(|limits| limits.cpu_ms = Some(50));
    guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_polls_without_waiting() {
    let body =
        format!(r#"{SLEEP} (func (export "_start") (loop (call $sleep (i64.const 0)) (br 0)))"#);
    let guest = Guest::new(&core(&["poll_oneoff"], &body)).limit(|limits| limits.cpu_ms = Some(50));
    guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_runs_too_long_is_ended() {
    for text in [spinner().as_str(), STARTS_SPINNING] {
        let guest = Guest::new(text).limit(|limits| limits.wall_ms = 50);
        let ran = guest.ends(Outcome::LimitExceeded(Limit::Wall)).await;
        assert!(ran.ending.usage.wall_us >= 50_000, "{ran:#?}");
        assert_eq!(ran.detail(), "the limit of wall time is 50 ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_sleeps() {
    // The longest sleep there is: the request wraps into 580 years.
    for seconds in ["3600", "0x3fffffff"] {
        let body =
            format!(r#"{SLEEP} (func (export "_start") (call $sleep (i64.const {seconds})))"#);
        let guest = Guest::new(&core(&["poll_oneoff"], &body)).limit(|limits| limits.wall_ms = 50);
        let ran = guest.ends(Outcome::LimitExceeded(Limit::Wall)).await;
        assert!(
            ran.ending.usage.cpu_us < ran.ending.usage.wall_us,
            "{ran:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_waits_for_input() {
    let (_silent, reader) = tokio::io::duplex(64);
    let body = r#"(func (export "_start")
        (i32.store (i32.const 4) (i32.const 100))
        (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))"#;
    let guest = Guest::new(&core(&["fd_read"], body)).stdin(Input::Reader(Box::new(reader)));
    guest
        .limit(|limits| limits.wall_ms = 50)
        .ends(Outcome::LimitExceeded(Limit::Wall))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_beyond_the_end_of_time_is_none() {
    let guest = Guest::new(r#"(module (func (export "_start")))"#);
    guest
        .limit(|limits| limits.wall_ms = u64::MAX)
        .ends(Outcome::Succeeded)
        .await;
}
