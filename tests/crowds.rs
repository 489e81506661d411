//! Many who want nothing, and some who go away in the middle: nobody else notices, and nothing of it stays.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::harness::{DEADLINE, Server, address_of, core, eventually};

/// Connections that say nothing: more than there are places.
const SILENT: usize = 2_500;
/// What the server may take for all of them together.
const MEMORY_MAX: u64 = 64 << 20;

#[test]
fn thousands_of_connections_that_say_nothing_cost_little_and_others_are_served() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let address = address_of(&ada.credential());
    ada.json(&["whoami"]);
    let before = server.process().memory_bytes();
    let silent: Vec<TcpStream> = (0..SILENT)
        .filter_map(|_| TcpStream::connect(&address).ok())
        .collect();
    assert!(silent.len() > 1_000, "{}", silent.len());
    // Those of this host have places of their own, and are served at once; others as soon as places come back.
    server.json(&["whoami"]);
    let during = server.process().memory_bytes();
    assert!(
        during.saturating_sub(before) < MEMORY_MAX,
        "{before} bytes before, {during} with {}",
        silent.len()
    );
    eventually(DEADLINE, "somebody with a certificate is served", || {
        (ada.sublet(&["whoami"]).code == Some(0)).then_some(())
    });
    drop(silent);
    let job = ada.submit(&core("probe"), &[], "exit 0");
    server.wait(&job);
}

#[test]
fn one_user_does_not_take_the_places_of_all() {
    /// One more than a user may have.
    const HELD: usize = 257;
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let bob = server.add_user("bob", &[]);
    let held: Vec<_> = (0..HELD).map(|_| ada.idle_http2()).collect();
    server.wait_for_refusal("too-many-connections");
    bob.json(&["whoami"]);
    drop(held);
    eventually(DEADLINE, "the places of the user have come back", || {
        (ada.sublet(&["whoami"]).code == Some(0)).then_some(())
    });
}

#[test]
fn those_who_vanish_in_an_upload_leave_nothing_behind() {
    let server = Server::start();
    let before = server.process().descriptors();
    for size in [0, 100, 100_000] {
        for _ in 0..20 {
            let mut stream = UnixStream::connect(server.socket()).unwrap();
            let head =
                "POST /v1/modules HTTP/1.1\r\nhost: sublet\r\ncontent-length: 1000000\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            // Some are turned away before they have said all: a user has only so many uploads at a time.
            drop(stream.write_all(&vec![0; size]));
        }
    }
    // Whoever is served now came after all of them.
    server.json(&["ps"]);
    eventually(DEADLINE, "their descriptors are closed", || {
        (server.process().descriptors() <= before + 8).then_some(())
    });
    eventually(DEADLINE, "what was uploaded in part is gone", || {
        let left = fs::read_dir(server.data_directory().join("tmp")).unwrap();
        (left.count() == 0).then_some(())
    });
    server.push_probe();
    assert_eq!(
        server.json(&["modules", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn those_who_vanish_from_a_stream_leave_nothing_behind() {
    let server = Server::with_slots(1);
    let job = server.submit(&["--timeout", "10m"], "print begun , sleep 600000");
    server.wait_for_state(&job, "running");
    let before = server.process().descriptors();
    for route in [
        format!("/v1/jobs/{job}/logs?follow=true"),
        format!("/v1/jobs/{job}/events?follow=true"),
        "/v1/events?follow=true".to_owned(),
        format!("/v1/jobs/{job}/wait?timeout_s=300"),
    ] {
        for number in 0..50 {
            let mut stream = UnixStream::connect(server.socket()).unwrap();
            let request = format!("GET {route} HTTP/1.1\r\nhost: sublet\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            if number % 2 == 0 {
                // Some have heard something before they go.
                stream
                    .set_read_timeout(Some(std::time::Duration::from_millis(1)))
                    .unwrap();
                drop(stream.read(&mut [0; 64]));
            }
        }
    }
    eventually(DEADLINE, "their descriptors are closed", || {
        (server.process().descriptors() <= before + 8).then_some(())
    });
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    server.is_at_rest();
}

#[test]
fn who_reads_slowly_is_waited_for_and_not_gathered_for() {
    const PRINTED: u64 = 40 << 20;
    let server = Server::with_slots(1);
    let limit = ["--output-limit", "64MiB", "--timeout", "5m"];
    let job = server.submit(&limit, &format!("flood {PRINTED}"));
    server.wait(&job);
    let before = server.process().memory_bytes();
    let readers: Vec<UnixStream> = (0..50)
        .map(|_| {
            let mut stream = UnixStream::connect(server.socket()).unwrap();
            let target = format!("/v1/jobs/{job}/logs");
            let request = format!("GET {target} HTTP/1.1\r\nhost: sublet\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_exact(&mut [0; 64]).unwrap();
            stream
        })
        .collect();
    let during = server.process().memory_bytes();
    let taken = during.saturating_sub(before);
    assert!(
        taken < 50 * (3 << 20),
        "{taken} bytes for {} readers",
        readers.len()
    );
    server.json(&["whoami"]);
}
