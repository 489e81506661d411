//! Where jobs go, why, and what holds them: routes, classes, load, gangs, jobs after jobs, pauses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Server, THREE};

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

pub(crate) fn pause(server: &Server, names: &[&str]) {
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
