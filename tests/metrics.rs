//! The numbers of a server, and who may read them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::harness::{DEADLINE, Home, Server, Sublet, address_of, eventually};

/// The value of the one line of a scrape that begins so.
#[track_caller]
fn number(text: &str, line: &str) -> f64 {
    let found = text
        .lines()
        .find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("no {line} in\n{text}"));
    found.parse().unwrap()
}

fn scrape(server: &Server) -> String {
    let answer = server.request("GET", "/metrics", b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text()
}

/// A port of this host that nobody has.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What plain HTTP answers there.
fn plain_get(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: sublet\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_job_moves_the_numbers() {
    let server = Server::with_slots(2);
    let before = scrape(&server);
    assert_eq!(number(&before, "sublet_submissions_total"), 0.0);
    let queue = "{subcluster=\"default\"}";
    let running = "sublet_slots{subcluster=\"default\",state=\"running\"}";
    assert_eq!(number(&before, running), 0.0);
    let long = server.submit(&["--array", "0-3", "--timeout", "5m"], "sleep 100000");
    eventually(DEADLINE, "two run and two wait", || {
        let text = scrape(&server);
        let found = (
            number(&text, running),
            number(&text, &format!("sublet_queued_tasks{queue}")),
            number(&text, "sublet_slots{subcluster=\"default\",state=\"free\"}"),
        );
        (found == (2.0, 2.0, 0.0)).then_some(())
    });
    let during = scrape(&server);
    assert_eq!(number(&during, "sublet_workers"), 1.0);
    assert_eq!(number(&during, "sublet_networks{state=\"assigned\"}"), 1.0);
    assert_eq!(number(&during, "sublet_networks{state=\"free\"}"), 63.0);
    server.sublet(&["cancel", &long]).code(0);
    server.wait(&long);
    let job = server.submit(&[], "exit 3");
    server.wait(&job);
    assert_eq!(server.request("GET", "/v1/jobs/nobody", b"").status, 404);
    assert_eq!(
        server.request("GET", "/v1/jobs/nobody-else", b"").status,
        404
    );
    server.is_at_rest();
    let after = scrape(&server);
    for (line, value) in [
        ("sublet_submissions_total", 2.0),
        ("sublet_submitted_tasks_total", 5.0),
        ("sublet_attempts_ended_total{outcome=\"failed\"}", 1.0),
        ("sublet_attempts_ended_total{outcome=\"cancelled\"}", 2.0),
        ("sublet_refusals_total{code=\"S0201\"}", 2.0),
        (
            "sublet_http_requests_total{route=\"/v1/jobs\",status=\"2xx\"}",
            2.0,
        ),
        (
            "sublet_http_requests_total{route=\"/v1/jobs/{job}/cancel\",status=\"2xx\"}",
            1.0,
        ),
        (running, 0.0),
    ] {
        assert_eq!(number(&after, line), value, "{line}\n{after}");
    }
    let stored = "sublet_stored_bytes{kind=\"modules\"}";
    assert!(number(&after, stored) > number(&before, stored), "{after}");
    for counted in [
        "sublet_store_commit_seconds_count",
        "sublet_store_commit_seconds_sum",
    ] {
        assert!(
            number(&after, counted) > number(&before, counted),
            "{counted}\n{after}"
        );
    }
    assert!(number(&after, "sublet_connections{door=\"socket\"}") >= 1.0);
    assert!(number(&after, "sublet_disk_free_bytes") > 0.0);
    assert!(after.contains("sublet_build_info{version=\""), "{after}");
    assert!(after.contains("sublet_uptime_seconds "), "{after}");
}

#[test]
fn paths_that_nobody_has_do_not_make_the_numbers_grow() {
    let server = Server::start();
    for number in 0..50 {
        server.request("GET", &format!("/no/such/{number}"), b"");
        server.request("GET", &format!("/v1/jobs/none-{number}"), b"");
    }
    let text = scrape(&server);
    let routes: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("sublet_http_requests_total"))
        .collect();
    assert!(routes.len() < 10, "{routes:#?}");
    assert_eq!(
        number(
            &text,
            "sublet_http_requests_total{route=\"none\",status=\"4xx\"}"
        ),
        50.0
    );
}

#[test]
fn metrics_have_a_door_of_their_own_that_has_nothing_else() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = Server::configured(&format!("[listen]\nmetrics = \"{address}\"\n"));
    let answer = plain_get(address, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    for other in ["/v1/pool", "/v1/admin/config", "/readyz", "/"] {
        let answer = plain_get(address, other);
        assert!(answer.starts_with("HTTP/1.1 404"), "{other}: {answer}");
    }
    drop(server);
}

#[test]
fn who_comes_to_that_door_and_says_nothing_takes_one_of_few_places() {
    const PLACES: usize = 16;
    let address = format!("127.0.0.1:{}", free_port());
    let _server = Server::configured(&format!("[listen]\nmetrics = \"{address}\"\n"));
    let mut silent: Vec<_> = (0..PLACES)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    let mut late = TcpStream::connect(&address).unwrap();
    late.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    // Long enough for any answer, and shorter than those may say nothing.
    late.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let waits = late.read(&mut [0]).unwrap_err().kind();
    assert_eq!(waits, std::io::ErrorKind::WouldBlock);
    drop(silent.pop());
    late.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn metrics_for_everybody_are_refused_unless_somebody_says_so() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    let port = free_port();
    fs::write(&file, format!("[listen]\nmetrics = \"0.0.0.0:{port}\"\n")).unwrap();
    let home = Home::below(home.path());
    let serve = Sublet::at(&home).args(["serve", "--config"]).arg(&file);
    serve.run().code(1).says(&["S0704", "metrics_public"]);
    fs::write(
        &file,
        format!("[listen]\nmetrics = \"0.0.0.0:{port}\"\nmetrics_public = true\n"),
    )
    .unwrap();
    let check = Sublet::at(&home).args(["admin", "config", "check"]);
    check.arg(&file).run().code(0);
}

#[test]
fn users_read_neither_metrics_nor_the_configuration() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let mut connection = ada.connect();
    for target in ["/metrics", "/v1/admin/config"] {
        let answer = connection.request("GET", target, b"");
        assert_eq!(answer.problem()["code"], "S0110", "{target}");
    }
    let text = scrape(&server);
    assert_eq!(number(&text, "sublet_connections{door=\"tls\"}"), 1.0);
    assert_eq!(number(&text, "sublet_refusals_total{code=\"S0110\"}"), 2.0);
}

#[test]
fn refused_handshakes_are_counted_by_reason() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let address = address_of(&ada.credential());
    eventually(DEADLINE, "somebody who speaks no TLS is counted", || {
        let mut stream = TcpStream::connect(&address).unwrap();
        drop(stream.write_all(b"GET / HTTP/1.1\r\n\r\n"));
        drop(stream);
        scrape(&server)
            .contains("sublet_not_let_in_total{reason=\"")
            .then_some(())
    });
}
