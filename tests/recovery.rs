//! What survives: the front killed, a worker killed, the server stopped, the disk full.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Process, Server, core, eventually, skip_loudly};

/// A job of many short tasks, some of which are under way and some of which are over when this returns.
fn in_the_middle_of_an_array(server: &Server, flags: &[&str]) -> String {
    let job = server.submit(
        &[&["--array", "0-299"], flags].concat(),
        "identity , sleep 50",
    );
    server.wait_until(&job, "some tasks are over and some run", |job| {
        let count = |state: &str| job["tasks"][state].as_u64().unwrap_or(0);
        count("finished") >= 20 && count("running") >= 2
    });
    job
}

/// How often each line was printed.
fn tally(log: &str) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for line in log.lines() {
        *tally.entry(line).or_default() += 1;
    }
    tally
}

fn kinds(tasks: &[Value]) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for task in tasks {
        *kinds
            .entry(task["outcome"]["kind"].as_str().unwrap_or("none"))
            .or_default() += 1;
    }
    kinds
}

fn all_gone(processes: &[Process]) {
    eventually(DEADLINE, "the workers of the dead front are gone", || {
        let mut living = processes.iter().filter(|process| process.lives());
        living.next().is_none().then_some(())
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_the_front_is_killed() {
    let server = Server::start();
    let before = server.submit(&["--name", "before"], "print kept");
    server.wait(&before);
    let record_before = server.job(&before);
    let array = in_the_middle_of_an_array(&server, &[]);
    let queued = server.submit(&["--array", "0-99"], "identity");
    let workers = server.workers();
    assert!(!workers.is_empty());

    server.kill9();
    all_gone(&workers);
    let server = server.restart();

    assert_eq!(
        server.job(&before),
        record_before,
        "what was over stays as it was"
    );
    assert_eq!(server.log_of(&before), "kept\n");
    for (job, count) in [(&array, 300), (&queued, 100)] {
        let record = server.wait(job);
        assert_eq!(record["tasks"]["succeeded"], count, "{record:#}");
        let tasks = server.tasks(job);
        let indexes: BTreeSet<_> = tasks.iter().map(|task| task["index"].as_u64()).collect();
        assert_eq!(
            (tasks.len(), indexes.len()),
            (count, count),
            "each index is one task"
        );
    }
    server.is_at_rest();
}

#[test]
fn s06_no_attempt_starts_twice_and_none_ends_twice_when_the_front_is_killed() {
    let server = Server::start();
    let array = in_the_middle_of_an_array(&server, &[]);
    server.kill9();
    let server = server.restart();
    server.wait(&array);

    let log = server.log_of(&array);
    for (line, times) in tally(&log) {
        assert_eq!(times, 1, "{line}");
    }
    for task in server.tasks(&array) {
        let attempts = task["attempts"].as_array().unwrap();
        let succeeded = |attempt: &&Value| attempt["outcome"]["kind"] == "succeeded";
        assert_eq!(attempts.iter().filter(succeeded).count(), 1, "{task:#}");
        let (last, earlier) = attempts.split_last().unwrap();
        assert!(succeeded(&last), "{task:#}");
        for attempt in earlier {
            assert_eq!(
                attempt["outcome"],
                json!({"kind": "lost", "reason": "server"}),
                "{task:#}"
            );
        }
    }
}

#[test]
fn never_means_at_most_one_start_even_when_the_front_is_killed() {
    let server = Server::start();
    let array = in_the_middle_of_an_array(&server, &["--restart", "never"]);
    server.kill9();
    let server = server.restart();
    server.wait(&array);

    let tasks = server.tasks(&array);
    let kinds = kinds(&tasks);
    assert!(
        kinds
            .keys()
            .all(|kind| ["succeeded", "lost"].contains(kind)),
        "{kinds:?}"
    );
    assert!(kinds["lost"] >= 1, "some were under way: {kinds:?}");
    assert!(
        tasks
            .iter()
            .all(|task| task["attempts"].as_array().unwrap().len() <= 1)
    );

    let log = server.log_of(&array);
    let printed = tally(&log);
    assert!(printed.values().all(|&times| times == 1), "{printed:?}");
    for task in tasks
        .iter()
        .filter(|task| task["outcome"]["kind"] == "succeeded")
    {
        let line = format!("task {} attempt 1", task["index"]);
        assert!(printed.contains_key(line.as_str()), "no {line:?}");
    }
    server.is_at_rest();
}

#[test]
fn the_front_may_be_killed_again_and_again() {
    let mut server = Server::start();
    let mut jobs = Vec::new();
    for round in 0..4_u64 {
        jobs.push(server.submit(&["--array", "0-99"], "identity , sleep 20"));
        let last = jobs.last().unwrap();
        server.wait_until(last, "it is under way", |job| {
            job["tasks"]["finished"].as_u64() >= Some(round * 10)
        });
        server.kill9();
        server = server.restart();
    }
    for job in &jobs {
        assert_eq!(server.wait(job)["tasks"]["succeeded"], 100);
    }
    server.is_at_rest();
}

#[test]
fn a_killed_worker_costs_its_own_attempts_and_no_others() {
    let server = Server::with_slots(4);
    let over = server.submit(&[], "print kept");
    let record_over = server.wait(&over);
    let fragile = server.submit(&["--restart", "never"], "sleep 600000");
    let robust = server.submit(&["--restart", "on-loss"], "print started , sleep 3000");
    server.wait_for_state(&fragile, "running");
    server.wait_for_state(&robust, "running");

    let [worker] = server.workers()[..] else {
        panic!("one user in one sub-cluster has one worker");
    };
    worker.kill9();

    let lost = json!({"kind": "lost", "reason": "worker"});
    assert_eq!(server.wait(&fragile)["end"]["outcome"], lost);
    server.sublet(&["wait", &fragile]).code(125);
    assert_eq!(server.wait(&robust)["end"]["outcome"]["kind"], "succeeded");
    let attempts = server.attempts(&robust, 0);
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["outcome"], lost);
    assert_eq!(server.job(&over), record_over);
    server.is_at_rest();
}

#[test]
fn a_killed_compiler_is_not_the_modules_fault() {
    // The bytes are new each time, so that no cache answers in place of the compiler.
    let server = Server::start();
    let mut module = fs::read(core("wordcount").path).unwrap();
    module.extend_from_slice(b"\0\x05\x04test");
    let guest = crate::harness::bytes_of("recompiled.wasm", &module);
    let running = server
        .command()
        .args(["modules", "push"])
        .arg(&guest)
        .start();
    let compiler = eventually(DEADLINE, "it is compiled", || {
        assert!(running.process().lives(), "compiled too fast to be caught");
        server.process().children("compile").first().copied()
    });
    compiler.kill9();
    running.wait().code(1).says(&["S0502"]);
    server
        .sublet(&["modules", "push", guest.path.to_str().unwrap()])
        .code(0);
}

#[test]
fn a_second_server_on_the_same_directory_says_who_holds_it() {
    let server = Server::start();
    let mut home = server.home.clone();
    home.runtime = home.runtime.join("other");
    fs::create_dir_all(&home.runtime).unwrap();
    let output = crate::harness::Sublet::at(&home).arg("serve").run();
    assert_ne!(output.code, Some(0), "{output:?}");
    output.says(&["S0703", &server.process().id().to_string()]);
    server.get("/v1/pool");
}

#[test]
fn sigterm_lets_running_work_end_and_takes_no_more() {
    let server = Server::start();
    let job = server.submit(&[], "print started , sleep 2000 , print ended");
    server.wait_for_state(&job, "running");
    server.terminate();
    eventually(DEADLINE, "new work is refused", || {
        let path = core("probe").path;
        let refused = server.sublet(&["submit", path.to_str().unwrap(), "--", "exit", "0"]);
        refused.stderr.contains("S0303").then_some(())
    });
    assert_eq!(server.exit_within(DEADLINE), 0);

    let server = server.restart();
    let record = server.wait(&job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.attempts(&job, 0).len(), 1);
    assert_eq!(server.log_of(&job), "started\nended\n");
}

#[test]
fn a_second_sigterm_stops_now_and_truthfully() {
    let server = Server::start();
    let job = server.submit(&["--restart", "never", "--timeout", "10m"], "spin");
    server.wait_for_state(&job, "running");
    let workers = server.workers();
    server.terminate();
    eventually(DEADLINE, "it drains", || {
        (server.get("/v1/pool")["draining"] == true).then_some(())
    });
    server.terminate();
    assert_eq!(server.exit_within(Duration::from_secs(20)), 0);
    all_gone(&workers);

    let server = server.restart();
    let outcome = server.wait(&job)["end"]["outcome"].clone();
    let truthful = [
        json!({"kind": "cancelled", "reason": "shutdown"}),
        json!({"kind": "lost", "reason": "server"}),
    ];
    assert!(truthful.contains(&outcome), "{outcome}");
}

#[test]
fn an_idle_server_stops_at_once() {
    let server = Server::start();
    server.terminate();
    assert_eq!(server.exit_within(Duration::from_secs(20)), 0);
}

#[test]
fn a_full_disk_refuses_submissions_and_recovers() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let server = Server::configured(&format!(
        "data_dir = {:?}\n[pool]\nreserve = {{ disk = \"8MiB\" }}\n",
        disk.path()
    ));
    let running = server.submit(&[], "print before , sleep 3000 , print after");
    server.wait_for_state(&running, "running");

    let ballast = disk.fill();
    let path = core("probe").path;
    let submit = || server.sublet(&["submit", path.to_str().unwrap(), "-q", "--", "exit", "0"]);
    eventually(DEADLINE, "submissions are refused", || {
        let output = submit();
        output.stderr.contains("S0304").then_some(output)
    })
    .code(7);
    server.get("/v1/pool");

    fs::remove_file(ballast).unwrap();
    // An end that could not be recorded is kept until it can be.
    let record = server.wait(&running);
    let kind = record["end"]["outcome"]["kind"].as_str().unwrap();
    assert!(["succeeded", "lost"].contains(&kind), "{record:#}");
    let log = server.log_of(&running);
    assert!(log.starts_with("before\n"), "{log:?}");
    let job = eventually(DEADLINE, "submissions are taken again", || {
        let output = submit();
        (output.code == Some(0)).then(|| output.text().to_owned())
    });
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    server.is_at_rest();
}

/// A filesystem of its own, small enough to fill.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    const SIZE: &str = "size=64m";

    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", Self::SIZE, "tmpfs"])
            .arg(directory.path())
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { directory }),
            _ => {
                skip_loudly("a full disk needs the right to mount a small one");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Fills it to the last byte; returns the file to remove.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = File::create(&path).unwrap();
        let mut piece: &[u8] = &[b'x'; 65_536];
        while !piece.is_empty() {
            if file.write_all(piece).is_err() {
                piece = &piece[..piece.len() / 2];
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may hold it for a moment longer; a lazy unmount waits for that.
        let unmount = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(unmount.is_ok_and(|status| status.success()));
    }
}
