//! Sockets and HTTP: what may not be dialled, what is hoarded, what floods, and who is behind an address.

use serde_json::json;

use crate::harness::{component, requester};
use crate::siege::{Counter, Ground, Siege, WAVE, besiege, succeeded};

static GROUND: Ground = Ground::new("");

const DENIALS: Counter = Counter::Usage("/network/denials");
/// Datagrams of a thousand bytes that wait to be read: 256 KiB of them, each with 128 bytes of ours.
const QUEUE: u64 = 262_144 / (1_000 + 128);
/// Sockets of one instance at a time.
const SOCKETS: usize = 128;

/// A wave of the probe with these steps.
fn wave(siege: &Siege, flags: &[&str], steps: &str) -> String {
    let flags = [&["--array", "0-5"], flags].concat();
    siege.launch(&component("probe"), &flags, steps)
}

/// So much of this went over the nics of a job.
fn traffic(siege: &Siege, job: &str, what: &str) -> u64 {
    let used = siege.server.job(job)["usage"]["network"][what].as_u64();
    used.unwrap_or(0)
}

#[test]
fn addresses_that_no_rule_allows_are_denied_and_each_denial_is_counted() {
    besiege(&GROUND, &[DENIALS], |siege| {
        let jobs = [
            "169.254.169.254:80",
            "192.0.2.1:443",
            "8.8.8.8:53",
            "[2001:db8::1]:443",
        ]
        .map(|target| wave(siege, &[], &format!("connect {target}")));
        let outcome = json!({"kind": "failed", "code": 1});
        for job in jobs {
            siege.each_ends(&job, &outcome, "");
            assert_eq!(traffic(siege, &job, "denials"), 6, "{job}");
        }
    });
}

#[test]
fn what_a_job_asks_to_dial_and_no_operator_allows_is_refused_before_it_runs() {
    besiege(&GROUND, &[Counter::refusal("S0312")], |siege| {
        for target in [
            "169.254.169.254:80",
            "127.0.0.1:22",
            "10.0.0.1:443",
            "api.example.org:443",
        ] {
            let submit = siege
                .attacker
                .command()
                .args(["submit", "--allow-net", target]);
            let submit = submit.arg(component("probe")).args(["--", "exit", "0"]);
            submit.run().code(1).says(&["S0312", target]);
        }
    });
}

#[test]
fn the_loopback_of_a_guest_is_its_own_and_the_server_does_not_listen_there() {
    besiege(&GROUND, &[Counter::ended("failed")], |siege| {
        let credential = siege.attacker.credential();
        let address = crate::harness::address_of(&credential);
        let job = wave(siege, &[], &format!("connect {address}"));
        siege.each_ends(&job, &json!({"kind": "failed", "code": 1}), "");
        assert_eq!(traffic(siege, &job, "connections_out"), 0);
    });
}

#[test]
fn a_hoard_of_sockets_ends_at_their_number_in_every_slot() {
    besiege(&GROUND, &[Counter::Usage("/handles_denied")], |siege| {
        let job = wave(siege, &[], "sockets 1000");
        siege.each_ends(&job, &succeeded(), "");
        let made = format!("made {SOCKETS} sockets, then: ");
        assert_eq!(siege.server.log_of(&job).matches(&made).count(), 6);
    });
}

#[test]
fn what_nobody_reads_is_one_window_whatever_is_written() {
    besiege(&GROUND, &[Counter::limit("wall")], |siege| {
        let job = wave(siege, &["--timeout", "2s"], "pour 9000 , sleep 600000");
        siege.each_ends(&job, &crate::siege::exceeded("wall"), "2000 ms");
        for poured in siege.server.log_of(&job).lines() {
            let bytes: u64 = poured.parse().unwrap();
            assert!((1..4 << 20).contains(&bytes), "{bytes}");
        }
    });
}

#[test]
fn a_flood_of_datagrams_that_nobody_reads_is_one_queue_and_the_rest_is_dropped_and_counted() {
    const EACH: u64 = 20_000;
    const DROPPED: Counter = Counter::Usage("/network/datagrams_dropped");
    besiege(&GROUND, &[DROPPED], |siege| {
        let job = wave(siege, &[], &format!("drown {EACH} 1000"));
        siege.each_ends(&job, &succeeded(), "");
        let sent = traffic(siege, &job, "datagrams_sent");
        assert!(sent <= WAVE * EACH, "{sent}");
        let kept = WAVE * EACH - siege.count(DROPPED);
        assert!(kept <= WAVE * QUEUE, "{kept}");
    });
}

#[test]
fn the_names_and_addresses_of_a_neighbour_lead_to_nobody() {
    besiege(&GROUND, &[Counter::ended("failed")], |siege| {
        let owner = &siege.neighbour.user;
        let flags = ["--name", "treasure", "--timeout", "10m"];
        let listening = owner.submit(
            &component("probe"),
            &flags,
            "listen 9000 , print ready , accept , sleep 600000",
        );
        siege.server.wait_for_state(&listening, "running");
        crate::harness::eventually(crate::harness::DEADLINE, "it listens", || {
            (siege.server.log_of(&listening) == "ready\n").then_some(())
        });
        let address = address_of_the(siege, "treasure");
        let jobs = [
            "treasure",
            "treasure-0",
            "treasure.internal",
            address.as_str(),
        ]
        .map(|host| wave(siege, &[], &format!("connect {host}:9000")));
        for job in &jobs {
            siege.each_ends(job, &json!({"kind": "failed", "code": 1}), "");
        }
        owner.sublet(&["cancel", &listening]).code(0);
        siege.server.wait(&listening);
        assert_eq!(traffic(siege, &listening, "connections_in"), 0);
    });
}

#[test]
fn requests_of_http_go_no_other_way() {
    besiege(&GROUND, &[DENIALS], |siege| {
        let guest = requester();
        for target in [
            "http://169.254.169.254/latest/meta-data",
            "https://192.0.2.1/",
            "http://[2001:db8::1]/",
        ] {
            let flags = ["--array", "0-5"];
            let job = siege.launch(&guest, &flags, &format!("get {target}"));
            siege.server.wait(&job);
            let denied = "ErrorCode::HttpRequestDenied\n";
            assert_eq!(
                siege.server.log_of(&job).matches(denied).count(),
                6,
                "{target}"
            );
        }
    });
}

/// The address that somebody of this name has on any network.
fn address_of_the(siege: &Siege, name: &str) -> String {
    let networks = siege.server.get("/v1/networks")["items"].clone();
    let flows = networks.as_array().unwrap().iter().map(|network| {
        let network = network["name"].as_str().unwrap();
        siege.server.get(&format!("/v1/networks/{network}/flows"))
    });
    let all: Vec<_> = flows
        .flat_map(|flows| flows["items"].as_array().unwrap().clone())
        .collect();
    let found = all
        .iter()
        .find(|flow| flow["names"].to_string().contains(name));
    let address = found.and_then(|flow| flow["v4"].as_str());
    address.expect("it has an address").to_owned()
}
