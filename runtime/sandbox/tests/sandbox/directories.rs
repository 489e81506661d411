//! Directories: what is granted, as it is granted, and no way out of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use sublet_sandbox::Access;
use sublet_scheduler::{LossReason, Outcome};

use crate::guests::{OPEN, WRITE, core};
use crate::harness::Guest;

const READ: u32 = 2;
const WRITE_RIGHT: u32 = 64;
const CREATE: u32 = 1;

/// Words of WASI 0.1 for what went wrong.
const OK: i32 = 0;
const NO_ENTRY: i32 = 44;
const NOT_PERMITTED: i32 = 63;

/// Opens a path and exits with the errno of that.
async fn open(directory: &Path, access: Access, path: &str, flags: u32, rights: u32) -> i32 {
    let length = path.len();
    let body = format!(
        r#"{OPEN} (data (i32.const 2048) "{path}") (func (export "_start")
            (call $proc_exit (call $open (i32.const {length}) (i32.const {flags}) (i64.const {rights}))))"#
    );
    let guest =
        Guest::new(&core(&["path_open", "proc_exit"], &body)).directory(directory, "/", access);
    match guest
        .limit(|limits| limits.scratch_bytes = 1 << 20)
        .run()
        .await
        .ending
        .outcome
    {
        Outcome::Succeeded => OK,
        Outcome::Failed(errno) => errno,
        other => panic!("{other}"),
    }
}

fn granted() -> (tempfile::TempDir, std::path::PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("file"), "content").unwrap();
    symlink("../secret", inside.join("up")).unwrap();
    symlink(outside.path().join("secret"), inside.join("absolute")).unwrap();
    symlink("file", inside.join("within")).unwrap();
    (outside, inside)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_can_be_read() {
    let (_outside, inside) = granted();
    for path in ["file", "within", "./file", "../inside/../file"] {
        let expected = if path.starts_with("..") {
            NOT_PERMITTED
        } else {
            OK
        };
        assert_eq!(
            open(&inside, Access::ReadOnly, path, 0, READ).await,
            expected,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out() {
    let (_outside, inside) = granted();
    for path in [
        "../secret",
        "up",
        "absolute",
        "/etc/passwd",
        "file/../../secret",
        "../secret/",
        "up/",
    ] {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            for rights in [READ, READ | WRITE_RIGHT] {
                let errno = open(&inside, access, path, 0, rights).await;
                assert_ne!(errno, OK, "{path} for {access:?} with {rights}");
            }
        }
    }
    assert_eq!(
        open(&inside, Access::ReadWrite, "../secret", CREATE, WRITE_RIGHT).await,
        NOT_PERMITTED
    );
    assert_eq!(
        open(&inside, Access::ReadOnly, "absent", 0, READ).await,
        NO_ENTRY
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_directory_stays_as_it_is() {
    let (_outside, inside) = granted();
    assert_ne!(
        open(&inside, Access::ReadOnly, "new", CREATE, READ | WRITE_RIGHT).await,
        OK
    );
    assert_ne!(open(&inside, Access::ReadOnly, "file", 8, READ).await, OK);
    assert_ne!(
        open(&inside, Access::ReadOnly, "file", 0, WRITE_RIGHT).await,
        OK
    );
    // Creating, removing and linking without opening anything.
    let body = r#"(data (i32.const 2048) "file") (data (i32.const 2052) "new") (func (export "_start")
        (if (i32.eqz (call $path_unlink_file (i32.const 3) (i32.const 2048) (i32.const 4))) (then unreachable))
        (if (i32.eqz (call $path_create_directory (i32.const 3) (i32.const 2052) (i32.const 3))) (then unreachable))
        (if (i32.eqz (call $path_symlink (i32.const 2048) (i32.const 4) (i32.const 3) (i32.const 2052) (i32.const 3)))
            (then unreachable)))"#;
    let text = core(
        &["path_unlink_file", "path_create_directory", "path_symlink"],
        body,
    );
    Guest::new(&text)
        .directory(&inside, "/", Access::ReadOnly)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(fs::read_to_string(inside.join("file")).unwrap(), "content");
    assert!(!inside.join("new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let body = format!(
        r#"{OPEN} {WRITE} (data (i32.const 2048) "new") (data (i32.const 1024) "content")
        (func (export "_start")
            (if (call $open (i32.const 3) (i32.const 1) (i64.const 66)) (then unreachable))
            (if (call $put (i32.load (i32.const 16)) (i32.const 7)) (then unreachable)))"#
    );
    let guest = Guest::new(&core(&["path_open", "fd_write"], &body)).directory(
        directory.path(),
        "/",
        Access::ReadWrite,
    );
    let ran = guest
        .limit(|limits| limits.scratch_bytes = 8192)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(
        fs::read_to_string(directory.path().join("new")).unwrap(),
        "content"
    );
    assert_eq!(ran.ending.usage.scratch_peak_bytes, 4096);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_there_is_no_directory() {
    // 8 is EBADF: descriptor 3 does not exist.
    let body = format!(
        r#"{OPEN} (data (i32.const 2048) "file") (func (export "_start")
            (call $proc_exit (call $open (i32.const 4) (i32.const 0) (i64.const 2))))"#
    );
    Guest::new(&core(&["path_open", "proc_exit"], &body))
        .ends(Outcome::Failed(8))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_not_there_is_our_trouble_and_its_path_stays_here() {
    let guest = Guest::new(r#"(module (func (export "_start")))"#);
    let guest = guest.directory(Path::new("/nowhere/secret"), "/", Access::ReadOnly);
    let ran = guest.ends(Outcome::Lost(LossReason::Setup)).await;
    assert!(!ran.detail().contains("nowhere"), "{}", ran.detail());
}
