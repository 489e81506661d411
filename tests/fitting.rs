//! Jobs that do not fit: not now, or never.

use serde_json::json;

use crate::harness::{Server, THREE, with};

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
    assert_eq!(
        waiting["waiting"]["detail"],
        "needs 4 slots at once, 3 are free"
    );
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
