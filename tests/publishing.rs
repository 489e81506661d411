//! Ports of the host that lead to a guest: what they carry, when they are free again, and who else may have them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::json;

use crate::harness::{Answer, DEADLINE, Server, component, core, eventually, shared};
use crate::networks::keyvalue;

/// A port of this host that nobody has at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

#[test]
fn a_published_port_leads_to_the_guest_and_is_free_after_its_end() {
    let server = Server::with_slots(2);
    let port = free_port();
    let flags = [
        "--name",
        "store",
        "--publish",
        &format!("{port}:7000"),
        "--timeout",
        "10m",
    ];
    let store = keyvalue(&server, &flags, "serve 7000");
    let ask = |request: &str| -> Option<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        connection.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).ok()?;
        Some(answer).filter(|answer| !answer.is_empty())
    };
    eventually(DEADLINE, "the guest answers", || {
        ask("set a b\n").filter(|answer| answer == "ok\n")
    });
    assert_eq!(ask("get a\n").as_deref(), Some("value b\n"));
    server.sublet(&["cancel", &store]).code(0);
    server.wait(&store);
    eventually(DEADLINE, "the port is free", || {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
    });
}

/// Submits a server at a published port, and expects to be refused before anything is kept.
#[track_caller]
fn publishing_is_refused(server: &Server, publish: &str, words: &[&str]) {
    let jobs = || server.get("/v1/jobs")["items"].as_array().map(Vec::len);
    let before = jobs();
    let command = server.command().args(["submit", "--publish", publish]);
    let command = command.arg(component("keyvalue"));
    command
        .args(["--", "serve", "7000"])
        .run()
        .code(6)
        .says(words);
    assert_eq!(jobs(), before, "nothing is kept");
}

#[test]
fn a_port_that_is_taken_is_refused_at_submission() {
    let server = Server::with_slots(2);
    let foreign = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = foreign.local_addr().unwrap().port();
    let (publish, named) = (format!("{port}:7000"), format!("port {port}"));
    publishing_is_refused(&server, &publish, &["S0313", &named, "another program"]);
    drop(foreign);
    let flags = ["--publish", &publish, "--timeout", "10m"];
    let first = keyvalue(&server, &flags, "serve 7000");
    server.wait_for_state(&first, "running");
    publishing_is_refused(&server, &publish, &["S0313", &named, "another job"]);
    server.sublet(&["cancel", &first]).code(0);
    server.wait(&first);
    // Nothing is left of having been tried: the port is as good as new.
    let again = keyvalue(&server, &flags, "serve 7000");
    server.wait_for_state(&again, "running");
    server.sublet(&["cancel", &again]).code(0);
}

#[test]
fn a_port_that_is_taken_after_submission_is_named_and_nothing_starts() {
    let server = Server::with_slots(1);
    let waiting_for = ["--timeout", "10m"];
    let earlier = server.submit_guest(&component("probe"), &waiting_for, "spin");
    server.wait_for_state(&earlier, "running");
    let port = free_port();
    let publish = format!("{port}:7000");
    let flags = ["--publish", &publish, "--restart", "never"];
    let job = keyvalue(&server, &flags, "serve 7000");
    let _foreign = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    server.sublet(&["cancel", &earlier]).code(0);
    let ended = server.wait(&job);
    assert_eq!(ended["tasks"]["lost"], 1, "{ended:#}");
    let detail = ended["end"]["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("port {port}")), "{detail}");
}

#[test]
fn a_submission_that_comes_again_with_its_key_is_known_though_its_port_is_taken() {
    let server = Server::with_slots(2);
    let guest = component("keyvalue").path;
    let path = guest.to_str().unwrap();
    server
        .sublet(&["modules", "push", path, "--name", "store"])
        .code(0);
    let port = free_port();
    let body = json!({
        "module": "store",
        "args": ["serve", "7000"],
        "limits": {"timeout_ms": 600_000},
        "network": {"publish": [{"host_port": port, "guest_port": 7000}]},
    })
    .to_string();
    let submit = || {
        let key = [("Idempotency-Key", "once")];
        server.request_with("POST", "/v1/jobs", &key, body.as_bytes())
    };
    let id = |answer: Answer| answer.json()["id"].as_str().map(str::to_owned);
    let first = id(submit()).expect("it is in");
    server.wait_for_state(&first, "running");
    assert_eq!(id(submit()), Some(first.clone()));
    server.sublet(&["cancel", &first]).code(0);
}

#[test]
fn a_module_without_sockets_cannot_publish() {
    let server = shared();
    let guest = core("probe");
    let command = server
        .command()
        .args(["submit", "--publish", "18080:8080"])
        .arg(&guest);
    command.run().code(1).says(&["wasm32-wasip2"]);
}
