//! `sublet run`: no server, no set-up, the same sandbox.

use std::fs;

use rustix::process::Signal;

use crate::harness::{
    DEADLINE, Guest, Output, Sublet, bytes_of, component, core, eventually, kept, sieve, wat,
};

const GREETING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello from text\n")
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.const 16))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Runs the probe with these flags and steps.
fn probe(flags: &[&str], steps: &str) -> Output {
    run(&core("probe"), flags, steps)
}

fn run(guest: &Guest, flags: &[&str], steps: &str) -> Output {
    sublet_run(guest, flags, steps).run()
}

fn sublet_run(guest: &Guest, flags: &[&str], steps: &str) -> Sublet {
    let run = Sublet::alone().arg("run").args(flags).arg(guest);
    run.arg("--").args(steps.split_whitespace())
}

#[test]
fn a_core_module_runs_and_knows_who_it_is() {
    let output = run(&core("hello"), &[], "one two").code(0);
    for line in [
        "hello from a sublet",
        "argument 1: one",
        "argument 2: two",
        "SUBLET_TASK_INDEX=0",
        "SUBLET_TASK_COUNT=1",
        "SUBLET_ATTEMPT=1",
    ] {
        let found = output.stdout.lines().any(|printed| printed == line);
        assert!(found, "no line {line:?} in {output:?}");
    }
    assert_eq!(output.stderr, "");
}

#[test]
fn a_component_runs_alike() {
    run(&component("probe"), &[], "args one two")
        .code(0)
        .prints("one\ntwo\n");
}

#[test]
fn who_has_a_place_on_the_network_knows_its_own_name_there() {
    let name = |flags: &[&str]| {
        let flags = [&["--name", "Mapper", "--array", "3-3"], flags].concat();
        let output = run(&component("probe"), &flags, "environment").code(0);
        let variable = |line: &str| Some(line.strip_prefix("SUBLET_HOSTNAME=")?.to_owned());
        output.stdout.lines().find_map(variable)
    };
    assert_eq!(name(&[]).as_deref(), Some("mapper-3"));
    assert_eq!(name(&["--network", "none"]), None);
}

#[test]
fn the_text_format_runs_as_it_is() {
    run(&wat("greeting", GREETING), &[], "")
        .code(0)
        .prints("hello from text\n");
}

#[test]
fn a_module_may_come_through_stdin() {
    let bytes = fs::read(&core("hello").path).unwrap();
    let output = Sublet::alone()
        .args(["run", "-"])
        .input(bytes)
        .run()
        .code(0);
    assert!(
        output.stdout.starts_with("hello from a sublet\n"),
        "{output:?}"
    );
}

#[test]
fn a_c_program_runs() {
    let Some(sieve) = sieve() else { return };
    run(&sieve, &[], "1000")
        .code(0)
        .prints("168 primes below 1000, the largest is 997\n");
}

#[test]
fn stdin_and_stdout_pass_through_byte_for_byte() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    for guest in [core("probe"), component("probe")] {
        let output = sublet_run(&guest, &[], "cat")
            .input(every_byte.clone())
            .run()
            .code(0);
        assert!(
            output.bytes == every_byte,
            "{} bytes came back",
            output.bytes.len()
        );
    }
}

#[test]
fn stdout_and_stderr_stay_apart() {
    let output = probe(&[], "print out , complain err")
        .code(0)
        .prints("out\n");
    assert_eq!(output.stderr, "err\n");
}

#[test]
fn without_input_stdin_is_at_its_end() {
    probe(&[], "cat , print done").code(0).prints("done\n");
}

#[test]
fn input_comes_from_a_file() {
    let file = bytes_of("input.txt", b"from a file\n");
    let path = file.path.to_str().unwrap();
    probe(&["--input", path], "cat")
        .code(0)
        .prints("from a file\n");
}

#[test]
fn the_exit_code_is_the_guests() {
    for code in [0, 1, 3, 75, 125] {
        probe(&[], &format!("exit {code}")).code(code);
    }
}

/// WASI 0.2 as Rust uses it carries only success and failure: `sublet help exit-codes`.
#[test]
fn the_trap_of_wasi_exit_codes_is_as_documented() {
    probe(&[], "exit 126").code(126);
    probe(&[], "exit 255").code(255);
    run(&component("probe"), &[], "exit 0").code(0);
    run(&component("probe"), &[], "exit 3").code(1);
}

#[test]
fn outcome_may_be_told_in_one_bit() {
    probe(&["--exit-code=outcome"], "exit 3").code(1);
    probe(&["--exit-code=outcome"], "exit 0").code(0);
}

#[test]
fn only_the_environment_that_was_given_is_seen() {
    let output = sublet_run(
        &core("probe"),
        &["-e", "A=1", "--env", "B", "-e", "C=x=y"],
        "environment",
    )
    .env("B", "of the caller")
    .env("SECRET", "not given")
    .run()
    .code(0);
    let given: Vec<_> = output
        .stdout
        .lines()
        .filter(|line| !line.starts_with("SUBLET_"))
        .collect();
    assert_eq!(given, ["A=1", "B=of the caller", "C=x=y"], "{output:?}");
}

#[test]
fn a_directory_is_seen_only_where_it_was_granted() {
    let directory = kept("granted");
    fs::write(directory.join("present"), "content").unwrap();
    let grant = format!("{}::/work", directory.display());

    probe(&["--dir", &grant], "read /work/present").prints("content");
    probe(&[], "read /work/present").code(1);
    probe(&["--dir", &grant], "read /work/../present").code(1);
}

#[test]
fn a_directory_is_written_only_where_that_was_granted() {
    let directory = kept("written");
    let grant = format!("{}::/work", directory.display());
    let file = directory.join("new");
    drop(fs::remove_file(&file));

    let read_only = format!("{grant}:ro");
    probe(&["--dir", &read_only], "write /work/new text").code(1);
    assert!(!file.exists());
    probe(&["--dir", &grant], "write /work/new text").code(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
}

#[test]
fn inputs_appear_read_only_in_the_guest() {
    let directory = kept("tree");
    fs::create_dir_all(directory.join("inner")).unwrap();
    fs::write(directory.join("inner/file"), "deep").unwrap();
    let tree = directory.to_str().unwrap();
    let file = format!("{tree}/inner/file");

    probe(&["--in", tree], "read /in/inner/file").prints("deep");
    probe(&["--in", tree], "write /in/inner/file changed").code(1);
    probe(&["--in", &file], "read /in/file").prints("deep");
    probe(&["--in", &format!("{tree}:/else")], "list /else").prints("inner\n");
}

#[test]
fn words_are_counted_over_files() {
    let directory = kept("words");
    fs::write(directory.join("a"), "one two two").unwrap();
    fs::write(directory.join("b"), "Two, three!").unwrap();
    run(
        &core("wordcount"),
        &["--in", directory.to_str().unwrap()],
        "1",
    )
    .code(0)
    .prints("       3  two\n5 words, 3 different, in 2 files\n");
}

#[test]
fn every_task_of_an_array_has_its_index() {
    let output = probe(&["--array", "3-6"], "identity").code(0);
    let mut lines: Vec<_> = output.stdout.lines().collect();
    lines.sort_unstable();
    let expected = [
        "task 3 attempt 1",
        "task 4 attempt 1",
        "task 5 attempt 1",
        "task 6 attempt 1",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn memory_beyond_the_limit_ends_with_137() {
    for guest in [core("probe"), component("probe")] {
        run(&guest, &["--memory", "8MiB"], "take 33554432")
            .code(137)
            .says(&["memory", "--memory"]);
    }
    probe(&["--memory", "64MiB"], "take 33554432").code(0);
}

#[test]
fn wall_time_beyond_the_limit_ends_with_124() {
    for steps in ["sleep 600000", "spin"] {
        probe(&["--timeout", "300ms"], steps)
            .code(124)
            .says(&["--timeout"]);
    }
}

#[test]
fn processor_time_beyond_the_limit_ends_with_152() {
    probe(&["--cpu-time", "200ms"], "spin")
        .code(152)
        .says(&["--cpu-time"]);
}

#[test]
fn scratch_beyond_the_limit_ends_with_153() {
    probe(&["--scratch", "1MiB"], "fill /tmp/file 67108864")
        .code(153)
        .says(&["--scratch"]);
    probe(&["--scratch", "1MiB"], "fill /tmp/file 1000 , list /tmp")
        .code(0)
        .prints("file\n");
}

#[test]
fn without_scratch_there_is_no_tmp() {
    probe(&[], "write /tmp/file text").code(1);
}

#[test]
fn files_beyond_the_limit_are_an_error_to_the_guest() {
    let output = probe(&["--open-files", "8", "--scratch", "1MiB"], "open /tmp 100").code(0);
    let opened = output
        .stdout
        .split(' ')
        .nth(1)
        .and_then(|number| number.parse().ok());
    assert!(opened.is_some_and(|opened: u32| opened <= 8), "{output:?}");
}

#[test]
fn a_trap_ends_with_134() {
    for guest in [core("probe"), component("probe")] {
        run(&guest, &[], "trap").code(134).says(&["unreachable"]);
    }
}

#[test]
fn an_unknown_import_is_refused_by_its_name() {
    let guest = wat(
        "unknown-import",
        r#"(module (import "other" "function" (func)) (func (export "_start")))"#,
    );
    run(&guest, &[], "")
        .code(126)
        .says(&["S0412", "other", "function"]);
}

#[test]
fn what_is_not_a_program_is_refused_with_its_reason() {
    let whole = fs::read(&core("hello").path).unwrap();
    let library = wat("library", r#"(module (func (export "add")))"#);
    for (guest, code) in [
        (bytes_of("words.wasm", b"these are words"), "S0401"),
        (bytes_of("empty.wasm", b""), "S0401"),
        (
            bytes_of("truncated.wasm", &whole[..whole.len() / 2]),
            "S0403",
        ),
        (
            bytes_of("native.wasm", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
            "S0402",
        ),
        (library, "S0413"),
    ] {
        run(&guest, &[], "").code(126).prints("").says(&[code]);
    }
}

#[test]
fn text_that_is_not_wasm_is_refused_with_its_place() {
    let guest = wat("broken", "(module\n  (func (export \"_start\") i32.bad))");
    run(&guest, &[], "").code(126).says(&["S0706", "2:"]);
}

#[test]
fn a_missing_file_is_named() {
    let guest = Guest {
        path: "nowhere/at-all.wasm".into(),
    };
    run(&guest, &[], "")
        .code(127)
        .says(&["S0702", "nowhere/at-all.wasm"]);
}

#[test]
fn ctrl_c_ends_a_guest_that_spins() {
    let running = sublet_run(&core("probe"), &["--scratch", "1MiB"], "print ready , spin").start();
    running.wait_for_output("ready\n");
    // Two, because the first may be taken as a request that the guest is free to follow.
    eventually(DEADLINE, "the guest is interrupted", || {
        running.process().signal(Signal::INT);
        (!running.process().lives()).then_some(())
    });
    running.wait().code(130);
}

#[test]
fn internal_roles_are_not_for_hands() {
    for role in ["worker", "compile"] {
        let output = Sublet::alone().arg(role).run();
        output.code(2).says(&["sublet serve"]);
    }
}
