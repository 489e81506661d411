//! The wall around workers: that it stands, and what is said and done where a layer of it is missing.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::thread;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde_json::Value;

use crate::harness::{Home, Server, Sublet, skip_loudly};

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

/// Files of other accounts (0, 1, 3), low ports (10), shares of processors (23) and limits (24).
const KEPT_BY_THE_FRONT: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 10 | 1 << 23 | 1 << 24 | 1 << 31;

fn holds(page: &Value, name: &str) -> Value {
    let items = page["items"].as_array().unwrap();
    items.iter().find(|one| one["name"] == name).unwrap()["holds"].clone()
}

/// The layers that this host does not have.
fn missing() -> Vec<&'static str> {
    let home = Home::without_server();
    let page = Sublet::at(&home)
        .args(["-o", "json", "doctor"])
        .run()
        .json();
    let mut layers = LAYERS.to_vec();
    layers.retain(|layer| holds(&page, layer) != "yes");
    layers
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
