//! Whether a server can do its work, and what is wrong with its host.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::{DEADLINE, Home, Server, Sublet, eventually, shared};

#[test]
fn a_ready_server_tells_of_each_check() {
    let answer = shared().request("GET", "/readyz?verbose", b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let checks: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = checks
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "driver",
            "store",
            "disk",
            "certificate",
            "networks",
            "workers",
            "walls"
        ]
    );
    for check in &checks {
        assert_eq!(check["state"], "ok", "{check}");
        assert!(!check["detail"].as_str().unwrap().is_empty(), "{check}");
    }
    assert_eq!(shared().request("GET", "/readyz", b"").text(), "ok\n");
    let refused = shared().request("GET", "/readyz?loud", b"");
    assert_eq!(refused.problem()["code"], "S0102");
}

#[test]
fn a_server_without_room_says_that_it_is_not_ready_and_why() {
    let server = Server::configured("[pool]\nreserve = { disk = \"900TiB\" }\n");
    for target in ["/readyz", "/readyz?verbose"] {
        let answer = server.request("GET", target, b"");
        let problem = answer.problem();
        assert_eq!(
            (answer.status, &problem["code"]),
            (503, &Value::from("S0503"))
        );
        assert_eq!(
            problem["errors"].as_array().unwrap().len(),
            1,
            "{problem:#}"
        );
        assert_eq!(problem["errors"][0]["pointer"], "disk", "{problem:#}");
        assert!(
            problem["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains("900TiB")
        );
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(server.request("GET", "/livez", b"").status, 200);
    let doctor = server.sublet(&["-o", "json", "doctor"]).code(1);
    let found = finding(&doctor.json(), "server: disk");
    assert_eq!(
        (&found["holds"], &found["promised"]),
        (&"no".into(), &true.into())
    );
    doctor.says(&["S0710", "disk"]);
}

#[test]
fn few_networks_are_a_warning_and_no_reason_to_be_unready() {
    let server = Server::configured("[service]\nnetworks = { prepared = 3, low = 3 }\n");
    let answer = server.request("GET", "/readyz?verbose", b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let warned = |line: &str| line.contains("\"networks\"") && line.contains("\"warning\"");
    assert!(answer.text().lines().any(warned), "{}", answer.text());
}

#[test]
fn a_server_that_stops_is_not_ready() {
    let server = Server::with_slots(1);
    let job = server.submit(&["--timeout", "5m"], "sleep 100000");
    server.wait_for_state(&job, "running");
    server.terminate();
    let problem = eventually(DEADLINE, "it is not ready any more", || {
        let answer = server.request("GET", "/readyz?verbose", b"");
        (answer.status == 503).then(|| answer.problem())
    });
    assert_eq!(problem["errors"][0]["pointer"], "driver", "{problem:#}");
    server.terminate();
    server.exit_within(DEADLINE);
}

fn finding(page: &Value, name: &str) -> Value {
    let items = page["items"].as_array().unwrap();
    let found = items.iter().find(|one| one["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {page:#}"))
        .clone()
}

#[test]
fn the_doctor_works_without_a_server() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::below(root.path());
    let page = Sublet::at(&home)
        .args(["-o", "json", "doctor"])
        .run()
        .code(0)
        .json();
    for name in [
        "kernel",
        "bursts",
        "pagemap scan",
        "privileges",
        "descriptors",
        "landlock",
        "seccomp",
        "namespaces",
        "open files",
        "memory",
        "clock",
        "configuration",
        "disk",
        "file system",
        "permissions",
        "certificates",
        "listening",
        "metrics",
        "server",
    ] {
        let found = finding(&page, name);
        assert!(!found["detail"].as_str().unwrap().is_empty(), "{found}");
    }
    assert_eq!(finding(&page, "server")["holds"], "unknown");
    let text = Sublet::at(&home).arg("doctor").run().code(0);
    assert!(
        text.stdout.contains("  seccomp  ") && text.stdout.starts_with("yes"),
        "{text:?}"
    );
}

#[test]
fn the_doctor_finds_what_is_open_to_others_and_tells_what_to_do() {
    let server = Server::start();
    let page = server.sublet(&["-o", "json", "doctor"]).code(0).json();
    for name in [
        "permissions",
        "certificates",
        "server: driver",
        "server: certificate",
    ] {
        assert_eq!(finding(&page, name)["holds"], "yes", "{page:#}");
    }
    let key = server.data_directory().join("keys/authority-1.key");
    let mode = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let doctor = server.sublet(&["-o", "json", "doctor"]).code(1);
    let found = finding(&doctor.json(), "permissions");
    assert!(
        found["detail"]
            .as_str()
            .unwrap()
            .contains("authority-1.key"),
        "{found}"
    );
    assert!(
        found["help"].as_str().unwrap().starts_with("chmod"),
        "{found}"
    );
    mode(0o600);
    server.sublet(&["doctor"]).code(0);
}

#[test]
fn the_doctor_finds_a_configuration_that_no_server_would_start_with() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("config.toml");
    fs::write(&file, "[pool]\nreserv = 1\n").unwrap();
    let home = Home::below(root.path());
    let doctor = Sublet::at(&home)
        .args(["doctor", "--config"])
        .arg(&file)
        .run();
    doctor.code(1).says(&["configuration"]);
}
