//! What guests do beyond their network, and how much of everything they may: as the peer, the record and the guest see it.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread::{self, JoinHandle};

use serde_json::json;

use crate::harness::{Server, Sublet, component, requester};
use crate::networks::{output, outside, traffic};

/// A server whose operator opens this address.
fn opened(target: &str) -> Server {
    Server::configured(&format!("[defaults]\negress = [\"protected:{target}\"]\n"))
}

/// Answers one request, and gives back what was asked.
fn answer_one(listener: TcpListener) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            caller.read_exact(&mut byte).unwrap();
            asked.extend(byte);
        }
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
        caller.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    })
}

/// The first of what the job's only attempt was denied, and how often that was.
fn denied(server: &Server, job: &str) -> (String, u64) {
    let attempt = &server.get(&format!("/v1/jobs/{job}/tasks/0"))["attempts"][0];
    let first = attempt["nic"]["denied"][0].as_str().unwrap_or_default();
    let count = attempt["usage"]["network"]["denials"].as_u64();
    (first.to_owned(), count.unwrap_or_default())
}

#[test]
fn datagrams_reach_what_operator_and_job_allow_and_are_answered() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let peer = UdpSocket::bind(listener.local_addr().unwrap()).unwrap();
    let server = opened(&target);
    let steps = format!("ask {target} hello");
    let silent = server.submit_guest(&component("probe"), &[], &steps);
    assert_eq!(server.wait(&silent)["tasks"]["failed"], 1);
    let (words, count) = denied(&server, &silent);
    assert!(
        words.starts_with(&format!("{target} ")) && count == 1,
        "{words}"
    );
    let answering = thread::spawn(move || {
        let mut asked = [0; 100];
        let (length, from) = peer.recv_from(&mut asked).unwrap();
        peer.send_to(b"and good bye", from).unwrap();
        asked[..length].to_vec()
    });
    let flags = ["--allow-net", target.as_str()];
    let job = server.submit_guest(&component("probe"), &flags, &steps);
    assert_eq!(output(&server, &job), "and good bye");
    // The first that came was that of the job which may.
    assert_eq!(answering.join().unwrap(), b"hello");
    let used = traffic(&server, &job);
    let counted = |name: &str| used[name].as_u64().unwrap_or_default();
    let datagrams = (counted("datagrams_sent"), counted("datagrams_received"));
    let bytes = (counted("bytes_sent"), counted("bytes_received"));
    assert_eq!((datagrams, bytes), ((1, 1), (5, 12)));
}

#[test]
fn a_request_reaches_what_operator_and_job_allow() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let server = opened(&target);
    let answering = answer_one(listener);
    let flags = ["--allow-net", target.as_str()];
    let url = format!("get http://{target}/path?query");
    let job = server.submit_guest(&requester(), &flags, &url);
    assert_eq!(output(&server, &job), "200 hello\n");
    let asked = answering.join().unwrap();
    assert!(asked.starts_with("GET /path?query HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: {target}\r\n")), "{asked}");
    assert_eq!(traffic(&server, &job)["connections_out"], json!(1));
}

#[test]
fn a_request_that_no_rule_allows_is_denied_and_the_record_says_so() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let server = opened(&target);
    let job = server.submit_guest(&requester(), &[], &format!("get http://{target}/"));
    assert_eq!(output(&server, &job), "ErrorCode::HttpRequestDenied\n");
    let (words, count) = denied(&server, &job);
    assert!(words.starts_with(&format!("{target} ")), "{words}");
    assert_eq!(count, 1);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn a_secure_request_is_not_sent_to_who_cannot_prove_a_name() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let server = opened(&target);
    let speaking_plainly = thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut first = [0];
        caller.read_exact(&mut first).unwrap();
        caller.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        // To the end: what is left unread would make the end a reset.
        drop(caller.read_to_end(&mut Vec::new()));
        first
    });
    let flags = ["--allow-net", target.as_str()];
    let job = server.submit_guest(&requester(), &flags, &format!("get https://{target}/"));
    let said = output(&server, &job);
    assert!(said.starts_with("ErrorCode::Tls"), "{said}");
    // What came first was the greeting of TLS, and no request.
    assert_eq!(speaking_plainly.join().unwrap(), [0x16]);
}

#[test]
fn each_limit_of_a_nic_is_as_the_operator_says() {
    let server = Server::configured(
        "[defaults.network]\nsockets = 3\nbandwidth = \"64KiB\"\ndatagrams_per_s = 5\n",
    );
    let says = |steps: &str| {
        let job = server.submit_guest(&component("probe"), &[], steps);
        output(&server, &job)
    };
    let said = says("sockets 10");
    assert!(said.starts_with("made 3 sockets, then: "), "{said}");
    // The window of a connection has room for four times as much.
    let poured: usize = says("pour 9000").trim().parse().unwrap();
    assert!((60_000..100_000).contains(&poured), "{poured}");
    let sent: usize = says("burst 127.0.0.1:9 1000").trim().parse().unwrap();
    assert!((1..100).contains(&sent), "{sent}");
    let limits = "3 sockets, 256 connections outside its worker, 64 KiB/s, 5 datagrams/s";
    let page = server.sublet(&["networks", "show"]).code(0);
    assert!(page.text().contains(limits), "{page:?}");
    let network = &server.get("/v1/networks")["items"][0]["limits"];
    assert_eq!(
        network,
        &json!({"sockets": 3, "connections": 256, "bytes_per_s": 65_536, "datagrams_per_s": 5})
    );
}

#[test]
fn connections_to_the_outside_are_as_many_as_the_operator_says() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let server = Server::configured(&format!(
        "[defaults]\negress = [\"protected:{target}\"]\n[defaults.network]\nconnections = 2\n"
    ));
    let flags = ["--allow-net", target.as_str()];
    let steps = format!("keep {target} , keep {target} , print two , keep {target} , print three");
    let job = server.submit_guest(&component("probe"), &flags, &steps);
    assert_eq!(server.wait(&job)["tasks"]["failed"], 1);
    assert_eq!(server.log_of(&job), "two\n");
    let came = |listener: &TcpListener| {
        listener.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| listener.accept().ok()).count()
    };
    assert_eq!(came(&listener), 2);
}

#[test]
fn run_has_the_limits_of_a_server_that_says_nothing() {
    let run = |steps: &[&str]| {
        let command = Sublet::alone().arg("run").arg(component("probe"));
        command.arg("--").args(steps).run()
    };
    let output = run(&["sockets", "1000"]).code(0);
    assert!(
        output.text().starts_with("made 128 sockets, then: "),
        "{output:?}"
    );
}
