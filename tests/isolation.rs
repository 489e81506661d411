//! Guests with a process of their own: whatever may happen to a guest happens to these as well, and each of them can be
//! ended in the middle of anything.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, Sublet, core, eventually, wat};
use crate::limits::{Ending, endings};

/// A server whose guests have a process each, in slots of this share.
fn by_process(cpu: &str, keys: &str) -> Server {
    Server::configured(&format!(
        "[pool]\nreserve = {{ cpu = 0.5, memory = \"256MiB\" }}\n\
         [defaults.job]\ncpu = 0.001\n\
         [[subcluster]]\nname = \"long\"\nslot = {{ cpu = {cpu}, memory = \"64MiB\" }}\n\
         isolation = \"process\"\n{keys}\n"
    ))
}

fn cancelled() -> Value {
    json!({"kind": "cancelled", "reason": "asked"})
}

#[test]
fn each_ending_is_the_same_for_a_guest_with_a_process_of_its_own() {
    let server = by_process("0.25", "");
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
    eventually(DEADLINE, "no worker outlives its attempt", || {
        server.workers().is_empty().then_some(())
    });
}

#[test]
fn a_spinning_guest_with_a_process_of_its_own_is_cancelled_and_what_it_wrote_and_used_is_kept() {
    let server = by_process("0.25", "");
    let job = server.submit(
        &["--restart", "never"],
        "print before , flood 300000 , spin",
    );
    eventually(DEADLINE, "it has written all it will", || {
        (server.log_of(&job).len() == 300_007).then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"], cancelled(), "{record:#}");
    assert!(record["usage"]["cpu_us"].as_u64() > Some(0), "{record:#}");
    assert_eq!(record["usage"]["stdout_bytes"], 300_007, "{record:#}");
    assert!(server.log_of(&job).starts_with("before\n"));
    server.is_at_rest();
}

#[test]
fn bulk_instructions_do_not_keep_a_guest_alive() {
    let server = by_process("0.25", "");
    // Its code is nothing but instructions that cannot be interrupted, one after the other.
    let guest = wat(
        "fills",
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 512)
            (data (i32.const 0) "\08\00\00\00\01\00\00\00x")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
                (loop (memory.fill (i32.const 65536) (i32.const 1) (i32.const 33000000)) (br 0))))"#,
    );
    let job = server.submit_guest(&guest, &["--restart", "never"], "");
    eventually(DEADLINE, "it has begun", || {
        (server.log_of(&job) == "x").then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    assert_eq!(server.wait(&job)["end"]["outcome"], cancelled());
}

#[test]
fn only_a_death_that_nobody_ordered_is_a_loss_and_it_costs_no_other() {
    let server = by_process("0.25", "");
    let neighbour = server.submit(&[], "sleep 600000");
    server.wait_for_state(&neighbour, "running");
    let [beside] = server.workers()[..] else {
        panic!("one attempt has one worker");
    };
    let fragile = server.submit(&["--restart", "never"], "sleep 600000");
    server.wait_for_state(&fragile, "running");
    for worker in server.workers() {
        if worker != beside {
            worker.kill9();
        }
    }
    let lost = json!({"kind": "lost", "reason": "worker"});
    assert_eq!(server.wait(&fragile)["end"]["outcome"], lost);
    assert_eq!(server.job(&neighbour)["state"], "running");
    assert!(beside.lives());
    server.sublet(&["cancel", &neighbour]).code(0);
    assert_eq!(server.wait(&neighbour)["end"]["outcome"], cancelled());
}

#[test]
fn a_module_has_machine_code_without_checks_only_once_it_is_needed() {
    let kept = |server: &Server| -> Vec<String> {
        let folder = server.data_directory().join("users/1/artifacts");
        let entries = fs::read_dir(folder).expect("the user has artifacts");
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let without = |names: &[String]| {
        names
            .iter()
            .filter(|name| name.contains("-unchecked"))
            .count()
    };
    let server = by_process("0.25", "");
    server
        .sublet(&["modules", "push", core("probe").path.to_str().unwrap()])
        .code(0);
    let names = kept(&server);
    assert_eq!((names.len(), without(&names)), (1, 0), "{names:?}");
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    let names = kept(&server);
    assert_eq!((names.len(), without(&names)), (2, 1), "{names:?}");
}

#[test]
fn without_bursts_a_process_is_held_to_its_share() {
    let server = by_process("0.1", "burst = false");
    let job = server.submit(&["--timeout", "5s"], "spin");
    let usage = &server.wait(&job)["usage"];
    let (cpu_us, wall_us) = (usage["cpu_us"].as_u64(), usage["wall_us"].as_u64());
    // What the slot may use at once, what comes in, and a few turns.
    let most = (wall_us.unwrap() + 1_000_000) / 10;
    assert!(cpu_us.unwrap() <= most + most / 10 + 30_000, "{usage:#}");
}

#[test]
fn a_process_that_is_held_is_cancelled_at_once() {
    let server = by_process("0.001", "burst = false");
    // Its debt is paid back long after the deadline of these tests.
    let job = server.submit(
        &["--restart", "never", "--timeout", "10m"],
        "take 33554432 , print x , spin",
    );
    server.wait_for_state(&job, "running");
    let [worker] = server.workers()[..] else {
        panic!("one attempt has one worker");
    };
    eventually(DEADLINE, "it is stopped", || {
        worker.is_stopped().then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    assert_eq!(server.wait(&job)["end"]["outcome"], cancelled());
    server.is_at_rest();
}

#[test]
fn a_process_that_is_held_keeps_to_its_wall_time() {
    let server = by_process("0.001", "burst = false");
    let job = server.submit(&["--restart", "never", "--timeout", "2s"], "spin");
    let outcome = json!({"kind": "limit_exceeded", "limit": "wall"});
    assert_eq!(server.wait(&job)["end"]["outcome"], outcome);
}

#[test]
fn a_process_goes_beyond_its_share_with_what_nobody_else_wants() {
    let server = by_process("0.001", "");
    // By its share alone it would come to this limit after 300 seconds.
    let job = server.submit(&["--cpu-time", "300ms", "--timeout", "10m"], "spin");
    let outcome = json!({"kind": "limit_exceeded", "limit": "cpu"});
    assert_eq!(server.wait(&job)["end"]["outcome"], outcome);
}

#[test]
fn a_local_run_has_the_share_that_was_asked_for_and_no_more() {
    // With all it could get it would come to the limit of processor time first.
    let guest = core("probe");
    let flags = [
        "run",
        "--cpu",
        "0.001",
        "--cpu-time",
        "200ms",
        "--timeout",
        "4s",
    ];
    let run = Sublet::alone().args(flags).arg(&guest).args(["--", "spin"]);
    run.run().code(124);
}

#[test]
fn bursts_of_one_users_worker_cost_that_of_another_nothing_of_its_share() {
    let slot = |cpu: &str, burst: bool| {
        Server::configured(&format!(
            "[pool]\nreserve = {{ cpu = 0.5, memory = \"256MiB\" }}\n[defaults.job]\ncpu = 0.001\n\
             [[subcluster]]\nname = \"a\"\nslot = {{ cpu = {cpu}, memory = \"64MiB\" }}\nburst = {burst}\n"
        ))
    };
    // Two servers on one host are two users to the kernel: each has a worker of its own. The share is more than an equal
    // part of the processors beside the bursts.
    let (greedy, modest) = (slot("0.005", true), slot("0.9", false));
    let mut seen = Vec::new();
    // A window in which the rest of the machine took the processors says nothing, so there are several.
    let kept = (0..5).any(|_| {
        let bursts = greedy.submit(&["--array", "0-11", "--timeout", "10m"], "spin");
        greedy.wait_until(&bursts, "all of them run", |job| {
            job["tasks"]["running"] == 12
        });
        let neighbour = modest.submit(&["--timeout", "6s"], "spin");
        let usage = modest.wait(&neighbour)["usage"].clone();
        greedy.sublet(&["cancel", &bursts]).code(0);
        let taken = greedy.wait(&bursts)["usage"]["cpu_us"].as_u64().unwrap();
        let [cpu_us, wall_us] = ["cpu_us", "wall_us"].map(|key| usage[key].as_u64().unwrap());
        let entitled = wall_us * 9 / 10;
        seen.push((cpu_us, entitled, taken));
        // Other tests run beside, and take some of it; beside twelve equals it would be a sixth. Where the rest leaves
        // less, bursts must have found next to nothing.
        cpu_us + 10_000 >= entitled * 7 / 10 || taken * 10 <= cpu_us
    });
    assert!(kept, "used, entitled to, taken by bursts: {seen:?}");
}
