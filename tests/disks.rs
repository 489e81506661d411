//! Disks that fail, are slow, or were changed by somebody; descriptors that run out.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;

use crate::harness::{DEADLINE, Random, Server, Sublet, core, eventually, skip_loudly};

/// Files below a folder whose names end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, end)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(end)))
        .collect();
    files.sort();
    files
}

/// A server that did some work and was stopped, and the job that printed `kept`.
fn used() -> (Server, String) {
    let server = Server::start();
    let job = server.submit(&["--name", "before"], "print kept");
    server.wait(&job);
    server.is_at_rest();
    stop(&server);
    (server, job)
}

fn stop(server: &Server) {
    server.terminate();
    assert_eq!(server.exit_within(DEADLINE), 0);
}

/// What a server says that does not start on this directory.
fn refusal(server: &Server) -> crate::harness::Output {
    let refused = Sublet::at(&server.home).arg("serve").run();
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(!refused.stderr.contains("panicked"), "{refused:?}");
    refused
}

#[test]
fn a_directory_whose_database_is_gone_is_not_taken_for_a_new_one() {
    let (server, job) = used();
    let database = server.data_directory().join("sublet.db");
    let kept = fs::read(&database).unwrap();
    fs::write(&database, "").unwrap();
    refusal(&server).says(&["sublet.db", "backup restore"]);
    fs::remove_file(&database).unwrap();
    refusal(&server).says(&["sublet.db", "backup restore"]);
    assert!(!database.exists(), "nothing is made in its place");

    fs::write(&database, kept).unwrap();
    let server = server.restart();
    assert_eq!(server.log_of(&job), "kept\n");
}

/// The files of the database, which change together.
fn records(server: &Server) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = ["sublet.db", "sublet.db-wal"].map(|name| server.data_directory().join(name));
    let there = paths.into_iter().filter(|path| path.exists());
    there
        .map(|path| {
            let content = fs::read(&path).unwrap();
            (path, content)
        })
        .collect()
}

#[test]
fn a_job_does_not_get_the_log_of_one_that_an_older_database_does_not_know() {
    let (server, _) = used();
    let older = records(&server);
    let server = server.restart();
    let forgotten = server.submit(&[], "print secret");
    server.wait(&forgotten);
    assert_eq!(server.log_of(&forgotten), "secret\n");
    stop(&server);

    for (path, _) in records(&server) {
        fs::remove_file(path).unwrap();
    }
    for (path, content) in older {
        fs::write(path, content).unwrap();
    }
    let server = server.restart();
    let job = server.submit(&[], "print mine");
    server.wait(&job);
    assert_eq!(server.log_of(&job), "mine\n");
    assert!(server.log().contains("their numbers are not given again"));
}

#[test]
fn a_database_with_turned_bits_starts_a_server_or_is_refused_by_its_name() {
    let (server, _) = used();
    let database = server.data_directory().join("sublet.db");
    let whole = fs::read(&database).unwrap();
    let seed = 23;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let length = u32::try_from(whole.len()).unwrap();
    let mut server = server;
    // The beginning of a database is where most is decided.
    for bound in [100, 100, 4_096, length, length] {
        let mut damaged = whole.clone();
        let (at, bit) = (random.below(bound) as usize, random.below(8));
        damaged[at] ^= 1 << bit;
        fs::write(&database, damaged).unwrap();
        let answers;
        (server, answers) = server.try_restart();
        if answers {
            let answer = server.request("GET", "/v1/jobs", b"");
            assert!([200, 500].contains(&answer.status), "{}", answer.text());
            server.kill9();
        } else {
            refusal(&server).says(&["S0708", "database"]);
        }
        assert!(!server.log().contains("panicked"), "bit {bit} of {at}");
        for beside in ["sublet.db-wal", "sublet.db-shm"] {
            drop(fs::remove_file(server.data_directory().join(beside)));
        }
    }
}

#[test]
fn damaged_machine_code_is_made_anew_and_never_run() {
    let (server, _) = used();
    let artifacts = files(&server.data_directory(), ".cwasm");
    assert!(!artifacts.is_empty());
    for artifact in &artifacts {
        let mut code = fs::read(artifact).unwrap();
        let middle = code.len() / 2;
        code[middle] ^= 1;
        fs::write(artifact, code).unwrap();
    }
    let server = server.restart();
    let job = server.submit(&[], "print again");
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.log_of(&job), "again\n");
}

#[test]
fn a_damaged_log_says_that_something_is_missing() {
    let (server, job) = used();
    for log in files(&server.data_directory().join("logs"), ".log") {
        let mut bytes = fs::read(&log).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&log, bytes).unwrap();
    }
    let server = server.restart();
    let log = server.request("GET", &format!("/v1/jobs/{job}/logs"), b"");
    assert!(log.text().contains("missing_bytes"), "{}", log.text());
    assert!(!log.text().contains("kept"), "{}", log.text());
}

/// Has every commit of the server wait, as a disk does whose flushes take long.
struct SlowDisk(Connection);

impl SlowDisk {
    fn of(server: &Server) -> Self {
        let database = Connection::open(server.data_directory().join("sublet.db")).unwrap();
        database.busy_timeout(DEADLINE).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(database)
    }

    fn speed_up(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn while_records_wait_for_a_slow_disk_questions_are_answered_and_submissions_are_not_lost() {
    let server = Server::start();
    let before = server.submit(&[], "print before");
    server.wait(&before);
    let disk = SlowDisk::of(&server);
    let path = core("probe").path;
    let waiting = server
        .command()
        .args([
            "submit",
            "-q",
            path.to_str().unwrap(),
            "--",
            "print",
            "after",
        ])
        .start();
    assert_eq!(server.job(&before)["state"], "finished");
    assert_eq!(server.log_of(&before), "before\n");
    server.get("/v1/jobs");
    disk.speed_up();
    let job = waiting.wait().code(0).text().to_owned();
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    server.is_at_rest();
}

#[test]
fn a_server_whose_records_fail_ends_rather_than_forget_and_goes_on_where_it_was() {
    let server = Server::start();
    let before = server.submit(&[], "print before");
    let record = server.wait(&before);
    let running = server.submit(&[], "print started , sleep 3000");
    server.wait_for_state(&running, "running");
    let disk = SlowDisk::of(&server);
    let path = core("probe").path;
    let refused = server.sublet(&["submit", "-q", path.to_str().unwrap(), "--", "exit", "0"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert_ne!(server.exit_within(DEADLINE), 0);
    disk.speed_up();

    let server = server.restart();
    assert_eq!(server.job(&before), record);
    assert_eq!(server.wait(&running)["end"]["outcome"]["kind"], "succeeded");
    let jobs = server.get("/v1/jobs")["items"].as_array().unwrap().len();
    assert_eq!(jobs, 2, "what was refused is not there");
    server.is_at_rest();
}

/// A server whose disk fails once, at this step, which may come before it is ready.
fn failing_at(step: &str) -> Option<Server> {
    if !cfg!(debug_assertions) {
        skip_loudly("faults are planted in builds with debug assertions only");
        return None;
    }
    let server = Server::with_slots(2);
    server.kill9();
    Some(server.begin_again(Some(&format!("{step}:lie"))))
}

#[test]
fn a_disk_that_fails_in_the_middle_of_work_loses_nothing_that_was_acknowledged() {
    let path = core("probe").path;
    let path = path.to_str().unwrap();
    // Where it starts, where a job is submitted or begins or ends.
    for occurrence in 1..=5 {
        let Some(server) = failing_at(&format!("front.disk.commit@{occurrence}")) else {
            return;
        };
        let mut acknowledged = Vec::new();
        eventually(DEADLINE, "it ends at its failing disk", || {
            let submitted = server.sublet(&["submit", "-q", path, "--", "print", "done"]);
            match submitted.code {
                Some(0) => acknowledged.push(submitted.text().to_owned()),
                _ => assert!(!submitted.stderr.is_empty()),
            }
            (!server.process().lives()).then_some(())
        });
        assert_ne!(server.exit_within(DEADLINE), 0, "{occurrence}");

        let server = server.begin_again(None).ready();
        for job in &acknowledged {
            assert_eq!(server.wait(job)["tasks"]["succeeded"], 1, "{occurrence}");
        }
        let jobs = server.get("/v1/jobs")["items"].as_array().unwrap().len();
        assert_eq!(jobs, acknowledged.len(), "{occurrence}");
        server.is_at_rest();
    }
}

#[test]
fn what_a_failing_disk_does_not_take_is_counted_and_its_job_goes_on() {
    let Some(server) = failing_at("front.disk.log@1").map(Server::ready) else {
        return;
    };
    let job = server.submit(
        &["--restart", "never"],
        "print lost , sleep 300 , print kept",
    );
    let record = server.wait(&job);
    assert_eq!(record["tasks"]["succeeded"], 1, "{record:#}");
    let cut = record["usage"]["output_cut_bytes"].as_u64().unwrap();
    let kept = server.log_of(&job);
    assert!(cut >= 5, "{record:#}");
    assert_eq!(kept.len() as u64 + cut, 10, "{kept:?}");
    let printed = server.submit(&[], "print kept");
    server.wait(&printed);
    assert_eq!(server.log_of(&printed), "kept\n");

    let Some(server) = failing_at("front.disk.output@1").map(Server::ready) else {
        return;
    };
    let leaves = |server: &Server| {
        let job = server.submit(&["--scratch", "1MiB"], "write /out/kept words");
        assert_eq!(server.wait(&job)["tasks"]["succeeded"], 1);
        job
    };
    let lost = leaves(&server);
    let detail = server.attempts(&lost, 0)[0]["detail"].clone();
    assert!(
        detail.as_str().unwrap().contains("not kept of /out"),
        "{detail}"
    );
    let kept = leaves(&server);
    server.sublet(&["jobs", "artifacts", &kept]).code(0);
    assert_eq!(server.attempts(&kept, 0)[0]["detail"], json!(null));
    server.is_at_rest();
}

#[test]
fn a_server_without_descriptors_refuses_what_it_cannot_do_and_recovers() {
    let server = Server::start();
    let before = server.submit(&[], "print before");
    let record = server.wait(&before);
    server.is_at_rest();
    let all = getrlimit(Resource::Nofile);
    let few = limit_descriptors(&server, |used| Rlimit {
        current: Some(used as u64 + 2),
        ..all
    });
    let path = core("probe").path;
    let path = path.to_str().unwrap();
    let mut jobs = Vec::new();
    for _ in 0..5 {
        let submitted = server.sublet(&["submit", "-q", path, "--", "exit", "0"]);
        match submitted.code {
            Some(0) => jobs.push(submitted.text().to_owned()),
            _ => assert!(!submitted.stderr.is_empty()),
        }
    }
    assert!(server.process().lives(), "it has {few} descriptors");
    limit_descriptors(&server, |_| all);

    assert_eq!(server.job(&before), record);
    for job in &jobs {
        server.wait(job);
    }
    let after = server.submit(&[], "print after");
    assert_eq!(server.wait(&after)["end"]["outcome"]["kind"], "succeeded");
    server.is_at_rest();
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn attempts_that_find_no_descriptor_wait_for_one_and_are_not_lost() {
    let server = Server::start();
    server.push_probe();
    let all = getrlimit(Resource::Nofile);
    limit_descriptors(&server, |used| Rlimit {
        current: Some(used as u64 + 2),
        ..all
    });
    let submitted = eventually(DEADLINE, "a submission is taken", || {
        let answer = server.post_job(json!({}), &["print", "hello"]);
        (answer.status == 201).then(|| answer.json())
    });
    let job = submitted["id"].as_str().unwrap();
    eventually(DEADLINE, "the server says what is missing", || {
        let said = server.log().contains("no means to start attempts");
        said.then_some(())
    });
    limit_descriptors(&server, |_| all);
    let record = server.wait(job);
    assert_eq!(record["end"]["outcome"]["kind"], "succeeded", "{record:#}");
    assert_eq!(server.attempts(job, 0).len(), 1);
    server.is_at_rest();
}

/// Says how many descriptors the server had.
fn limit_descriptors(server: &Server, limit: impl Fn(usize) -> Rlimit) -> usize {
    let used = server.process().descriptors();
    let pid = Pid::from_raw(server.process().id());
    prlimit(pid, Resource::Nofile, limit(used)).unwrap();
    used
}
