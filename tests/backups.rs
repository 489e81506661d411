//! One file that has everything: made while the server goes on, looked at, and taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::harness::{DEADLINE, Server, core};

#[test]
fn a_backup_has_everything_and_is_taken_back_whole_or_not_at_all() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let job = ada.submit(&core("probe"), &["--name", "kept"], "print hello");
    server.wait(&job);
    let running = ada.submit(&core("probe"), &["--timeout", "10m"], "sleep 600000");
    server.wait_for_state(&running, "running");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = path("monday.backup");
    ada.sublet(&["admin", "backup", "create", &file])
        .code(4)
        .says(&["S0110"]);
    server.sublet(&["admin", "backup", "create", &file]).code(0);
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    server
        .sublet(&["admin", "backup", "create", &file])
        .code(1)
        .says(&["S0707"]);
    assert_eq!(server.job(&running)["state"], "running");
    server.sublet(&["admin", "backup", "verify", &file]).code(0);

    let bytes = fs::read(&file).unwrap();
    let damaged = path("damaged.backup");
    for place in [10, bytes.len() / 2, bytes.len() - 10] {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        fs::write(&damaged, bytes).unwrap();
        server
            .sublet(&["admin", "backup", "verify", &damaged])
            .code(1)
            .says(&["S0711"]);
        let into = path("damaged");
        server
            .sublet(&["admin", "backup", "restore", &damaged, &into])
            .code(1);
        assert!(!fs::exists(&into).unwrap());
    }
    fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
    server
        .sublet(&["admin", "backup", "verify", &damaged])
        .code(1)
        .says(&["S0711"]);

    let into = path("restored");
    server
        .sublet(&["admin", "backup", "restore", &file, &into])
        .code(0);
    server
        .sublet(&["admin", "backup", "restore", &file, &into])
        .code(1)
        .says(&["not empty"]);
    ada.sublet(&["cancel", &running]).code(0);
    server.terminate();
    server.exit_within(DEADLINE);
    let address = crate::harness::address_of(&ada.credential());
    let server = Server::start_with(&["--data-dir", &into, "--listen", &address]);
    // Records, output, users and keys: who was let in before is let in now.
    assert_eq!(ada.json(&["whoami"])["user"], json!("ada"));
    assert_eq!(ada.json(&["jobs", "show", "kept"])["id"], json!(job));
    assert_eq!(ada.sublet(&["logs", &job]).code(0).stdout, "hello\n");
    server.sublet(&["audit", "verify"]).code(0);
}
