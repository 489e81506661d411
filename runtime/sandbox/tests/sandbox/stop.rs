//! A stop from outside: whatever the guest does, it is over soon, and nothing of it stays.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use sublet_sandbox::{Input, Sink};
use sublet_scheduler::{CancelReason, Outcome};

use crate::guests::{SLEEP, STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core, spinner};
use crate::harness::{Collected, Guest};

/// Runs a guest that writes "x" before it gets stuck, and stops it there.
async fn is_stopped(guest: Guest) {
    let said = Collected::default();
    let stop = guest.stop.clone();
    let running = tokio::spawn(
        guest
            .limit(|limits| limits.wall_ms = u64::MAX)
            .stderr(said.clone())
            .run(),
    );
    said.wait_for("x").await;
    stop.request(CancelReason::Asked);
    assert_eq!(
        running.await.unwrap().ending.outcome,
        Outcome::Cancelled(CancelReason::Asked)
    );
}

fn core_guest(functions: &[&str], then: &str) -> Guest {
    let functions: Vec<_> = ["fd_write"].iter().chain(functions).copied().collect();
    let body = format!(
        r#"{WRITE} (data (i32.const 1024) "x") {}
           (func (export "_start") (drop (call $put (i32.const 2) (i32.const 1))) {then})"#,
        if functions.contains(&"poll_oneoff") {
            SLEEP
        } else {
            ""
        }
    );
    Guest::new(&core(&functions, &body))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tight_loop() {
    is_stopped(core_guest(&[], "(loop (br 0))")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_calls() {
    is_stopped(core_guest(
        &["sched_yield"],
        "(loop (drop (call $sched_yield)) (br 0))",
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep() {
    is_stopped(core_guest(
        &["poll_oneoff"],
        "(call $sleep (i64.const 3600))",
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_answers() {
    let (_silent, reader) = tokio::io::duplex(64);
    let read = "(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))";
    is_stopped(core_guest(&["fd_read"], read).stdin(Input::Reader(Box::new(reader)))).await;
}

/// Never ready.
struct Stuck;

impl Sink for Stuck {
    fn write(&mut self, _bytes: Bytes) -> io::Result<()> {
        panic!("written to without being ready")
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nobody_takes() {
    is_stopped(core_guest(&[], "(drop (call $put (i32.const 1) (i32.const 1)))").stdout(Stuck))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component() {
    let main = format!(
        r#"{USE_STDOUT} (data (i32.const 64) "x") (func (export "run") (result i32)
            (call $write (call $get-stdout) (i32.const 64) (i32.const 1) (i32.const 0)) (loop (br 0)) unreachable)"#
    );
    let said = Collected::default();
    let guest = Guest::new(&command(STDOUT, &main, WITH_STDOUT)).stdout(said.clone());
    let stop = guest.stop.clone();
    let running = tokio::spawn(guest.run());
    said.wait_for("x").await;
    stop.request(CancelReason::Asked);
    assert_eq!(
        running.await.unwrap().ending.outcome,
        Outcome::Cancelled(CancelReason::Asked)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_begins() {
    let guest = Guest::new(&spinner());
    guest.stop.request(CancelReason::Shutdown);
    let ran = guest.ends(Outcome::Cancelled(CancelReason::Shutdown)).await;
    assert_eq!(ran.stdout, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_reason_counts() {
    let guest = Guest::new(&spinner());
    guest.stop.request(CancelReason::Shutdown);
    guest.stop.request(CancelReason::Asked);
    guest.ends(Outcome::Cancelled(CancelReason::Shutdown)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_function_that_spins() {
    // It cannot say that it runs, so its instance is what is waited for.
    let sandbox = sublet_sandbox::Sandbox::new(crate::harness::SHAPE).unwrap();
    let text = r#"(module (start $spin) (func $spin (loop (br 0))) (func (export "_start")))"#;
    let guest = Guest::of(&sandbox, &crate::harness::program_in(&sandbox, text));
    let stop = guest.stop.clone();
    let running = tokio::spawn(guest.run());
    crate::harness::soon(async {
        while sandbox.occupancy().core_instances == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stop.request(CancelReason::Asked);
    assert_eq!(
        running.await.unwrap().ending.outcome,
        Outcome::Cancelled(CancelReason::Asked)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_end_it_means_nothing() {
    let guest = Guest::new(r#"(module (func (export "_start")))"#);
    let stop = guest.stop.clone();
    guest.ends(Outcome::Succeeded).await;
    stop.request(CancelReason::Asked);
}
