//! Clients who do not know of any fault: each asks until it has an answer, under one key, and remembers what it was told.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use super::evidence::{Instant, Submission};
use super::harness::{Answer, DEADLINE, Random, eventually, http};

/// The name under which the guest is pushed.
pub(crate) const MODULE: &str = "guest";
/// Wall time of every attempt: how long one that stands still is waited for.
const TIMEOUT_MS: u64 = 10_000;

/// What a client may submit.
struct Wish {
    /// What the guest is to do: see `guest.wat`.
    letter: &'static str,
    tasks: usize,
    restart: fn() -> Value,
    scratch_bytes: u64,
    is_cancelled: bool,
    ends: &'static [&'static str],
}

const PLAIN: Wish = Wish {
    letter: "o",
    tasks: 1,
    restart: on_loss,
    scratch_bytes: 0,
    is_cancelled: false,
    ends: &["succeeded"],
};

/// One job of every kind, small.
const WISHES: [Wish; 9] = [
    PLAIN,
    Wish {
        letter: "s",
        tasks: 6,
        ..PLAIN
    },
    Wish {
        scratch_bytes: 1 << 20,
        ..PLAIN
    },
    Wish {
        letter: "f",
        restart: never,
        ends: &["failed"],
        ..PLAIN
    },
    Wish {
        letter: "f",
        restart: on_failure,
        ends: &["failed"],
        ..PLAIN
    },
    Wish {
        letter: "t",
        ends: &["trapped"],
        ..PLAIN
    },
    Wish {
        letter: "s",
        tasks: 4,
        restart: never,
        ..PLAIN
    },
    Wish {
        letter: "w",
        tasks: 2,
        is_cancelled: true,
        ends: &["limit_exceeded"],
        ..PLAIN
    },
    Wish {
        letter: "s",
        is_cancelled: true,
        ..PLAIN
    },
];

fn on_loss() -> Value {
    json!({"policy": "on-loss"})
}

fn never() -> Value {
    json!({"policy": "never"})
}

fn on_failure() -> Value {
    json!({"policy": "on-failure", "retries": 2, "backoff_ms": 10})
}

/// Starts clients who submit one job of every kind each, in an order of their own.
pub(crate) fn start(socket: &Path, batch: &str, seed: u64) -> Vec<JoinHandle<Vec<Submission>>> {
    const CLIENTS: u64 = 3;
    let each = (0..CLIENTS).map(|number| {
        let client = Client {
            socket: socket.to_path_buf(),
            name: format!("{batch}-{number}"),
        };
        let chance = Random::new(seed.wrapping_mul(31).wrapping_add(number));
        thread::spawn(move || client.submit_all(chance))
    });
    each.collect()
}

struct Client {
    socket: PathBuf,
    name: String,
}

impl Client {
    fn submit_all(&self, mut chance: Random) -> Vec<Submission> {
        let mut order: Vec<usize> = (0..WISHES.len()).collect();
        for last in (1..order.len()).rev() {
            let bound = u32::try_from(last + 1).expect("there are few wishes");
            order.swap(last, chance.below(bound) as usize);
        }
        let submit = |kind: usize| self.submit(&WISHES[kind], &format!("{}-{kind}", self.name));
        order.into_iter().map(submit).collect()
    }

    fn submit(&self, wish: &Wish, name: &str) -> Submission {
        let restart = (wish.restart)();
        let mut body = json!({
            "module": MODULE,
            "name": name,
            "args": [wish.letter],
            "restart": restart,
            "limits": {"timeout_ms": TIMEOUT_MS, "scratch_bytes": wish.scratch_bytes},
        });
        if wish.tasks > 1 {
            body["array"] = json!([0, wish.tasks - 1]);
        }
        let target = format!("/v1/jobs/by-key/{name}");
        let record = self.until_answered("PUT", &target, body.to_string().as_bytes());
        let id = record["id"].as_str().expect("a job has an id").to_owned();
        let cancelled_at = wish.is_cancelled.then(|| {
            self.until_answered("POST", &format!("/v1/jobs/{id}/cancel"), b"");
            now()
        });
        Submission {
            name: name.to_owned(),
            tasks: wish.tasks,
            starts_once: restart == never(),
            acknowledged: Some(id),
            cancelled_at,
            ends: wish.ends,
        }
    }

    /// What the server says, once it says something: it may be dead, frozen or about to start meanwhile.
    fn until_answered(&self, method: &str, target: &str, body: &[u8]) -> Value {
        let request = http::request(method, target, &[], body);
        eventually(DEADLINE, &format!("an answer to {target}"), || {
            let answer = http::try_answer(&self.socket, &request)?;
            let is_ours = (400..500).contains(&answer.status) && answer.status != 429;
            assert!(!is_ours, "{target}: {} {}", answer.status, answer.text());
            whole(&answer)
        })
    }
}

/// The body of a good answer that came to its end.
fn whole(answer: &Answer) -> Option<Value> {
    let is_good = (200..300).contains(&answer.status);
    let body = is_good.then_some(&answer.body)?;
    serde_json::from_slice(body).ok()
}

/// The clock of the journal.
fn now() -> Instant {
    let now = clock_gettime(ClockId::Monotonic);
    let parts = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
    let (Ok(seconds), Ok(rest)) = parts else {
        panic!("the clock of the host is before its start");
    };
    seconds * 1_000_000_000 + rest
}
