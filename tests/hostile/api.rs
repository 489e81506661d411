//! The API: peers that are slow, huge, malformed, many, or gone.

use std::io::Read;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Connection, DEADLINE, address_of, eventually, wat};
use crate::siege::{Counter, Ground, Siege, besiege};
use crate::text::spinner;

static GROUND: Ground = Ground::new("");

/// Connections of one user at a time.
const CONNECTIONS: usize = 256;
/// Handshakes at a time.
const HANDSHAKES: usize = 256;

/// A connection on which these bytes were sent.
fn sent(siege: &Siege, bytes: &[u8]) -> Connection {
    let mut connection = siege.attacker.connect();
    // Whoever is cut off in the middle need not hear all of it.
    drop(connection.send(bytes));
    connection
}

#[test]
fn requests_that_never_come_to_their_end_are_cut_off() {
    let counters = [Counter::cut_off("slow"), Counter::refusal("S0101")];
    besiege(&GROUND, &counters, |siege| {
        let heads: Vec<_> = (0..60)
            .map(|_| sent(siege, b"GET /v1/pool HTTP/1.1\r\nhost: sublet\r\nx-slow:"))
            .collect();
        let bodies: Vec<_> = (0..60)
            .map(|_| sent(siege, b"POST /v1/jobs HTTP/1.1\r\nhost: sublet\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"))
            .collect();
        for mut connection in bodies {
            let problem = connection.answer().unwrap().problem();
            assert_eq!(problem["code"], "S0101", "{problem:#}");
        }
        for mut connection in heads {
            assert!(connection.answer().is_err(), "half a head has no answer");
        }
    });
}

#[test]
fn what_is_no_request_is_answered_with_4xx_or_not_at_all() {
    let many = "a: b\r\n".repeat(200);
    let long = format!("x: {}\r\n", "y".repeat(1 << 20));
    let target = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "z".repeat(1 << 17));
    besiege(&GROUND, &[Counter::cut_off("malformed")], |siege| {
        let requests = [
            "nonsense\r\n\r\n",
            "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "GET /v1/pool HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
            "GET /v1/pool HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "GET /v1/pool HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
            "GET /v1/pool HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n",
            &format!("GET /v1/pool HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            &format!("GET /v1/pool HTTP/1.1\r\nhost: x\r\n{long}\r\n"),
            &target,
        ];
        // All of them are under way at once: some are taken for the beginning of more, and waited for.
        let mut connections: Vec<_> = requests
            .iter()
            .flat_map(|request| (0..5).map(move |_| (request, sent(siege, request.as_bytes()))))
            .collect();
        for (request, connection) in &mut connections {
            if let Ok(answer) = connection.answer() {
                let shown = &request[..request.len().min(70)];
                assert!((400..500).contains(&answer.status), "{shown:?}");
            }
        }
    });
}

#[test]
fn a_request_inside_the_body_of_another_is_never_one() {
    let inner =
        "POST /v1/users/neighbour/suspend HTTP/1.1\r\nhost: sublet\r\ncontent-length: 0\r\n\r\n";
    let submit = r#"{"module": "none"}"#;
    let inner_job = format!(
        "POST /v1/jobs HTTP/1.1\r\nhost: sublet\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{submit}",
        submit.len()
    );
    let before = "POST /v1/jobs HTTP/1.1\r\nhost: sublet\r\ncontent-type: application/json\r\n";
    besiege(&GROUND, &[Counter::refusal("S0101")], |siege| {
        for smuggled in [inner, &inner_job] {
            let length = smuggled.len();
            for request in [
                // A length and chunks at once, in either order, and chunks in a word of another spelling.
                format!(
                    "{before}content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
                ),
                format!(
                    "{before}transfer-encoding: chunked\r\ncontent-length: {length}\r\n\r\n0\r\n\r\n{smuggled}"
                ),
                format!(
                    "{before}transfer-encoding: xchunked\r\ncontent-length: {length}\r\n\r\n{smuggled}"
                ),
                format!("{before}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
                format!("{before}content-length: {length}\r\n\r\n{smuggled}"),
            ] {
                // What stands behind it is no request at all: where a connection was kept, it ends there.
                let request = request + "?\r\n\r\n";
                let mut connection = sent(siege, request.as_bytes());
                let mut said = Vec::new();
                drop(connection.read_to_end(&mut said));
                let said = String::from_utf8_lossy(&said).into_owned();
                let mut statuses = said.split("HTTP/1.1 ").skip(1);
                assert!(
                    statuses.all(|status| status.starts_with('4')),
                    "{request}: {said}"
                );
            }
        }
        let mine = siege.attacker.json(&["jobs", "list", "--active"])["items"].clone();
        assert_eq!(mine, json!([]));
    });
}

#[test]
fn bodies_that_are_too_large_or_too_deep_are_refused() {
    let counters = [Counter::refusal("S0104"), Counter::refusal("S0101")];
    besiege(&GROUND, &counters, |siege| {
        let deep = format!(
            r#"{{"module": {}1{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let keys: String = (0..50_000).map(|key| format!(r#""{key}": 1,"#)).collect();
        let large = vec![b' '; 2 << 20];
        for (body, codes) in [
            (&large[..], &["S0104"][..]),
            (deep.as_bytes(), &["S0101"]),
            (format!("{{{keys}}}").as_bytes(), &["S0101", "S0102"]),
            (b"\xff\xfe\x00", &["S0101"]),
            (br#"{"module": "\ud800"}"#, &["S0101"]),
            (
                br#"{"module": "a", "limits": {"memory_bytes": 1e400}}"#,
                &["S0101"],
            ),
        ] {
            for _ in 0..5 {
                let head = format!(
                    "POST /v1/jobs HTTP/1.1\r\nhost: sublet\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                // Who is refused before they have said all may find the door closed; the counters know.
                let mut connection = sent(siege, &[head.as_bytes(), body].concat());
                let Ok(answer) = connection.answer() else {
                    continue;
                };
                let problem = answer.problem();
                let code = problem["code"].as_str().unwrap();
                assert!(codes.contains(&code), "{problem:#}");
                assert!(
                    answer.body.len() < 4_000,
                    "what was sent does not come back"
                );
            }
        }
    });
}

#[test]
fn more_connections_than_a_user_may_have_take_nobodys_place() {
    let reason = "too-many-connections";
    besiege(&GROUND, &[Counter::not_let_in(reason)], |siege| {
        let before = siege.count(Counter::not_let_in(reason));
        let held: Vec<_> = (0..=CONNECTIONS)
            .map(|_| siege.attacker.idle_http2())
            .collect();
        eventually(DEADLINE, "one is turned away", || {
            (siege.count(Counter::not_let_in(reason)) > before).then_some(())
        });
        drop(held);
    });
}

#[test]
fn who_connects_and_says_nothing_is_turned_away_before_a_handshake() {
    let counters = ["too-many-handshakes", "slow-handshake"].map(Counter::not_let_in);
    besiege(&GROUND, &counters, |siege| {
        let address = address_of(&siege.attacker.credential());
        let before = siege.count(counters[1]);
        let silent: Vec<_> = (0..HANDSHAKES + 40)
            .map(|_| TcpStream::connect(&address).unwrap())
            .collect();
        eventually(DEADLINE, "those are ended who take too long", || {
            (siege.count(counters[1]) - before >= 200).then_some(())
        });
        drop(silent);
    });
}

#[test]
fn streams_that_are_followed_and_never_read_are_nobodys_memory() {
    besiege(&GROUND, &[Counter::ended("cancelled")], |siege| {
        let text = spinner().replace(
            "(loop (br 0))",
            "(loop (drop (call $put (i32.const 1) (i32.const 60000))) (br 0))",
        );
        let flags = ["--timeout", "10m", "--output-limit", "4MiB"];
        let job = siege.wave(&wat("chatters", &text), &flags);
        siege.holds_all_it_may(&job);
        let followed: Vec<_> = (0..90)
            .map(|number| {
                let target = match number % 3 {
                    0 => format!("/v1/jobs/{job}/logs?follow=true"),
                    1 => "/v1/events?follow=true".to_owned(),
                    _ => format!("/v1/jobs/{job}/wait?timeout_s=300"),
                };
                let request = format!("GET {target} HTTP/1.1\r\nhost: sublet\r\n\r\n");
                let mut connection = sent(siege, request.as_bytes());
                if number % 3 < 2 {
                    // It has begun to answer.
                    connection.read_exact(&mut [0; 16]).unwrap();
                }
                connection
            })
            .collect();
        siege.cancel(&job);
        siege.server.wait(&job);
        drop(followed);
    });
}

#[test]
fn pages_without_end_and_places_that_are_none_are_refused() {
    let counters = ["S0101", "S0103", "S0106"].map(Counter::refusal);
    besiege(&GROUND, &counters, |siege| {
        let mut connection = siege.attacker.connect();
        let long = "9".repeat(10_000);
        for target in [
            "/v1/jobs?limit=0".to_owned(),
            "/v1/jobs?limit=1000000".to_owned(),
            "/v1/jobs?limit=-1".to_owned(),
            "/v1/jobs?cursor=nonsense".to_owned(),
            format!("/v1/jobs?cursor={long}"),
            "/v1/modules?cursor=%00".to_owned(),
            "/v1/../../etc/passwd".to_owned(),
            "/v1/jobs/%2e%2e%2f%2e%2e/logs".to_owned(),
            format!("/v1/jobs/{long}"),
        ] {
            for _ in 0..5 {
                let answer = connection.request("GET", &target, b"");
                assert!((400..500).contains(&answer.status), "{target}");
                let problem: Value = answer.problem();
                assert!(problem.to_string().len() < 4_000, "{target}");
            }
        }
    });
}
