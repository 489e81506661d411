//! The wall around workers: that it stands, and what is said and done where a layer of it is missing.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde_json::Value;

use crate::harness::{DEADLINE, Home, Server, Sublet, bytes_of, core, eventually, skip_loudly};
use crate::uploads::slow_functions;

/// The call with which Landlock begins, and what a kernel answers that was built without it.
const LANDLOCK_CREATE_RULESET: i64 = 444;
const ENOSYS: u32 = 38;
const LAYERS: [&str; 5] = [
    "descriptors",
    "namespaces",
    "privileges",
    "landlock",
    "seccomp",
];

/// Files of other accounts (0, 1, 3), processes of other accounts (5) and becoming them (6, 7), low ports (10), shares of
/// processors (23), limits (24) and rights of files (31).
const KEPT_BY_THE_FRONT: u64 =
    1 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 23 | 1 << 24 | 1 << 31;

fn holds(page: &Value, name: &str) -> Value {
    let items = page["items"].as_array().unwrap();
    items.iter().find(|one| one["name"] == name).unwrap()["holds"].clone()
}

/// What is found on this host, without a server.
fn found() -> Value {
    let doctor = Sublet::at(&Home::without_server());
    doctor.args(["-o", "json", "doctor"]).run().json()
}

/// The layers that this host does not have.
fn missing() -> Vec<&'static str> {
    let page = found();
    let mut layers = LAYERS.to_vec();
    layers.retain(|layer| holds(&page, layer) != "yes");
    layers
}

/// Whether a server that is started here gives accounts to its workers.
fn accounts_are_given() -> bool {
    let are_given = holds(&found(), "accounts") == "yes";
    if !are_given {
        skip_loudly("only root with all its rights gives accounts to others");
    }
    are_given
}

/// Does something on a thread, and with programs, for which the kernel has no Landlock.
fn without_landlock(what: impl FnOnce() + Send + 'static) {
    let rules = BTreeMap::from([(LANDLOCK_CREATE_RULESET, Vec::new())]);
    let no_such_call = SeccompAction::Errno(ENOSYS);
    let architecture = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, no_such_call, architecture);
    let filter = BpfProgram::try_from(filter.unwrap()).unwrap();
    let done = thread::spawn(move || {
        seccompiler::apply_filter(&filter).unwrap();
        what();
    });
    done.join().unwrap();
}

#[test]
fn every_worker_stands_behind_every_layer() {
    let missing = missing();
    if !missing.is_empty() {
        return skip_loudly(&format!("this host has no {}", missing.join(", ")));
    }
    let server = Server::start_with(&["--require-hardening"]);
    let job = server.submit(&["--timeout", "5m"], "sleep 100000");
    server.wait_for_state(&job, "running");
    let workers = server.workers();
    assert!(!workers.is_empty());
    for worker in workers {
        let status = fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
        let says = |field: &str, values: &[&str]| {
            let line = status.lines().find(|line| line.starts_with(field)).unwrap();
            assert!(values.contains(&line[field.len()..].trim()), "{line}");
        };
        says("NoNewPrivs:", &["1"]);
        says("Seccomp:", &["2"]);
        // Leaving the idle class is the one right of root that may be kept.
        says("CapPrm:", &["0000000000000000", "0000000000800000"]);
        stands_apart(worker.id(), server.process().id());
        let limits = fs::read_to_string(format!("/proc/{}/limits", worker.id())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        assert_eq!(
            core.unwrap().split_whitespace().nth(4),
            Some("0"),
            "{limits}"
        );
    }
    let front = format!("/proc/{}/status", server.process().id());
    let front = fs::read_to_string(front).unwrap();
    assert!(front.contains("NoNewPrivs:\t1"), "{front}");
    assert!(front.contains("Seccomp:\t2"), "{front}");
    let rights = front.lines().find(|line| line.starts_with("CapPrm:"));
    let rights = rights.unwrap().trim_start_matches("CapPrm:").trim();
    let rights = u64::from_str_radix(rights, 16).unwrap();
    assert_eq!(rights & !KEPT_BY_THE_FRONT, 0, "{front}");
    let answer = server.request("GET", "/readyz?verbose", b"");
    let walls = |line: &str| line.contains("\"walls\"") && line.contains("\"ok\"");
    assert!(answer.text().lines().any(walls), "{}", answer.text());
    let settings = server.json(&["admin", "config", "show"]);
    let settings = settings["items"].as_array().unwrap();
    let required = settings
        .iter()
        .find(|one| one["key"] == "service.require_hardening");
    assert_eq!(required.unwrap()["value"], "true");
    assert_eq!(required.unwrap()["origin"], "flag");
}

/// Shares no namespace that it could do without.
fn stands_apart(worker: impl Display, front: impl Display) {
    for name in ["user", "net", "ipc", "uts"] {
        let of = |process: &dyn Display| fs::read_link(format!("/proc/{process}/ns/{name}"));
        match (of(&worker), of(&front)) {
            (Ok(worker), Ok(front)) => assert_ne!(worker, front),
            (worker, front) => skip_loudly(&format!(
                "only root looks at the {name} namespace of a process that hides its memory: {worker:?} {front:?}"
            )),
        }
    }
}

#[test]
fn a_server_that_must_have_every_layer_does_not_start_without_one() {
    without_landlock(|| {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::below(directory.path());
        let file = directory.path().join("config.toml");
        fs::write(&file, "[service]\nrequire_hardening = true\n").unwrap();
        let by_flag = Sublet::at(&home).args(["serve", "--require-hardening"]);
        let by_file = Sublet::at(&home).args(["serve", "--config"]).arg(&file);
        for serve in [by_flag, by_file] {
            let output = serve.run().code(1);
            output.says(&[
                "S0710",
                "no landlock",
                "built without Landlock",
                "sublet doctor",
            ]);
        }
    });
}

#[test]
fn a_layer_that_is_missing_is_told_and_jobs_run_without_it() {
    without_landlock(|| {
        let server = Server::start();
        let job = server.submit(&[], "exit 0");
        assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
        let answer = server.request("GET", "/readyz?verbose", b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let warned = |line: &str| {
            line.contains("\"walls\"")
                && line.contains("\"warning\"")
                && line.contains("no landlock")
        };
        assert!(answer.text().lines().any(warned), "{}", answer.text());
        let doctor = server.sublet(&["-o", "json", "doctor"]).code(0).json();
        assert_eq!(holds(&doctor, "landlock"), "no", "{doctor:#}");
        for layer in ["privileges", "descriptors", "namespaces"] {
            assert_eq!(holds(&doctor, layer), "yes", "{doctor:#}");
        }
    });
}

/// The account of a process, as the host sees it: user and group, each the same by all its names.
fn account_of(process: i32) -> (String, String) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let numbers: Vec<&str> = line.unwrap().split_whitespace().collect();
        assert!(numbers.iter().all(|one| *one == numbers[0]), "{status}");
        numbers
            .first()
            .map_or_else(String::new, |one| (*one).to_owned())
    };
    (field("Uid:"), field("Gid:"))
}

#[test]
fn where_root_starts_it_each_users_workers_and_files_are_those_of_an_account_of_their_own() {
    if !accounts_are_given() {
        return;
    }
    let server = Server::listening(4);
    let ada = server.add_user("ada", &[]);
    let flags = ["--timeout", "5m", "--scratch", "1MiB"];
    let steps = "write /out/kept words , write /state/kept words , write /tmp/kept words , \
                 print written , sleep 100000";
    let own = server.submit(&flags, steps);
    server.wait_for_state(&own, "running");
    let of_owner = server.workers();
    let job = ada.submit(&core("probe"), &flags, steps);
    eventually(DEADLINE, "both have written", || {
        let logs = [server.log_of(&own), server.log_of(&job)];
        logs.iter().all(|log| log == "written\n").then_some(())
    });
    let workers = server.workers();
    assert_eq!((of_owner.len(), workers.len()), (1, 2));
    let mut accounts: Vec<_> = workers
        .iter()
        .map(|worker| account_of(worker.id()))
        .collect();
    accounts.sort();
    assert_ne!(accounts[0], accounts[1]);
    for worker in &workers {
        let status = fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
        let others = status.lines().find_map(|line| line.strip_prefix("Groups:"));
        assert_eq!(others.map(str::trim), Some(""), "{status}");
    }
    for (user, group) in &accounts {
        assert!(user == group && user.starts_with("19"), "{accounts:?}");
    }

    // What they wrote is theirs, what they read is not, and nothing leads from one to the other.
    for (user, (account, _)) in ["1", "2"].into_iter().zip(&accounts) {
        let work = server
            .data_directory()
            .join("users")
            .join(user)
            .join("work");
        let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid().to_string();
        for folder in ["", "inputs", "attempts", "state"] {
            assert_eq!(owner(&work.join(folder)), "0", "{folder}");
        }
        let written = files_named("kept", &work);
        assert_eq!(written.len(), 3, "{written:?}");
        for file in written {
            assert_eq!(owner(&file), *account, "{}", file.display());
        }
        let above = fs::metadata(work.parent().unwrap()).unwrap();
        assert_eq!(above.mode() & 0o077, 0);
    }
    for one in [&own, &job] {
        server.sublet(&["cancel", one]).code(0);
        server.wait(one);
    }
    server.is_at_rest();
}

/// The paths of all files of this name.
fn files_named(name: &str, below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_named(name, &path));
        } else if path.ends_with(name) {
            found.push(path);
        }
    }
    found
}

#[test]
fn root_without_a_right_for_it_shares_its_account_and_says_so() {
    if !accounts_are_given() {
        return;
    }
    // Of this thread, and for good, also for what it starts.
    let done = thread::spawn(|| {
        remove_capability_from_bounding_set(CapabilitySet::SETUID).unwrap();
        let server = Server::with_slots(1);
        let flags = ["--timeout", "5m", "--scratch", "1MiB"];
        let job = server.submit(&flags, "write /out/kept words , sleep 100000");
        server.wait_for_state(&job, "running");
        let workers = server.workers();
        assert_eq!(account_of(workers[0].id()).0, "0");
        let doctor = server.sublet(&["-o", "json", "doctor"]).code(0).json();
        assert_eq!(holds(&doctor, "accounts"), "no");
        assert!(doctor.to_string().contains("CAP_SETUID"), "{doctor:#}");
        server.sublet(&["cancel", &job]).code(0);
        server.wait(&job);
        server.is_at_rest();
    });
    done.join().unwrap();
}

#[test]
fn where_root_starts_it_a_compiler_is_nobody_who_has_anything() {
    if !accounts_are_given() {
        return;
    }
    let server = Server::with_slots(1);
    let slow = bytes_of("slow.wasm", &slow_functions());
    let path = slow.path.to_str().unwrap();
    let account = thread::scope(|scope| {
        let push = scope.spawn(|| server.sublet(&["modules", "push", path]));
        let seen = eventually(DEADLINE, "a compiler is at work", || {
            let compiler = server.process().children("compile").pop()?;
            let status = fs::read_to_string(format!("/proc/{}/status", compiler.id())).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
            let number = line.split_whitespace().next()?.to_owned();
            (number != "0").then_some(number)
        });
        push.join().unwrap();
        seen
    });
    assert_eq!(account, "1900000000");
}
