//! Handles and open files: a file too many is an error that the guest can live with, a hoard of handles is its end.

use sublet_sandbox::Access;
use sublet_scheduler::{Limit, Outcome};

use crate::guests::{
    FILES, OPEN, STDOUT, USE_FILES, USE_STDOUT, WITH_FILES, WITH_STDOUT, command, core,
};
use crate::harness::Guest;

const MFILE: &str = "(i32.const 33)";

/// Opens the one granted file twelve times, and expects the last two to fail.
fn opens_twelve(then: &str) -> String {
    let body = format!(
        r#"{OPEN} (data (i32.const 2048) "file")
           (func $again (param $times i32) (param $errno i32)
               (loop
                   (if (i32.ne (call $open (i32.const 4) (i32.const 0) (i64.const 2)) (local.get $errno))
                       (then (call $proc_exit (i32.const 99))))
                   (local.set $times (i32.sub (local.get $times) (i32.const 1)))
                   (br_if 0 (local.get $times))))
           (func (export "_start")
               (call $again (i32.const 10) (i32.const 0)) (call $again (i32.const 2) {MFILE}) {then})"#
    );
    core(&["path_open", "fd_close", "proc_exit"], &body)
}

fn with_file() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "content").unwrap();
    directory
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_too_many_is_an_error_until_another_is_closed() {
    let directory = with_file();
    let text = opens_twelve(
        "(drop (call $fd_close (i32.const 5))) (call $again (i32.const 1) (i32.const 0))",
    );
    let guest = Guest::new(&text).directory(directory.path(), "/", Access::ReadOnly);
    let ran = guest
        .limit(|limits| limits.open_files = 10)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.ending.usage.handles_denied, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_after_a_denied_open_is_the_limit_of_files() {
    let directory = with_file();
    let guest =
        Guest::new(&opens_twelve("unreachable")).directory(directory.path(), "/", Access::ReadOnly);
    let ran = guest
        .limit(|limits| limits.open_files = 10)
        .ends(Outcome::LimitExceeded(Limit::Files))
        .await;
    assert!(
        ran.detail()
            .ends_with("denied before 2 times: the limit of open files is 10"),
        "{}",
        ran.detail()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_gets_the_same_error() {
    // `open-at` answers at 0: a tag, and at 4 a handle or a code. 22 is insufficient-memory.
    let main = format!(
        r#"{USE_FILES} (data (i32.const 2048) "file")
           (func $open (call $open-at (i32.load (i32.load (i32.const 0))) (i32.const 0) (i32.const 2048) (i32.const 4)
               (i32.const 0) (i32.const 1) (i32.const 16)))
           (func (export "run") (result i32) (local $times i32)
               (call $get-directories (i32.const 0))
               (loop
                   (call $open)
                   (if (i32.load8_u (i32.const 16)) (then unreachable))
                   (local.set $times (i32.add (local.get $times) (i32.const 1)))
                   (br_if 0 (i32.lt_u (local.get $times) (i32.const 10))))
               (call $open)
               (i32.ne (i32.load8_u (i32.const 20)) (i32.const 22)))"#
    );
    let directory = with_file();
    let guest = Guest::new(&command(FILES, &main, WITH_FILES)).directory(
        directory.path(),
        "/",
        Access::ReadOnly,
    );
    let ran = guest
        .limit(|limits| limits.open_files = 10)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.ending.usage.handles_denied, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hoard_of_handles_ends_the_attempt() {
    let main = format!(
        r#"{USE_STDOUT} (func (export "run") (result i32) (loop (drop (call $get-stdout)) (br 0)) unreachable)"#
    );
    let guest =
        Guest::new(&command(STDOUT, &main, WITH_STDOUT)).limit(|limits| limits.handles = 100);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Handles)).await;
    assert_eq!(ran.ending.usage.handles_denied, 1);
    assert!(
        ran.detail().ends_with("the limit of handles is 100"),
        "{}",
        ran.detail()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_that_are_dropped_do_not_count() {
    let main = format!(
        r#"{USE_STDOUT} (func (export "run") (result i32) (local $times i32)
            (loop
                (call $drop (call $get-stdout))
                (local.set $times (i32.add (local.get $times) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $times) (i32.const 1000))))
            (i32.const 0))"#
    );
    let guest =
        Guest::new(&command(STDOUT, &main, WITH_STDOUT)).limit(|limits| limits.handles = 10);
    guest.ends(Outcome::Succeeded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_subscriptions_ends_the_attempt() {
    // Ten thousand waits on the clock in one call: 48 bytes each, all zero but for the clock, which is monotonic.
    let body = r#"(func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 20)))
        (loop
            (i32.store (i32.add (local.get $at) (i32.const 16)) (i32.const 1))
            (local.set $at (i32.add (local.get $at) (i32.const 48)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 480000))))
        (drop (call $poll_oneoff (i32.const 0) (i32.const 600000) (i32.const 10000) (i32.const 1300000))))"#;
    let ran = Guest::new(&core(&["poll_oneoff"], body))
        .ends(Outcome::LimitExceeded(Limit::Handles))
        .await;
    assert_eq!(ran.ending.usage.handles_denied, 1);
}
