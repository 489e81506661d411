//! Directories: what fills them, what is held open in them, what leads out of them, and traps for who cleans up.

use serde_json::json;

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, exceeded, succeeded};
use crate::text::{OPEN, WRITE, core};

static GROUND: Ground = Ground::new("");

const DISK: Counter = Counter::limit("disk");
const WORDS: &str = "the limit of scratch space is 1048576 bytes";
const MEBIBYTE: [&str; 2] = ["--scratch", "1MiB"];

const FUNCTIONS: [&str; 8] = [
    "path_open",
    "fd_write",
    "fd_close",
    "path_unlink_file",
    "path_create_directory",
    "path_symlink",
    "fd_filestat_set_size",
    "proc_exit",
];

/// Opens the file "a" in the first directory as `$file`, then does what it is told.
fn with_a_file(what: &str) -> String {
    let body = format!(
        r#"{OPEN} {WRITE} {NUMBERED} (data (i32.const 2048) "a")
        (func (export "_start") (local $file i32) (local $number i32)
            (if (call $open (i32.const 1) (i32.const 1) (i64.const 66)) (then unreachable))
            (local.set $file (i32.load (i32.const 16)))
            {what})"#
    );
    core(&FUNCTIONS, &body)
}

/// Writes a number as four letters to 2048: another name for each.
const NUMBERED: &str = r#"
    (func $name (param $number i32)
        (i32.store (i32.const 2048) (i32.add (i32.const 0x61616161)
            (i32.or
                (i32.and (local.get $number) (i32.const 15))
                (i32.or
                    (i32.shl (i32.and (local.get $number) (i32.const 0xf0)) (i32.const 4))
                    (i32.shl (i32.and (local.get $number) (i32.const 0xf00)) (i32.const 8)))))))"#;

/// As [`with_a_file`], in every slot, with a mebibyte of disk: its end is that of the disk.
#[track_caller]
fn ends_at_the_disk(name: &str, what: &str) {
    besiege(&GROUND, &[DISK], |siege| {
        let job = siege.wave(&wat(name, &with_a_file(what)), &MEBIBYTE);
        siege.each_ends(&job, &exceeded("disk"), WORDS);
    });
}

#[test]
fn guests_that_fill_the_disk_are_ended_and_their_files_are_gone() {
    ends_at_the_disk(
        "fills",
        "(loop (drop (call $put (local.get $file) (i32.const 60000))) (br 0))",
    );
}

#[test]
fn files_that_have_no_name_any_more_are_no_way_around_it() {
    ends_at_the_disk(
        "fills-without-a-name",
        "(drop (call $path_unlink_file (i32.const 3) (i32.const 2048) (i32.const 1)))
         (loop (drop (call $put (local.get $file) (i32.const 60000))) (br 0))",
    );
}

#[test]
fn neither_are_holes() {
    ends_at_the_disk(
        "fills-with-holes",
        "(drop (call $fd_filestat_set_size (local.get $file) (i64.const 0x0fffffffffffffff)))
         (drop (call $fd_filestat_set_size (local.get $file) (i64.const 1000000000000)))
         (loop (br 0))",
    );
}

#[test]
fn neither_are_files_folders_and_links_without_number() {
    ends_at_the_disk(
        "makes-without-number",
        "(loop
            (call $name (local.get $number))
            (if (i32.eqz (call $open (i32.const 4) (i32.const 1) (i64.const 66)))
                (then (drop (call $fd_close (i32.load (i32.const 16))))))
            (i32.store8 (i32.const 2051) (i32.const 68))
            (drop (call $path_create_directory (i32.const 3) (i32.const 2048) (i32.const 4)))
            (i32.store8 (i32.const 2051) (i32.const 76))
            (drop (call $path_symlink (i32.const 2048) (i32.const 3) (i32.const 3) (i32.const 2048) (i32.const 4)))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (br 0))",
    );
}

#[test]
fn deep_folders_and_links_to_elsewhere_are_cleaned_up_like_everything_else() {
    // "b/", "b/b/" and so on, with a link that leads up in each of them, until the disk is full.
    let deeper = r#"
        (i32.store (i32.const 2100) (i32.const 0x2e2e2f2e))
        (loop
            (i32.store16 (i32.add (i32.const 3000) (i32.mul (local.get $number) (i32.const 2))) (i32.const 0x2f62))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (drop (call $path_create_directory
                (i32.const 3) (i32.const 3000) (i32.sub (i32.mul (local.get $number) (i32.const 2)) (i32.const 1))))
            (i32.store8 (i32.add (i32.const 3000) (i32.mul (local.get $number) (i32.const 2))) (i32.const 108))
            (drop (call $path_symlink (i32.const 2100) (i32.const 4)
                (i32.const 3) (i32.const 3000) (i32.add (i32.mul (local.get $number) (i32.const 2)) (i32.const 1))))
            (br_if 0 (i32.lt_u (local.get $number) (i32.const 400))))
        (loop (br 0))"#;
    ends_at_the_disk("digs", deeper);
}

#[test]
fn a_file_too_many_is_denied_and_counted_in_every_slot() {
    let hoard = "(loop
            (call $name (local.get $number))
            (drop (call $open (i32.const 4) (i32.const 1) (i64.const 66)))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $number) (i32.const 40))))";
    besiege(&GROUND, &[Counter::Usage("/handles_denied")], |siege| {
        let flags = ["--scratch", "1MiB", "--open-files", "8"];
        let job = siege.wave(&wat("hoards-files", &with_a_file(hoard)), &flags);
        siege.each_ends(&job, &succeeded(), "");
        // One of eight is open before the hoard begins.
        let denied = siege.count(Counter::Usage("/handles_denied"));
        assert_eq!(denied, crate::siege::WAVE * (40 - 7));
    });
}

#[test]
fn no_path_leads_out_whoever_asks_in_whatever_words() {
    let paths = [
        "../secret",
        "/etc/passwd",
        "./../../../sublet.db",
        "up",
        "up/etc/passwd",
        "a/../../x",
        "../../../../../keys/authority-1.key",
        "..",
    ];
    let mut data = String::new();
    let mut tries = String::new();
    for (place, path) in paths.iter().enumerate() {
        let (at, length) = (4_096 + place * 64, path.len());
        data += &format!(r#"(data (i32.const {at}) "{path}")"#);
        // Whatever opens is one that should not have.
        tries += &format!(
            "(memory.copy (i32.const 2048) (i32.const {at}) (i32.const 64))
             (if (i32.eqz (call $open (i32.const {length}) (i32.const 0) (i64.const 2))) (then unreachable))
             (local.set $refused (i32.add (local.get $refused) (i32.const 1)))"
        );
    }
    let body = format!(
        r#"{OPEN} {data} (data (i32.const 3072) "up")
        (func (export "_start") (local $refused i32)
            (drop (call $path_symlink (i32.const 4160) (i32.const 1) (i32.const 3) (i32.const 3072) (i32.const 2)))
            {tries}
            (call $proc_exit (local.get $refused)))"#
    );
    besiege(&GROUND, &[Counter::ended("failed")], |siege| {
        let job = siege.wave(&wat("climbs", &core(&FUNCTIONS, &body)), &MEBIBYTE);
        let outcome = json!({"kind": "failed", "code": paths.len()});
        siege.each_ends(&job, &outcome, "");
    });
}
