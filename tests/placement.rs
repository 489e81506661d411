//! Where jobs go, why, and what holds them: routes, classes, load, gangs, jobs after jobs, pauses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Server, THREE, with};

const ROUTES: &str = r#"
[[route]]
name = "mice"
when = 'job.timeout <= 10s && job.memory <= 32MiB'
to = "short"

[[route]]
name = "urgent"
when = 'job.priority >= 100'
to = "medium"

[[route]]
name = "maps"
when = 'job.labels.team == "maps" || job.class == "maps"'
to = "long"

[[route]]
name = "once"
when = 'job.restart == "never" && user.role == "operator" && job.tasks > 1'
to = "medium"

[[route]]
name = "clock"
when = '"wasi_snapshot_preview1.poll_oneoff" in job.imports'
to = "short"
"#;

fn routed() -> String {
    format!("{THREE}{ROUTES}")
}

/// Where a job went, and what decided it.
fn way(job: &Value) -> (&str, &str, &str) {
    let word = |value: &'_ Value| value.as_str().unwrap_or("").to_owned().leak() as &str;
    let by = &job["routed_by"];
    (
        word(&job["subcluster"]),
        word(&by["kind"]),
        word(&by["rule"]),
    )
}

/// How many of these jobs each sub-cluster has.
fn counted<'a>(jobs: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for job in jobs {
        *counts
            .entry(job["subcluster"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    counts
}

fn pause(server: &Server, names: &[&str]) {
    for name in names {
        server
            .sublet(&[
                "subclusters",
                "pause",
                name,
                "--reason",
                "a look at the queue",
            ])
            .code(0);
    }
}

#[test]
fn i05_three_sub_clusters_run_jobs_at_the_same_time_and_each_record_names_its_own() {
    let server = Server::divided(THREE);
    let jobs = ["short", "medium", "long"].map(|name| {
        let job = server.submit(&["--subcluster", name, "--timeout", "5m"], "sleep 600000");
        (name, job)
    });
    for (name, job) in &jobs {
        let record = server.wait_for_state(job, "running");
        assert_eq!(way(&record), (*name, "asked", ""), "{record:#}");
        let node = server.node_of_slot(&server.attempts(job, 0)[0]);
        assert_eq!(node["subcluster"], *name, "{node:#}");
    }
    let pool = server.get("/v1/pool");
    assert_eq!(pool["running"], 3, "{pool:#}");
    for one in pool["subclusters"].as_array().unwrap() {
        assert_eq!(one["running"], 1, "{one:#}");
    }
    let ids = jobs.each_ref().map(|(_, job)| job.as_str());
    server
        .sublet(&[&["cancel"], ids.as_slice()].concat())
        .code(0);
    server.is_at_rest();
}

#[test]
fn i11_a_job_is_routed_by_what_it_says_and_its_record_has_rule_and_version() {
    let server = Server::divided(&routed());
    server.push_probe();
    for (said, expected) in [
        (
            json!({"limits": {"timeout_ms": 5_000, "memory_bytes": 16 << 20}}),
            ("short", "mice"),
        ),
        (
            json!({"limits": {"timeout_ms": 5_000}, "priority": 100}),
            ("medium", "urgent"),
        ),
        (
            json!({"priority": 500, "labels": {"team": "maps"}}),
            ("medium", "urgent"),
        ),
        (json!({"labels": {"team": "maps"}}), ("long", "maps")),
        (json!({"class": "maps"}), ("long", "maps")),
        (
            json!({"restart": {"policy": "never"}, "array": [0, 1]}),
            ("medium", "once"),
        ),
        (json!({}), ("short", "clock")),
    ] {
        let job = server.post_job(said.clone(), &["exit", "0"]).json();
        assert_eq!(
            way(&job),
            (expected.0, "route", expected.1),
            "{said}: {job:#}"
        );
        assert_eq!(job["routed_by"]["version"], 1);
        let told = server
            .sublet(&["explain", job["id"].as_str().unwrap()])
            .code(0);
        assert!(
            told.stdout
                .contains(&format!("by route {} (version 1)", expected.1)),
            "{told:?}"
        );
    }
}

#[test]
fn a_route_to_a_sub_cluster_that_does_not_take_the_job_is_passed_over() {
    let server = Server::divided(&routed());
    server.push_probe();
    let job = server
        .post_job(json!({"limits": {"timeout_ms": 1_800_000}}), &["exit", "0"])
        .json();
    let (went, kind, _) = way(&job);
    assert!(
        ["medium", "long"].contains(&went) && kind == "load",
        "{job:#}"
    );
}

#[test]
fn i12_the_less_loaded_of_two_has_the_job_and_the_choice_flips_with_the_load() {
    let server = Server::divided(THREE);
    server.push_probe();
    let goes = || {
        let job = server.post_job(json!({"limits": {"timeout_ms": 1_800_000}}), &["exit", "0"]);
        let job = job.json();
        server.wait(job["id"].as_str().unwrap());
        assert_eq!(way(&job).1, "load", "{job:#}");
        job["subcluster"].as_str().unwrap().to_owned()
    };
    for (loaded, other) in [("medium", "long"), ("long", "medium")] {
        let flags = ["--subcluster", loaded, "--array", "0-5", "--timeout", "5m"];
        let load = server.submit(&flags, "sleep 600000");
        server.wait_until(&load, "all of it is taken", |job| {
            job["tasks"]["running"] == 4
        });
        assert_eq!(goes(), other);
        server.sublet(&["cancel", &load]).code(0);
        server.wait(&load);
        server.is_at_rest();
    }
}

#[test]
fn i13_a_class_is_spread_in_its_ratio_at_every_prefix_and_a_share_that_is_paused_comes_back() {
    let class = "\n[[class]]\nname = \"mixed\"\nwhen = 'job.class == \"mixed\"'\nspread = { short = 7, medium = 2, long = 1 }\n";
    let server = Server::divided(&format!("{THREE}{class}"));
    server.push_probe();
    let send = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|_| {
                server
                    .post_job(json!({"class": "mixed"}), &["exit", "0"])
                    .json()
            })
            .collect()
    };
    let near = |jobs: &[Value], weights: &[(&str, i64)]| {
        let sum: i64 = weights.iter().map(|(_, weight)| weight).sum();
        for end in 1..=jobs.len() {
            let counts = counted(&jobs[..end]);
            for &(name, weight) in weights {
                // Less than one job from the ideal, in whole numbers.
                let off = counts.get(name).copied().unwrap_or(0) * sum
                    - weight * i64::try_from(end).unwrap();
                assert!(off.abs() < sum, "{name} at {end}: {counts:?}");
            }
        }
    };
    let jobs = send(40);
    assert!(
        jobs.iter()
            .all(|job| way(job).1 == "class" && way(job).2 == "mixed")
    );
    near(&jobs, &[("short", 7), ("medium", 2), ("long", 1)]);
    pause(&server, &["short"]);
    near(&send(18), &[("short", 0), ("medium", 2), ("long", 1)]);
    server.sublet(&["subclusters", "resume", "short"]).code(0);
    near(&send(20), &[("short", 7), ("medium", 2), ("long", 1)]);
}

#[test]
fn i14_each_attempt_runs_on_a_node_of_the_sub_cluster_that_its_job_was_sent_to() {
    let server = Server::divided(&routed());
    let jobs: Vec<_> = ["short", "medium", "long"]
        .iter()
        .map(|name| {
            (
                name,
                server.submit(&["--subcluster", name, "--array", "0-19"], "sleep 5"),
            )
        })
        .collect();
    for (name, job) in jobs {
        server.wait(&job);
        for task in server.tasks(&job) {
            for attempt in task["attempts"].as_array().unwrap() {
                assert_eq!(
                    server.node_of_slot(attempt)["subcluster"],
                    **name,
                    "{attempt:#}"
                );
            }
        }
    }
}

#[test]
fn i15_a_gang_that_does_not_fit_waits_and_holds_nothing() {
    let server = Server::divided(THREE);
    let one = server.submit(
        &["--subcluster", "medium", "--timeout", "5m"],
        "sleep 600000",
    );
    server.wait_for_state(&one, "running");
    let gang = server.submit(&["--subcluster", "medium", "--gang", "4"], "sleep 500");
    let waiting = server.job(&gang);
    assert_eq!(waiting["waiting"]["reason"], "gang", "{waiting:#}");
    assert_eq!(waiting["waiting"]["detail"], "gang of 4, 3 slots free");
    assert_eq!(waiting["tasks"]["queued"], 4, "{waiting:#}");
    let told = server.get(&format!("/v1/jobs/{gang}/explain"));
    assert_eq!(
        (&told["wants"], &told["free"]),
        (&json!(4), &json!({"total": 4, "free": 3})),
        "{told:#}"
    );
    assert_eq!(server.get("/v1/subclusters/medium")["running"], 1);

    server.sublet(&["cancel", &one]).code(0);
    let over = server.wait(&gang);
    assert_eq!(over["tasks"]["succeeded"], 4, "{over:#}");
    let starts: Vec<jiff::Timestamp> = (0..4)
        .map(|task| {
            server.attempts(&gang, task)[0]["started_at"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    let ends = |task| {
        server.attempts(&gang, task)[0]["ended_at"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert!(
        starts.iter().all(|start| *start < ends(0)),
        "they ran side by side"
    );
}

#[test]
fn a_gang_that_no_sub_cluster_could_ever_hold_is_refused() {
    let server = Server::divided(THREE);
    server.push_probe();
    let problem = server
        .post_job(json!({"gang": 13}), &["exit", "0"])
        .problem();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(422), &json!("S0307")),
        "{problem:#}"
    );
    assert_eq!(
        (
            &problem["errors"][0]["asked"],
            &problem["errors"][0]["limit"]
        ),
        (&json!(13), &json!(12))
    );
    let problem = server
        .post_job(json!({"gang": 2, "array": [0, 9]}), &["exit", "0"])
        .problem();
    assert_eq!(problem["status"], 422, "{problem:#}");
    let problem = server
        .post_job(json!({"gang": 0}), &["exit", "0"])
        .problem();
    assert_eq!(problem["code"], "S0103", "{problem:#}");
}

#[test]
fn a_job_that_fits_nowhere_is_refused_at_once_with_what_would_have_to_change() {
    let strict = with(
        THREE,
        r#"exit = 'node.labels.size != "large"'"#,
        "accept = 'job.timeout <= 1h'\nexit = 'node.labels.size != \"large\"'",
    );
    let server = Server::divided(&strict);
    server.push_probe();
    for (said, code, words) in [
        (
            json!({"limits": {"memory_bytes": 128 << 20}}),
            "S0302",
            &["short", "medium", "long", "64MiB", "128MiB"][..],
        ),
        (
            json!({"limits": {"cpu_millis": 100}}),
            "S0302",
            &["0.05", "0.1"],
        ),
        (
            json!({"subcluster": "short", "limits": {"timeout_ms": 660_000}}),
            "S0302",
            &["job.timeout <= 10m", "11m"],
        ),
        (
            json!({"subcluster": "lnog"}),
            "S0206",
            &["lnog", "did you mean \"long\""],
        ),
        (
            json!({"subcluster": "nothing-like-it"}),
            "S0206",
            &["nothing-like-it"],
        ),
    ] {
        let problem = server.post_job(said.clone(), &["exit", "0"]).problem();
        assert_eq!(problem["code"], code, "{said}: {problem:#}");
        for word in words {
            assert!(
                problem["detail"].as_str().unwrap().contains(word),
                "no {word:?}: {problem:#}"
            );
        }
    }
    assert_eq!(
        server.get("/v1/jobs")["items"],
        json!([]),
        "nothing of it was kept"
    );
}

#[test]
fn l02_with_every_sub_cluster_paused_a_submission_is_taken_survives_a_kill_and_says_why_it_waits() {
    let server = Server::divided(THREE);
    pause(&server, &["short", "medium", "long"]);
    let named = server.submit(&["--subcluster", "long"], "print at last");
    let any = server.submit(&["--array", "0-9"], "exit 0");
    let says_why = |server: &Server| {
        for job in [&named, &any] {
            let record = server.job(job);
            assert_eq!(record["state"], "queued", "{record:#}");
            assert_eq!(record["waiting"]["reason"], "paused", "{record:#}");
            let detail = record["waiting"]["detail"].as_str().unwrap();
            assert!(detail.contains("a look at the queue"), "{detail}");
        }
    };
    says_why(&server);
    server.kill9();
    let server = server.restart();
    says_why(&server);
    let told = server.sublet(&["explain", &named]).code(0);
    assert!(
        told.stdout.contains("paused") && told.stdout.contains("a look at the queue"),
        "{told:?}"
    );
    for name in ["short", "medium", "long"] {
        server.sublet(&["subclusters", "resume", name]).code(0);
    }
    assert_eq!(server.wait(&named)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.wait(&any)["tasks"]["succeeded"], 10);
    assert_eq!(server.log_of(&named), "at last\n");
}
