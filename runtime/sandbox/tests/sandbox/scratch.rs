//! Disk: what is in the writable directories, and what is held open without a name.

use sublet_sandbox::Access;
use sublet_scheduler::{Limit, Outcome};

use crate::guests::{OPEN, WRITE, core};
use crate::harness::{Guest, MIB, Ran};

const FUNCTIONS: [&str; 6] = [
    "path_open",
    "fd_write",
    "fd_close",
    "path_unlink_file",
    "path_create_directory",
    "fd_filestat_set_size",
];

/// Creates the file "a" and keeps its descriptor in `$file`; then does `what`. Scratch space is one mebibyte.
async fn run(what: &str, outcome: Outcome) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let body = format!(
        r#"{OPEN} {WRITE} (data (i32.const 2048) "a")
        (func (export "_start") (local $file i32) (local $times i32)
            (if (call $open (i32.const 1) (i32.const 1) (i64.const 66)) (then unreachable))
            (local.set $file (i32.load (i32.const 16)))
            {what})"#
    );
    let guest =
        Guest::new(&core(&FUNCTIONS, &body)).directory(directory.path(), "/tmp", Access::ReadWrite);
    guest
        .limit(|limits| limits.scratch_bytes = MIB)
        .ends(outcome)
        .await
}

const DISK: Outcome = Outcome::LimitExceeded(Limit::Disk);
const WRITE_FOR_EVER: &str = "(loop (drop (call $put (local.get $file) (i32.const 60000))) (br 0))";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_fills_the_disk_is_ended() {
    let ran = run(WRITE_FOR_EVER, DISK).await;
    assert!(ran.ending.usage.scratch_peak_bytes > MIB, "{ran:#?}");
    assert_eq!(ran.detail(), "the limit of scratch space is 1048576 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_name_is_counted() {
    let unlink = "(if (call $path_unlink_file (i32.const 3) (i32.const 2048) (i32.const 1)) (then unreachable))";
    run(&format!("{unlink} {WRITE_FOR_EVER}"), DISK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_holes_counts_whole() {
    run("(drop (call $fd_filestat_set_size (local.get $file) (i64.const 1000000000))) (loop (br 0))", DISK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_inside_each_other_count() {
    // "a" is a file; "b/", "b/b/" and so on, each made by the path that is one longer.
    let deeper = r#"
        (loop
            (i32.store16 (i32.add (i32.const 3000) (i32.mul (local.get $times) (i32.const 2))) (i32.const 0x2f62))
            (local.set $times (i32.add (local.get $times) (i32.const 1)))
            (drop (call $path_create_directory
                (i32.const 3) (i32.const 3000) (i32.sub (i32.mul (local.get $times) (i32.const 2)) (i32.const 1))))
            (br_if 0 (i32.lt_u (local.get $times) (i32.const 300))))
        (loop (br 0))"#;
    run(deeper, DISK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_through_before_anybody_looked_is_still_found_out() {
    run(
        "(drop (call $fd_filestat_set_size (local.get $file) (i64.const 1048577)))",
        DISK,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_is_fine_and_its_peak_is_told() {
    let ran = run(
        "(drop (call $put (local.get $file) (i32.const 60000)))",
        Outcome::Succeeded,
    )
    .await;
    assert_eq!(ran.ending.usage.scratch_peak_bytes, 15 * 4096);
}
