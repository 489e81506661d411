//! Taking a security release of the engine, and what must not be among the dependencies.

use std::fs;
use std::process::Command;

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
            let (banned, bound) = rule.split_once("@<").unwrap_or((rule, ""));
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

#[test]
fn a_release_of_the_engine_is_taken_with_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let checkout = folder.path().join("checkout");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@localhost"]);
        assert!(
            git.args(arguments)
                .current_dir(folder.path())
                .status()
                .unwrap()
                .success()
        );
    };
    // Only what is committed is in a clone; what is being written belongs to the test as well.
    git(&[
        "clone",
        "--quiet",
        "--no-hardlinks",
        repository().to_str().unwrap(),
        "checkout",
    ]);
    for path in [
        ".ci/take-wasmtime",
        ".deny.toml",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        fs::copy(repository().join(path), checkout.join(path)).unwrap();
    }
    git(&[
        "-C",
        "checkout",
        "commit",
        "--quiet",
        "--all",
        "--allow-empty",
        "-m",
        "as it is",
    ]);
    let present = locked(&read("Cargo.lock"))
        .into_iter()
        .find(|one| one.0 == "wasmtime")
        .unwrap()
        .1;
    let take = |version: &str| {
        let output = Command::new(checkout.join(".ci/take-wasmtime"))
            .args([version, "--unchecked"])
            .env("CARGO_NET_OFFLINE", "true")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    for (version, says) in [
        ("48.0", "three numbers"),
        ("48.0.1", "is older than"),
        ("47.0.9", "another line"),
        ("99.0.0", "another line"),
    ] {
        let (code, said) = take(version);
        assert!(
            code == Some(1) && said.contains(says),
            "{version}: {code:?} {said}"
        );
    }
    let manifest = checkout.join("Cargo.toml");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), read("Cargo.toml"));
    // The one that is there is the only one that can be had without a network.
    let (code, said) = take(&present);
    assert_eq!(code, Some(0), "{said}");
    let least = format!("wasmtime = {{ version = \">={present}, <");
    assert!(fs::read_to_string(&manifest).unwrap().contains(&least));
    let rule = format!("\"wasmtime@<{present}\"");
    assert!(
        fs::read_to_string(checkout.join(".deny.toml"))
            .unwrap()
            .contains(&rule)
    );
    let lock = fs::read_to_string(checkout.join("Cargo.lock")).unwrap();
    let engine = |lock: &str| -> Vec<_> {
        let mut packages = locked(lock);
        packages.retain(|one| one.0.starts_with("wasmtime"));
        packages
    };
    assert_eq!(engine(&lock), engine(&read("Cargo.lock")));
}

#[test]
fn the_engine_that_runs_is_the_one_that_is_locked() {
    let present = locked(&read("Cargo.lock"))
        .into_iter()
        .find(|one| one.0 == "wasmtime")
        .unwrap()
        .1;
    let said = crate::harness::shared().json(&["version"]);
    let engine = said["server"]["engine"]
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    assert!(engine.contains(&format!("wasmtime-{present}")), "{engine}");
}
