//! Uploads: what is no program, what is too much, what never comes to its end, and names.

use crate::harness::{Answer, Connection, DEADLINE, eventually, sha256};
use crate::siege::{Counter, Ground, Siege, besiege, says};

static GROUND: Ground = Ground::new("");
/// Where a user may not have much.
static CROWDED: Ground = Ground::new("modules = 3\nstored = \"8MiB\"");

/// Uploads of one user at a time.
const AT_ONCE: usize = 8;

/// Begins an upload that says it has more to come, and sends no more.
fn begun(siege: &Siege) -> Connection {
    let mut connection = siege.attacker.connect();
    let head = "POST /v1/modules HTTP/1.1\r\nhost: sublet\r\ncontent-length: 100000\r\n\r\n\0asm";
    connection.send(head.as_bytes()).unwrap();
    connection
}

/// A module that is another one for each number.
fn module(number: usize) -> Vec<u8> {
    let text = format!(r#"(module (func (export "_start") (drop (i32.const {number}))))"#);
    wat::parse_str(text).unwrap()
}

#[test]
fn what_is_no_program_is_refused_by_what_it_is() {
    let counters = ["S0401", "S0402", "S0403", "S0413"].map(Counter::refusal);
    besiege(&GROUND, &counters, |siege| {
        // Machine code that the server made itself of somebody's module is machine code all the same.
        let users = std::fs::read_dir(siege.server.data_directory().join("users")).unwrap();
        let artifacts = users.flat_map(|user| {
            let folder = user.unwrap().path().join("artifacts");
            std::fs::read_dir(folder).into_iter().flatten().flatten()
        });
        let native: Vec<Vec<u8>> = artifacts
            .map(|file| std::fs::read(file.path()).unwrap())
            .collect();
        assert!(!native.is_empty());
        for bytes in &native {
            siege.upload_is_refused(bytes, "S0402", "");
        }
        siege.upload_is_refused(b"\x7fELF\x02\x01\x01\0", "S0402", "");
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x1f\x8b\x08\0", b"PK\x03\x04"] {
            siege.upload_is_refused(bytes, "S0401", "");
        }
        let whole = module(0);
        for cut in [4, 8, whole.len() / 2, whole.len() - 1] {
            let answer = siege.attacker.request("POST", "/v1/modules", &whole[..cut]);
            let code = answer.problem()["code"].clone();
            assert!(
                ["S0403", "S0413"].contains(&code.as_str().unwrap()),
                "{cut}: {code}"
            );
        }
        siege.upload_is_refused(b"\0asm\x01\0\0\0", "S0413", "");
    });
}

#[test]
fn an_upload_that_says_it_is_too_large_is_refused_before_it_is_read() {
    besiege(&GROUND, &[Counter::refusal("S0104")], |siege| {
        for _ in 0..20 {
            let mut connection = siege.attacker.connect();
            let head =
                "POST /v1/modules HTTP/1.1\r\nhost: sublet\r\ncontent-length: 99999999999\r\n\r\n";
            connection.send(head.as_bytes()).unwrap();
            says(&connection.answer().unwrap(), "S0104", "67108864");
        }
        let mut connection = siege.attacker.connect();
        let target = format!("/v1/inputs/{}?kind=blob", sha256(b"much"));
        let head =
            format!("PUT {target} HTTP/1.1\r\nhost: sublet\r\ncontent-length: 1073741825\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        says(&connection.answer().unwrap(), "S0104", "1073741824");
    });
}

#[test]
fn uploads_that_dawdle_are_as_many_as_a_user_may_have_and_are_ended() {
    let counters = [Counter::refusal("S0316"), Counter::refusal("S0101")];
    besiege(&GROUND, &counters, |siege| {
        let mut slow: Vec<_> = (0..AT_ONCE).map(|_| begun(siege)).collect();
        eventually(DEADLINE, "one more is refused", || {
            // Nothing that the compiler would take its time for.
            let answer = siege.attacker.request("POST", "/v1/modules", b"no module");
            for upload in &mut slow {
                // A byte in time keeps it; where the machine was too slow for that, another takes its place.
                if upload.send(b"\0").is_err() {
                    *upload = begun(siege);
                }
            }
            (answer.status == 429).then(|| says(&answer, "S0316", "8 uploads of yours"))
        });
        for mut connection in slow {
            says(
                &connection.answer().unwrap(),
                "S0101",
                "paused for more than 10 s",
            );
        }
    });
}

#[test]
fn those_who_vanish_in_the_middle_leave_nothing() {
    besiege(&GROUND, &[Counter::cut_off("broken")], |siege| {
        for _ in 0..40 {
            drop(begun(siege));
        }
    });
}

#[test]
fn no_more_is_kept_than_a_quota_says_whoever_comes_at_once() {
    let counters = [Counter::refusal("S0314"), Counter::refusal("S0315")];
    besiege(&CROWDED, &counters, |siege| {
        let pushed: Vec<Answer> = std::thread::scope(|scope| {
            let push = |number| {
                siege
                    .attacker
                    .request("POST", "/v1/modules", &module(number))
            };
            let all: Vec<_> = (10..16)
                .map(|number| scope.spawn(move || push(number)))
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for answer in pushed.iter().filter(|answer| answer.status != 201) {
            says(answer, "S0314", "may have 3");
        }
        let modules = siege.attacker.json(&["modules", "list"])["items"].clone();
        assert!(modules.as_array().unwrap().len() <= 3, "{modules:#}");
        for number in 0..3 {
            let blob = vec![number; 3 << 20];
            let target = format!("/v1/inputs/{}?kind=blob", sha256(&blob));
            let head = format!(
                "PUT {target} HTTP/1.1\r\nhost: sublet\r\ncontent-length: {}\r\n\r\n",
                blob.len()
            );
            let mut connection = siege.attacker.connect();
            // Who is refused before they have said all may find the door closed; the counters know.
            drop(connection.send(&[head.as_bytes(), &blob].concat()));
            if let Ok(answer) = connection.answer()
                && answer.status >= 400
            {
                says(&answer, "S0315", "may take 8388608");
            }
        }
    });
}

#[test]
fn bytes_under_a_false_digest_and_names_that_are_none_are_kept_nowhere() {
    let counters = [Counter::refusal("S0415"), Counter::refusal("S0103")];
    besiege(&GROUND, &counters, |siege| {
        let other = "0".repeat(64);
        let target = format!("/v1/inputs/{other}?kind=blob");
        for _ in 0..10 {
            let answer = siege.attacker.request("PUT", &target, b"other bytes");
            says(&answer, "S0415", "the body has sha256");
        }
        let long = "n".repeat(10_000);
        for name in ["%1b%5b2J", "..%2f..%2fetc", "a%20b", "%00", long.as_str()] {
            let target = format!("/v1/modules?name={name}");
            let answer = siege.attacker.request("POST", &target, &module(2));
            says(&answer, "S0103", "name");
        }
    });
}
