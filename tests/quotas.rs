//! What one user may hold and how fast one may come, over all sub-clusters together.

use serde_json::{Value, json};

use crate::harness::{Answer, DEADLINE, Server, THREE, eventually};

fn with_quota(quota: &str) -> Server {
    let server = Server::divided_with(THREE, &format!("[defaults.quota]\n{quota}\n"));
    server.push_probe();
    server
}

/// One job in each sub-cluster, none of which ends by itself soon.
fn one_in_each(server: &Server, flags: &[&str]) -> [String; 3] {
    ["short", "medium", "long"].map(|name| {
        let home = ["--subcluster", name, "--timeout", "5m"];
        server.submit(&[&home, flags].concat(), "sleep 600000")
    })
}

/// Slots that are granted.
fn running(server: &Server) -> u64 {
    server.get("/v1/pool")["running"].as_u64().unwrap()
}

/// An answer of 429 with this code; the seconds after which to come back.
#[track_caller]
fn come_back(answer: &Answer, code: &str) -> u64 {
    let problem = answer.problem();
    assert_eq!(
        (answer.status, problem["code"].as_str()),
        (429, Some(code)),
        "{problem:#}"
    );
    let after = answer
        .header("retry-after")
        .expect("429 says when to come back");
    let after = after.parse().expect("whole seconds");
    assert!((1..=3600).contains(&after), "{after}");
    after
}

#[test]
fn x04_slots_of_a_user_are_counted_over_all_sub_clusters() {
    let server = with_quota("slots = 2");
    let jobs = one_in_each(&server, &["--array", "0-3"]);
    eventually(DEADLINE, "two run", || {
        (running(&server) == 2).then_some(())
    });
    let held: Vec<_> = jobs.iter().map(|job| server.job(job)).collect();
    let waiting: Vec<_> = held
        .iter()
        .filter(|job| job["waiting"]["reason"] == "quota")
        .collect();
    assert!(!waiting.is_empty(), "{held:#?}");
    for job in waiting {
        assert_eq!(job["waiting"]["detail"], "its user holds 2 of 2 slots");
    }
    // One slot back is one grant more, wherever it is.
    for _ in 0..4 {
        let busy = jobs
            .iter()
            .find(|job| server.job(job)["tasks"]["running"] != 0)
            .unwrap();
        let tasks = server.tasks(busy);
        let task = tasks
            .iter()
            .find(|task| task["state"] == "running")
            .unwrap();
        server
            .sublet(&["cancel", &format!("{busy}/{}", task["index"])])
            .code(0);
        eventually(DEADLINE, "two run again", || {
            let now = running(&server);
            assert!(now <= 2, "{now} run");
            let ended: u64 = jobs
                .iter()
                .map(|job| server.job(job)["tasks"]["finished"].as_u64().unwrap())
                .sum();
            (now == 2 && ended > 0).then_some(())
        });
    }
    let ids = jobs.each_ref().map(String::as_str);
    server
        .sublet(&[&["cancel"], ids.as_slice()].concat())
        .code(0);
    server.is_at_rest();
}

#[test]
fn s10_processors_and_memory_of_a_user_are_counted_the_same_way() {
    for (quota, word) in [("cpu = 0.1", "0.1"), ("memory = \"128MiB\"", "128MiB")] {
        let server = with_quota(quota);
        let jobs = one_in_each(&server, &[]);
        eventually(DEADLINE, "two of three run", || {
            (running(&server) == 2).then_some(())
        });
        let records = jobs.each_ref().map(|job| server.job(job));
        let waiting: Vec<&Value> = records
            .iter()
            .filter(|job| job["state"] == "queued")
            .collect();
        let [waiting] = waiting[..] else {
            panic!("one waits: {records:#?}")
        };
        assert_eq!(waiting["waiting"]["reason"], "quota", "{waiting:#}");
        assert!(
            waiting["waiting"]["detail"]
                .as_str()
                .unwrap()
                .contains(word),
            "{waiting:#}"
        );
        let told = server
            .sublet(&["explain", waiting["id"].as_str().unwrap()])
            .code(0);
        assert!(
            told.stdout.contains("quota") && told.stdout.contains(word),
            "{told:?}"
        );
    }
}

#[test]
fn what_a_quota_could_never_let_start_is_refused() {
    for (quota, said, limit) in [
        ("slots = 2", json!({"gang": 3}), 2),
        ("cpu = 0.03", json!({}), 30),
        ("memory = \"32MiB\"", json!({}), 32 << 20),
    ] {
        let server = with_quota(quota);
        let answer = server.post_job(said, &["exit", "0"]);
        let problem = answer.problem();
        assert_eq!(
            (answer.status, problem["code"].as_str()),
            (403, Some("S0306")),
            "{quota}: {problem:#}"
        );
        assert_eq!(problem["errors"][0]["limit"], limit, "{problem:#}");
        assert_eq!(server.get("/v1/jobs")["items"], json!([]));
    }
}

#[test]
fn a_queue_that_is_full_refuses_before_anything_is_stored_and_says_when_to_come_back() {
    let server = with_quota("queued = 10");
    let array = server.submit(&["--array", "0-7", "--timeout", "5m"], "sleep 600000");
    let refused = server.post_job(json!({"array": [0, 2]}), &["exit", "0"]);
    come_back(&refused, "S0301");
    let problem = refused.problem();
    assert_eq!(
        (
            &problem["errors"][0]["asked"],
            &problem["errors"][0]["limit"]
        ),
        (&json!(3), &json!(10))
    );
    assert_eq!(
        server.get("/v1/jobs")["items"].as_array().unwrap().len(),
        1,
        "nothing was stored"
    );
    // Running ones count as well as waiting ones, and what fits is taken.
    assert_eq!(
        server
            .post_job(json!({"array": [0, 1]}), &["exit", "0"])
            .status,
        201
    );
    server.sublet(&["cancel", &array]).code(0);
    server.wait(&array);
    let taken = server.post_job(json!({"array": [0, 2]}), &["exit", "0"]);
    assert_eq!(taken.status, 201, "{}", taken.text());
    come_back(
        &server.post_job(json!({"array": [0, 10]}), &["exit", "0"]),
        "S0301",
    );
}

#[test]
fn the_command_line_tells_a_full_queue_with_its_code() {
    let server = with_quota("queued = 1");
    server.submit(&["--timeout", "5m"], "sleep 600000");
    let path = crate::harness::core("probe").path;
    let refused = server.sublet(&["submit", path.to_str().unwrap(), "--", "exit", "0"]);
    refused.code(7).says(&["S0301", "the limit is 1"]);
}

#[test]
fn submissions_that_come_too_fast_are_told_to_come_back() {
    let server = with_quota("submits_per_s = 2");
    let answers: Vec<Answer> = (0..40)
        .map(|_| server.post_job(json!({}), &["exit", "0"]))
        .collect();
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201);
    assert!(
        !taken.is_empty() && !refused.is_empty(),
        "{} taken, {} refused",
        taken.len(),
        refused.len()
    );
    for answer in refused {
        come_back(answer, "S0310");
    }
    let jobs = server.get("/v1/jobs?limit=100");
    assert_eq!(
        jobs["items"].as_array().unwrap().len(),
        taken.len(),
        "what was refused left nothing"
    );
    eventually(DEADLINE, "the next one is taken", || {
        (server.post_job(json!({}), &["exit", "0"]).status == 201).then_some(())
    });
}

#[test]
fn a_submission_that_is_cancelled_at_once_still_counts_against_the_rate() {
    let server = with_quota("submits_per_s = 2");
    let mut refused = 0;
    for _ in 0..30 {
        let answer = server.post_job(json!({}), &["sleep", "600000"]);
        if answer.status == 429 {
            come_back(&answer, "S0310");
            refused += 1;
        } else {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            server.request("POST", &format!("/v1/jobs/{id}/cancel"), b"");
        }
    }
    assert!(refused > 0);
}

#[test]
fn x04_quotas_hold_after_the_death_of_the_server() {
    let server = with_quota("slots = 2\nqueued = 10");
    let jobs = one_in_each(&server, &["--array", "0-1"]);
    eventually(DEADLINE, "two run", || {
        (running(&server) == 2).then_some(())
    });
    server.kill9();
    let server = server.restart();
    eventually(DEADLINE, "two run again", || {
        (running(&server) == 2).then_some(())
    });
    come_back(
        &server.post_job(json!({"array": [0, 4]}), &["exit", "0"]),
        "S0301",
    );
    let records = jobs.each_ref().map(|job| server.job(job)["tasks"].clone());
    let count = |state: &str| -> u64 {
        records
            .iter()
            .map(|tasks| tasks[state].as_u64().unwrap())
            .sum()
    };
    assert_eq!(
        (count("starting") + count("running"), count("queued")),
        (2, 4),
        "{records:#?}"
    );
}
