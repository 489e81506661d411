//! The scheduler: absurd asks, arrays without end, storms of cancels, and jobs that wait for each other.

use serde_json::{Value, json};

use crate::harness::{Answer, Connection};
use crate::siege::{Counter, Ground, Siege, besiege, cancelled, says};
use crate::text::{SLEEP, core};

static GROUND: Ground = Ground::new("queued = 2000");

/// A guest that waits until it is ended.
fn sleeper() -> String {
    let body = format!(r#"{SLEEP} (func (export "_start") (call $sleep (i64.const 3600)))"#);
    core(&["poll_oneoff"], &body)
}

/// Submits jobs of one module, one after the other on one connection, which says only what it has to.
struct Submitting {
    connection: Connection,
    module: String,
}

impl Submitting {
    fn of(siege: &Siege, text: &str) -> Self {
        let bytes = wat::parse_str(text).unwrap();
        let pushed = siege.attacker.request("POST", "/v1/modules", &bytes).json();
        Self {
            connection: siege.attacker.connect(),
            module: pushed["digest"].as_str().unwrap().to_owned(),
        }
    }

    fn post(&mut self, mut said: Value) -> Answer {
        said["module"] = self.module.as_str().into();
        let body = said.to_string();
        self.connection.request("POST", "/v1/jobs", body.as_bytes())
    }

    fn submit(&mut self, said: Value) -> String {
        let answer = self.post(said);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    fn cancel(&mut self, job: &str) {
        let target = format!("/v1/jobs/{job}/cancel");
        assert_eq!(self.connection.request("POST", &target, b"{}").status, 202);
    }
}

#[test]
fn absurd_asks_are_refused_with_their_numbers() {
    let counters = ["S0302", "S0305", "S0306", "S0103"].map(Counter::refusal);
    besiege(&GROUND, &counters, |siege| {
        let mut attacker = Submitting::of(siege, &sleeper());
        for (said, code, words) in [
            (
                json!({"array": [0, 4_000_000_000_u32]}),
                "S0305",
                "4000000001",
            ),
            (json!({"array": [0, 1_000_000]}), "S0305", "1000000"),
            (json!({"limits": {"memory_bytes": 100 << 20}}), "S0302", ""),
            (json!({"limits": {"cpu_millis": 900}}), "S0302", ""),
            (
                json!({"array": [0, 3], "gang": 2}),
                "S0103",
                "a gang is the whole array",
            ),
            (json!({"array": [0, 3], "gang": 4}), "S0306", "4"),
            (json!({"priority": 1_001}), "S0103", "1000"),
            (
                json!({"limits": {"timeout_ms": u64::MAX >> 1}}),
                "S0103",
                "timeout_ms",
            ),
        ] {
            for _ in 0..5 {
                let shown = said.to_string();
                let answer = attacker.post(said.clone());
                let codes = answer.problem()["code"].clone();
                assert_eq!(codes, code, "{shown}: {}", answer.text());
                says(&answer, code, words);
            }
        }
    });
}

#[test]
fn an_array_as_large_as_the_queue_keeps_nobody_waiting_and_one_task_more_is_refused() {
    besiege(&GROUND, &[Counter::refusal("S0301")], |siege| {
        let mut attacker = Submitting::of(siege, &sleeper());
        let job = attacker.submit(json!({"array": [0, 1_999], "priority": 1_000}));
        siege.holds_all_it_may(&job);
        for _ in 0..50 {
            says(&attacker.post(json!({})), "S0301", "the limit is 2000");
        }
        attacker.cancel(&job);
        let record = siege.server.wait(&job);
        assert_eq!(record["tasks"]["cancelled"], 2_000, "{record:#}");
    });
}

#[test]
fn a_storm_of_submissions_and_cancels_leaves_no_slot_behind() {
    const CANCELLED: Counter = Counter::ended("cancelled");
    besiege(&GROUND, &[CANCELLED], |siege| {
        let mut attacker = Submitting::of(siege, &sleeper());
        let mut jobs = Vec::new();
        for round in 0..60 {
            let job = attacker.submit(json!({"array": [0, 3]}));
            // Some are cancelled while they start, some before, some twice.
            for _ in 0..=(round % 2) {
                attacker.cancel(&job);
            }
            jobs.push(job);
        }
        for job in jobs {
            let record = siege.server.wait(&job);
            assert_eq!(record["end"]["outcome"], cancelled(), "{record:#}");
        }
        // Whether one of these was quick enough to start is chance; this one is not.
        let job = attacker.submit(json!({"array": [0, 2]}));
        siege.holds_all_it_may(&job);
        attacker.cancel(&job);
        siege.server.wait(&job);
    });
}

#[test]
fn a_thousand_short_tasks_take_turns_with_a_neighbours_one() {
    besiege(&GROUND, &[Counter::ended("failed")], |siege| {
        let text = core(
            &["proc_exit"],
            r#"(func (export "_start") (call $proc_exit (i32.const 7)))"#,
        );
        let mut attacker = Submitting::of(siege, &text);
        let job = attacker.submit(json!({"array": [0, 999], "priority": 1_000}));
        let record = siege.server.wait(&job);
        assert_eq!(record["tasks"]["failed"], 1_000, "{record:#}");
    });
}

#[test]
fn chains_of_jobs_end_with_their_first_and_those_that_never_could_start_are_refused() {
    let counters = [Counter::refusal("S0308"), Counter::refusal("S0309")];
    besiege(&GROUND, &counters, |siege| {
        let mut attacker = Submitting::of(siege, &sleeper());
        let first = attacker.submit(json!({}));
        let mut chain = vec![first.clone()];
        for _ in 0..60 {
            let before = chain.last().unwrap();
            let after = json!([{"job": before, "when": "success"}]);
            chain.push(attacker.submit(json!({ "after": after })));
        }
        attacker.cancel(&first);
        let dependency = json!({"kind": "cancelled", "reason": "dependency"});
        for job in &chain[1..] {
            let record = siege.server.wait(job);
            assert_eq!(record["end"]["outcome"], dependency, "{record:#}");
        }
        let late = json!([{"job": first, "when": "success"}]);
        says(&attacker.post(json!({ "after": late })), "S0309", "");
        let nobody = format!("job_{}", "0".repeat(26));
        let unknown = json!([{"job": nobody, "when": "always"}]);
        says(&attacker.post(json!({ "after": unknown })), "S0308", "");
    });
}
