//! Taking a security release of the engine, and what must not be among the dependencies.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::repository;

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The numbers of a version.
fn version(text: &str) -> Vec<u64> {
    let numbers = text.split(['-', '+']).next().unwrap().split('.');
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// What is locked, with its version.
fn locked(lock: &str) -> Vec<(String, String)> {
    let lock: toml::Table = lock.parse().unwrap();
    let word = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = lock["package"].as_array().unwrap().iter();
    packages
        .map(|package| (word(package, "name"), word(package, "version")))
        .collect()
}

/// Which of the locked versions the rules deny.
fn denied(rules: &str, lock: &str) -> Vec<String> {
    let rules: toml::Table = rules.parse().unwrap();
    let rules = rules["bans"]["deny"].as_array().unwrap();
    assert!(rules.len() >= 5, "the rules were not found");
    let mut found = Vec::new();
    for (name, locked) in locked(lock) {
        for rule in rules {
            let rule = rule["crate"].as_str().unwrap();
            let (banned, bound) = rule.split_once(":<").unwrap_or((rule, ""));
            if banned == name && (bound.is_empty() || version(&locked) < version(bound)) {
                found.push(format!("{name} {locked}: {rule}"));
            }
        }
    }
    found
}

#[test]
fn nothing_that_is_locked_is_denied() {
    let (rules, lock) = (read(".deny.toml"), read("Cargo.lock"));
    assert_eq!(denied(&rules, &lock), [""; 0]);
    for (name, least) in [("wasmtime", "48.0.8"), ("h2", "0.4.16"), ("tar", "0.4.45")] {
        let older = |(found, version): &(String, String)| {
            lock.replace(
                &format!("name = \"{found}\"\nversion = \"{version}\""),
                &format!("name = \"{found}\"\nversion = \"0.0.1\""),
            )
        };
        let locked = locked(&lock);
        let one = locked.iter().find(|one| one.0 == name).unwrap();
        let said = denied(&rules, &older(one));
        assert!(
            said.iter().any(|said| said.ends_with(least)),
            "{name}: {said:?}"
        );
    }
}

/// A clone of the repository, in which the command may write.
struct Checkout(TempDir);

impl Checkout {
    fn new() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let whole = repository().to_str().unwrap();
        checkout.git(&["clone", "--quiet", "--no-hardlinks", whole, "."]);
        // Only what is committed is in a clone; what is being written belongs to the test as well.
        for path in [
            ".ci/take-wasmtime",
            ".deny.toml",
            "Cargo.toml",
            "Cargo.lock",
        ] {
            fs::copy(repository().join(path), checkout.0.path().join(path)).unwrap();
        }
        checkout.git(&[
            "commit",
            "--quiet",
            "--all",
            "--allow-empty",
            "-m",
            "as it is",
        ]);
        checkout
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@localhost"]);
        git.args(arguments).current_dir(self.0.path());
        assert!(git.status().unwrap().success(), "git {arguments:?}");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    /// The command's exit code and what it says of trouble.
    fn take(&self, version: &str) -> (Option<i32>, String) {
        let mut take = Command::new(self.0.path().join(".ci/take-wasmtime"));
        take.args([version, "--unchecked"])
            .env("CARGO_NET_OFFLINE", "true");
        let output = take.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }
}

/// The packages of the engine that are locked.
fn engine(lock: &str) -> Vec<(String, String)> {
    let mut packages = locked(lock);
    packages.retain(|one| one.0.starts_with("wasmtime"));
    packages
}

fn version_of_the_engine() -> String {
    let engine = engine(&read("Cargo.lock"));
    engine
        .into_iter()
        .find(|one| one.0 == "wasmtime")
        .unwrap()
        .1
}

#[test]
fn a_release_of_the_engine_is_taken_with_one_command() {
    let checkout = Checkout::new();
    for (version, says) in [
        ("48.0", "three numbers"),
        ("48.0.1", "is older than"),
        ("47.0.9", "another line"),
        ("99.0.0", "another line"),
    ] {
        let (code, said) = checkout.take(version);
        assert!(
            code == Some(1) && said.contains(says),
            "{version}: {code:?} {said}"
        );
    }
    assert_eq!(checkout.read("Cargo.toml"), read("Cargo.toml"));
    // The one that is there is the only one that can be had without a network.
    let present = version_of_the_engine();
    let (code, said) = checkout.take(&present);
    assert_eq!(code, Some(0), "{said}");
    let least = format!("wasmtime = {{ version = \">={present}, <");
    assert!(checkout.read("Cargo.toml").contains(&least));
    let rule = format!("\"wasmtime:<{present}\"");
    assert!(checkout.read(".deny.toml").contains(&rule));
    assert_eq!(
        engine(&checkout.read("Cargo.lock")),
        engine(&read("Cargo.lock"))
    );
}

#[test]
fn the_engine_that_runs_is_the_one_that_is_locked() {
    let present = version_of_the_engine();
    let said = crate::harness::shared().json(&["version"]);
    let engine = said["server"]["engine"]
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    assert!(engine.contains(&format!("wasmtime-{present}")), "{engine}");
}
