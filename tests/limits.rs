//! Limits through the server: each has its name, its code and its counter, and gives everything back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, component, core, eventually, shared, wat};

/// How long a simple question may take, however busy the slots are. Where guests could keep the API from its processor
/// there would be no answer at all; the rest of the machine may be busy too.
const ANSWER: Duration = Duration::from_secs(5);

fn exceeded(limit: &str) -> Value {
    json!({"kind": "limit_exceeded", "limit": limit})
}

/// One ending: how to come to it, how it is told, and the exit code of `sublet wait`.
pub(crate) struct Ending {
    pub(crate) flags: &'static [&'static str],
    pub(crate) steps: &'static str,
    pub(crate) outcome: Value,
    pub(crate) code: i32,
}

pub(crate) fn endings() -> Vec<Ending> {
    let ending = |flags, steps, outcome, code| Ending {
        flags,
        steps,
        outcome,
        code,
    };
    vec![
        ending(&[], "exit 0", json!({"kind": "succeeded"}), 0),
        ending(&[], "exit 3", json!({"kind": "failed", "code": 3}), 3),
        ending(
            &[],
            "trap",
            json!({"kind": "trapped", "trap": "unreachable"}),
            134,
        ),
        ending(
            &["--memory", "8MiB"],
            "take 33554432",
            exceeded("memory"),
            137,
        ),
        ending(
            &["--timeout", "200ms"],
            "sleep 600000",
            exceeded("wall"),
            124,
        ),
        ending(&["--timeout", "200ms"], "spin", exceeded("wall"), 124),
        ending(&["--cpu-time", "50ms"], "spin", exceeded("cpu"), 152),
        ending(
            &["--scratch", "1MiB"],
            "fill /tmp/f 67108864",
            exceeded("disk"),
            153,
        ),
    ]
}

#[test]
fn l07_each_ending_has_its_name_and_gives_everything_back() {
    let server = Server::start();
    for ending in endings() {
        let Ending {
            flags,
            steps,
            outcome,
            code,
        } = ending;
        let job = server.submit(&[flags, &["--restart", "never"]].concat(), steps);
        let record = server.wait(&job);
        assert_eq!(record["end"]["outcome"], outcome, "{steps}: {record:#}");
        server.sublet(&["wait", &job]).code(code);
        server.is_at_rest();
    }
    let workers = server.workers();
    assert!(
        workers.len() <= 1,
        "one user in one sub-cluster: {workers:?}"
    );
}

#[test]
fn l05_memory_cannot_grow_past_the_grant_and_the_denial_is_counted() {
    let server = shared();
    let guest = wat(
        "grow",
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                ;; The answer -1 becomes the exit code 7; any other becomes 8.
                (if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1))
                    (then (call $exit (i32.const 7)))
                    (else (call $exit (i32.const 8))))))"#,
    );
    let job = server.submit_guest(&guest, &["--memory", "1MiB"], "");
    let record = server.wait(&job);
    assert_eq!(
        record["end"]["outcome"],
        json!({"kind": "failed", "code": 7}),
        "{record:#}"
    );
    assert_eq!(record["usage"]["memory_denied"], 1, "{record:#}");
    assert_eq!(record["usage"]["memory_peak_bytes"], 65_536, "{record:#}");
}

#[test]
fn tables_are_limited_and_counted() {
    let server = shared();
    let guest = wat(
        "table",
        r#"(module
            (memory (export "memory") 0)
            (table $t 1 funcref)
            (func (export "_start")
                (if (i32.eq (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1))
                    (then unreachable))))"#,
    );
    let job = server.submit_guest(&guest, &[], "");
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"], exceeded("tables"), "{record:#}");
    assert_eq!(record["usage"]["tables_denied"], 1, "{record:#}");
    server.sublet(&["wait", &job]).code(159);
}

#[test]
fn open_files_are_limited_and_counted() {
    let server = shared();
    for guest in [core("probe"), component("probe")] {
        let flags = ["--open-files", "8", "--scratch", "1MiB"];
        let job = server.submit_guest(&guest, &flags, "open /tmp 50");
        let record = server.wait(&job);
        assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
        assert!(
            record["usage"]["handles_denied"].as_u64() >= Some(1),
            "{record:#}"
        );
    }
}

#[test]
fn scratch_is_counted_and_gone_afterwards() {
    let server = shared();
    let job = server.submit(&["--scratch", "1MiB"], "fill /tmp/file 300000 , list /tmp");
    let record = server.wait(&job);
    assert_eq!(server.log_of(&job), "file\n");
    assert!(
        record["usage"]["scratch_peak_bytes"].as_u64() >= Some(300_000),
        "{record:#}"
    );
    let next = server.submit(&["--scratch", "1MiB"], "list /tmp");
    server.wait(&next);
    assert_eq!(server.log_of(&next), "");
}

#[test]
fn a_start_function_that_spins_is_limited_like_everything_else() {
    let server = shared();
    let guest = wat(
        "start-spins",
        r#"(module
            (memory (export "memory") 1)
            (func $spin (loop $again (br $again)))
            (start $spin)
            (func (export "_start")))"#,
    );
    let job = server.submit_guest(&guest, &["--timeout", "300ms"], "");
    assert_eq!(server.wait(&job)["end"]["outcome"], exceeded("wall"));
}

#[test]
fn endless_recursion_is_a_trap() {
    let server = shared();
    let guest = wat(
        "recursion",
        r#"(module (memory (export "memory") 1) (func $f (export "_start") (call $f) (call $f)))"#,
    );
    let job = server.submit_guest(&guest, &[], "");
    let outcome = json!({"kind": "trapped", "trap": "stack_overflow"});
    assert_eq!(server.wait(&job)["end"]["outcome"], outcome);
}

#[test]
fn the_api_answers_while_every_slot_spins() {
    let server = Server::with_slots(4);
    let spinning = server.submit(&["--array", "0-7", "--timeout", "10m"], "spin");
    server.wait_until(&spinning, "four tasks run", |job| {
        job["tasks"]["running"] == 4
    });
    assert_eq!(server.slots(), (4, 0));

    for _ in 0..20 {
        let asked = Instant::now();
        server.get("/v1/pool");
        assert!(asked.elapsed() < ANSWER, "{:?}", asked.elapsed());
    }
    server.submit(&[], "exit 0");
    server.sublet(&["cancel", &spinning]).code(0);
    server.wait(&spinning);
    server.is_at_rest();
}

#[test]
fn a_job_that_no_slot_can_hold_is_refused_with_the_numbers() {
    let server = Server::with_slots(1);
    let path = core("probe").path;
    let submit = ["submit", path.to_str().unwrap(), "--memory", "128MiB"];
    for (flags, code) in [(&[][..], 7), (&["--wait"], 126)] {
        let refused = server.sublet(&[&submit, flags].concat());
        refused.code(code).says(&["S0302", "128", "64"]);
    }
}

/// One array for each kind of ending, to the end.
fn a_hundred_endings(server: &Server) {
    let jobs: Vec<_> = endings()
        .into_iter()
        .map(|ending| server.submit(&[ending.flags, &["--array", "0-11"]].concat(), ending.steps))
        .collect();
    for job in &jobs {
        let tasks = &server.wait(job)["tasks"];
        assert_eq!(tasks["finished"], 12, "{tasks:#}");
        assert_eq!(tasks["lost"], 0, "{tasks:#}");
    }
    server.is_at_rest();
}

#[test]
fn a_hundred_endings_of_every_kind_leave_nothing_behind() {
    let server = Server::start();
    // The first round fills what is kept warm: threads, connections to the database.
    a_hundred_endings(&server);
    let [worker] = server.workers()[..] else {
        panic!("one user in one sub-cluster has one worker");
    };
    let holds = || [server.process().descriptors(), worker.descriptors()];
    let before = holds();
    a_hundred_endings(&server);
    assert_eq!(server.workers(), [worker], "the worker is the same");
    eventually(DEADLINE, "no descriptor is left over", || {
        let now = holds();
        (now[0] <= before[0] && now[1] <= before[1]).then_some(())
    });
}
