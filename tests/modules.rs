//! Modules: pushed once, found by many names, deleted when nobody needs them.

use std::fs;

use serde_json::json;

use crate::harness::{DEADLINE, Server, Sublet, bytes_of, component, core, eventually, shared};

#[test]
fn a_file_is_pushed_once_and_run() {
    let server = shared();
    let path = core("hello").path;
    let path = path.to_str().unwrap();

    let module = server.json(&["modules", "push", path]);
    let job = server.json(&["submit", path, "--wait", "--", "one"]);
    assert_eq!(job["module"], module["digest"]);
    assert_eq!(job["end"]["outcome"], json!({"kind": "succeeded"}));

    let again = server.json(&["modules", "push", path]);
    assert_eq!(again["digest"], module["digest"]);
    assert_eq!(again["pushed_at"], module["pushed_at"]);
}

#[test]
fn a_pushed_module_is_named_by_digest_prefix_or_name() {
    let server = shared();
    let path = component("hello").path;
    let module = server.json(&[
        "modules",
        "push",
        path.to_str().unwrap(),
        "--name",
        "greeter",
    ]);
    let digest = module["digest"].as_str().unwrap();
    for reference in [digest, &digest[..12], "greeter", "greeter@latest"] {
        let job = server.json(&["submit", reference, "--wait"]);
        assert_eq!(job["module"], digest, "{reference}");
    }
}

#[test]
fn a_module_goes_when_no_job_needs_it() {
    let server = Server::start();
    let path = core("probe").path;
    let push = ["modules", "push", path.to_str().unwrap(), "--name", "mine"];
    let module = server.json(&push);
    let digest = module["digest"].as_str().unwrap();
    let job = server.submit(&["--timeout", "10m"], "sleep 600000");

    server
        .sublet(&["modules", "delete", "mine"])
        .code(6)
        .says(&["S0416"]);
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    server.sublet(&["modules", "delete", "mine"]).code(0);

    for reference in ["mine", &digest[..12]] {
        server
            .sublet(&["modules", "show", reference])
            .code(5)
            .says(&["S0203"]);
    }
    server.sublet(&["retry", &job]).code(5).says(&["S0203"]);
    let record = server.job(&job);
    assert_eq!(record["module"], digest, "its records stay");
    assert_eq!(server.json(&push)["digest"], digest, "it can come again");
}

#[test]
fn machine_code_that_we_made_ourselves_is_refused_too() {
    let server = Server::start();
    let path = core("hello").path;
    server
        .sublet(&["modules", "push", path.to_str().unwrap()])
        .code(0);
    let folder = server.data_directory().join("users/1/artifacts");
    let artifact = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let artifact = fs::read(artifact.path()).unwrap();
    let answer = server.request("POST", "/v1/modules", &artifact);
    assert_eq!(answer.problem()["code"], "S0402");
    let file = bytes_of("artifact.wasm", &artifact);
    let run = Sublet::alone().arg("run").arg(&file).run();
    run.code(126).says(&["S0402"]);
}

/// A new server on the same data finds the machine code of the old one, and starts without its compiler.
#[test]
fn a_warm_module_is_compiled_once() {
    let server = Server::start();
    let first = server.submit(&[], "exit 0");
    server.wait(&first);
    let folder = server.data_directory().join("users/1/artifacts");
    let made = || {
        let mut made = Vec::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let metadata = entry.unwrap().metadata().unwrap();
            made.push(metadata.modified().unwrap());
        }
        made
    };
    let before = made();
    assert_eq!(before.len(), 1);

    server.terminate();
    server.exit_within(DEADLINE);
    let server = server.restart();
    let second = server.submit(&[], "exit 0");
    let record = server.wait(&second);
    assert_eq!(record["end"]["outcome"], json!({"kind": "succeeded"}));
    assert_eq!(made(), before, "the machine code is the same file");
}

#[test]
fn damaged_machine_code_is_made_anew() {
    let server = Server::start();
    let first = server.submit(&[], "exit 0");
    server.wait(&first);
    let folder = server.data_directory().join("users/1/artifacts");
    let artifact = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    server.terminate();
    server.exit_within(DEADLINE);
    let mut bytes = fs::read(artifact.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(artifact.path(), &bytes).unwrap();

    let server = server.restart();
    let second = eventually(DEADLINE, "a job succeeds", || {
        let job = server.submit(&[], "exit 0");
        let record = server.wait(&job);
        (record["end"]["outcome"]["kind"] == "succeeded").then_some(job)
    });
    let attempts = server.attempts(&second, 0);
    assert_eq!(attempts.last().unwrap()["outcome"]["kind"], "succeeded");
    assert!(
        fs::read(artifact.path()).unwrap() != bytes,
        "not the damaged one"
    );
}
