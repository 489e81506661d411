//! What jobs wait for and what ends the wait: pauses, a sub-cluster that goes, slots that come back.

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, THREE, eventually, with};
use crate::limits::endings;
use crate::placement::pause;

#[test]
fn a_pause_lets_what_runs_go_on_and_nothing_new_start() {
    let server = Server::divided(THREE);
    let running = server.submit(&["--subcluster", "long"], "sleep 1000 , print ended");
    server.wait_for_state(&running, "running");
    let paused = server.json(&["subclusters", "pause", "long", "--reason", "new disk"]);
    assert_eq!(paused["paused"]["reason"], "new disk", "{paused:#}");
    let waiting = server.submit(&["--subcluster", "long"], "exit 0");
    assert_eq!(server.wait(&running)["end"]["outcome"]["kind"], "succeeded");
    let still = server.job(&waiting);
    assert_eq!(
        still["waiting"],
        json!({"reason": "paused", "detail": "sub-cluster long is paused: new disk"})
    );
    let listed = server.sublet(&["subclusters", "list"]).code(0);
    assert!(listed.stdout.contains("new disk"), "{listed:?}");
    server.sublet(&["subclusters", "resume", "long"]).code(0);
    server.wait(&waiting);
    let did: Vec<_> = ["subclusters.pause", "subclusters.resume"]
        .map(|action| server.audited(action).len())
        .into();
    assert_eq!(did, [1, 1]);
    server
        .sublet(&["subclusters", "pause", "lnog", "--reason", "x"])
        .code(5)
        .says(&["S0206", "did you mean `long`"]);
    server
        .sublet(&["subclusters", "pause", "long"])
        .code(2)
        .says(&["--reason"]);
}

#[test]
fn a_sub_cluster_with_running_jobs_goes_only_where_they_may_end_first() {
    let server = Server::divided(THREE);
    let job = server.submit(
        &["--subcluster", "long"],
        "print started , sleep 2000 , print ended",
    );
    server.wait_for_state(&job, "running");
    let delete =
        |words: &[&str]| server.sublet(&[&["subclusters", "delete", "long"], words].concat());
    delete(&["--yes=long"]).code(6).says(&["S0604", "--drain"]);
    assert_eq!(server.rules_version(), 1);
    assert_eq!(server.places()["l-0"], "in long");
    // Without a terminal nobody can be asked for the name.
    assert_ne!(delete(&["--drain"]).code, Some(0));
    assert_ne!(delete(&["--drain", "--yes=short"]).code, Some(0));
    assert_eq!(server.rules_version(), 1);

    delete(&["--drain", "--yes=long"]).code(0);
    assert_eq!(server.rules_version(), 2);
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(server.log_of(&job), "started\nended\n");
    assert_eq!(server.job(&job)["subcluster"], "long");
    server.wait_for_node("l-0", "unassigned");
    server.wait_for_node("l-1", "unassigned");
    assert_eq!(
        server.request("GET", "/v1/subclusters/long", b"").status,
        404
    );
    assert_eq!(server.audited("subclusters.delete")[0]["object"], "long");
    delete(&["--yes=long"]).code(5).says(&["S0206"]);
}

#[test]
fn the_last_sub_cluster_and_one_that_routes_lead_to_stay() {
    let route = "\n[[route]]\nname = \"all\"\nwhen = 'job.tasks > 0'\nto = \"long\"\n";
    let server = Server::divided(&format!("{THREE}{route}"));
    server
        .sublet(&["subclusters", "delete", "long", "--yes=long"])
        .code(1)
        .says(&["S0606", "route all"]);
    server.apply(THREE);
    server
        .sublet(&["subclusters", "delete", "long", "--yes=long"])
        .code(0);
    server
        .sublet(&["subclusters", "delete", "short", "--yes=short"])
        .code(0);
    server
        .sublet(&["subclusters", "delete", "medium", "--yes=medium"])
        .code(1)
        .says(&["S0606", "no sub-cluster"]);
    assert_eq!(server.places()["m-0"], "in medium");
}

#[test]
fn jobs_that_wait_in_a_sub_cluster_that_goes_find_another_or_wait_for_one() {
    let server = Server::divided(THREE);
    let load = server.submit(
        &["--subcluster", "long", "--array", "0-3", "--timeout", "5m"],
        "sleep 600000",
    );
    server.wait_until(&load, "it is full", |job| job["tasks"]["running"] == 4);
    let bound = server.submit(&["--subcluster", "long"], "exit 0");
    assert_eq!(server.job(&bound)["state"], "queued");
    server
        .sublet(&["subclusters", "delete", "long", "--drain", "--yes=long"])
        .code(0);
    let waiting = server.job(&bound);
    assert_eq!(waiting["waiting"]["reason"], "no_route", "{waiting:#}");
    server.sublet(&["cancel", &load]).code(0);
    server.wait_for_node("l-0", "unassigned");
    server.apply(THREE);
    assert_eq!(server.wait(&bound)["end"]["outcome"]["kind"], "succeeded");
}

#[test]
fn l04_a_grant_is_a_whole_slot_and_a_full_sub_cluster_grants_no_part_of_one() {
    let server = Server::divided(THREE);
    let full = server.submit(
        &[
            "--subcluster",
            "short",
            "--array",
            "0-3",
            "--memory",
            "2MiB",
            "--timeout",
            "5m",
        ],
        "sleep 600000",
    );
    server.wait_until(&full, "four slots are granted", |job| {
        job["tasks"]["running"] == 4
    });
    let slot = json!({"cpu_millis": 100, "memory_bytes": 128 << 20});
    for node in ["s-0", "s-1"] {
        assert_eq!(
            server.node(node)["granted"],
            slot,
            "two whole slots, however little is asked for"
        );
    }
    let next = server.submit(&["--subcluster", "short", "--memory", "2MiB"], "exit 0");
    let behind = server.submit(&["--subcluster", "short"], "exit 0");
    assert_eq!(server.job(&next)["waiting"]["reason"], "pool");
    assert_eq!(server.job(&behind)["waiting"]["reason"], "queue");
    assert_eq!(
        server.get(&format!("/v1/jobs/{behind}/explain"))["position"],
        2
    );
    let slots: std::collections::BTreeSet<_> = (0..4)
        .map(|task| server.attempts(&full, task)[0]["slot"].to_string())
        .collect();
    assert_eq!(slots.len(), 4, "each task has a slot of its own: {slots:?}");
    server.sublet(&["cancel", &full]).code(0);
    server.wait(&behind);
    assert_eq!(
        server.node("s-0")["granted"],
        json!({"cpu_millis": 0, "memory_bytes": 0})
    );
}

#[test]
fn l06_nobody_holds_anything_while_idle_and_one_alone_has_every_slot() {
    let server = Server::divided(THREE);
    let pool = server.get("/v1/pool");
    assert_eq!(
        (&pool["running"], &pool["slots"]),
        (&json!(0), &json!({"total": 12, "free": 12}))
    );
    let jobs = ["short", "medium", "long"].map(|name| {
        server.submit(
            &["--subcluster", name, "--array", "0-4", "--timeout", "5m"],
            "sleep 600000",
        )
    });
    for job in &jobs {
        server.wait_until(job, "it has all four slots", |job| {
            job["tasks"]["running"] == 4
        });
    }
    assert_eq!(server.slots(), (12, 0));
    let ids = jobs.each_ref().map(String::as_str);
    server
        .sublet(&[&["cancel"], ids.as_slice()].concat())
        .code(0);
    server.is_at_rest();
}

#[test]
fn l07_however_a_task_ends_its_slot_comes_back_in_each_sub_cluster() {
    let server = Server::divided(&with(
        THREE,
        "name = \"long\"\n",
        "name = \"long\"\nisolation = \"process\"\n",
    ));
    for ending in endings() {
        let jobs = ["short", "long"].map(|name| {
            let flags = ["--subcluster", name, "--restart", "never"];
            server.submit(&[&flags, ending.flags].concat(), ending.steps)
        });
        for job in &jobs {
            let record = server.wait(job);
            assert_eq!(
                record["end"]["outcome"], ending.outcome,
                "{}: {record:#}",
                ending.steps
            );
        }
        server.is_at_rest();
    }
    assert_eq!(server.slots(), (12, 12));
    eventually(DEADLINE, "an instance of its own leaves no process", || {
        (server.workers().len() <= 1).then_some(())
    });
}

#[test]
fn x03_the_times_of_an_attempts_life_stand_in_their_order_without_a_gap_or_a_repeat() {
    let server = Server::divided(THREE);
    let job = server.submit(
        &["--array", "0-19", "--subcluster", "medium"],
        "identity , sleep 20",
    );
    let record = server.wait(&job);
    server.is_at_rest();
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let (submitted, finished) = (time(&record["submitted_at"]), time(&record["finished_at"]));
    let mut last_end = submitted;
    for task in server.tasks(&job) {
        assert_eq!(task["state"], "reclaimed", "{task:#}");
        let [attempt] = task["attempts"].as_array().unwrap().as_slice() else {
            panic!("one attempt: {task:#}");
        };
        let (started, ended) = (time(&attempt["started_at"]), time(&attempt["ended_at"]));
        assert!(
            submitted <= started && started <= ended && ended <= finished,
            "{attempt:#} of {record:#}"
        );
        assert_eq!(
            (&attempt["number"], &attempt["state"]),
            (&json!(1), &json!("reclaimed"))
        );
        last_end = last_end.max(ended);
    }
    assert!(last_end <= finished);
    assert_eq!(record["routed_by"]["kind"], "asked");
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
