use super::*;

/// Two minutes and eleven seconds after the job was submitted.
const NOW: i64 = 1_763_756_131;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn job(more: &str) -> Job {
    let base = r#"{
        "id": "job_01KAF3ZZZZZZZZZZZZZZZZZZZZ", "number": 412, "user": "ada", "name": "render",
        "module": "93a44bbb", "state": "running", "array": [0, 99], "priority": 0,
        "tasks": {"total": 100, "queued": 23, "running": 16, "finished": 61, "succeeded": 60, "failed": 1},
        "limits": {"memory_bytes": 67108864, "timeout_ms": 30000}, "restart": {"policy": "on-failure", "retries": 2, "backoff_ms": 1000},
        "subcluster": "medium", "submitted_at": "2025-11-21T20:13:20Z",
        "usage": {"cpu_us": 1440000000, "memory_peak_bytes": 188743680}
    }"#;
    let mut base: serde_json::Value = serde_json::from_str(base).unwrap();
    let more: serde_json::Value = serde_json::from_str(more).unwrap();
    for (key, value) in more.as_object().unwrap() {
        base[key] = value.clone();
    }
    serde_json::from_value(base).unwrap()
}

const FAILED: &str = r#"{
    "state": "finished", "finished_at": "2025-11-21T20:15:31Z",
    "tasks": {"total": 100, "finished": 100, "succeeded": 99, "failed": 1},
    "end": {"outcome": {"kind": "failed", "code": 3}, "task": 17, "attempts": 3}
}"#;

#[test]
fn a_job_in_a_line() {
    assert_eq!(
        line(&job(r#"{"state": "queued"}"#)),
        "job_01KAF3ZZZZZZZZZZZZZZZZZZZZ #412 render  queued  medium  100 tasks"
    );
}

#[test]
fn jobs_in_a_table() {
    let waiting = r#"{
        "number": 413, "name": null, "state": "queued", "usage": {}, "subcluster": "long",
        "tasks": {"total": 4, "queued": 4}, "waiting": {"reason": "pool", "detail": "3 slots free of 4"}
    }"#;
    let jobs = [job("{}"), job(waiting), job(FAILED)];
    assert_eq!(
        table(&jobs, now()),
        "ID    NAME    STATE     TASKS    AGE  CPU  MEMORY   SUBCLUSTER  WHY\n\
         #412  render  running   61/100   2m   24m  180 MiB  medium\n\
         #413  -       queued    0/4      2m   -    -        long        3 slots free of 4\n\
         #412  render  failed 3  100/100  2m   24m  180 MiB  medium"
    );
}

#[test]
fn a_job_on_its_way() {
    assert_eq!(
        progress(&job("{}"), now()),
        "running 16  failed 1   about 1m 23s left"
    );
    let waiting = r#"{"tasks": {"total": 4, "queued": 4}, "waiting": {"reason": "pool", "detail": "3 slots free of 4"}}"#;
    assert_eq!(progress(&job(waiting), now()), "3 slots free of 4");
}

#[test]
fn a_job_at_its_end() {
    let job = job(FAILED);
    assert_eq!(
        summary(&job),
        "succeeded 99  failed 1   2m 11s   cpu 24m   peak 180 MiB"
    );
    let (sentence, help) = fate::of_job(&job, job.end.as_ref().unwrap());
    assert_eq!(sentence, "task 17 failed with exit code 3 (attempt 3 of 3)");
    assert_eq!(help, "sublet logs 412/17      sublet retry 412 --failed");
}

#[test]
fn a_cancelled_job_stands_as_stopping_until_it_is_over() {
    assert_eq!(standing(&job(r#"{"cancel_asked": true}"#)), "stopping");
}

#[test]
fn a_job_on_a_page() {
    let mut job = job(FAILED);
    job.routed_by = Some(RoutedBy {
        kind: "route".to_owned(),
        rule: Some("mice".to_owned()),
        version: 4,
    });
    job.gang = Some(100);
    job.after = vec![After {
        job: "job_1".to_owned(),
        when: When::Always,
    }];
    job.network.allow = vec!["api.example.org:443".to_owned()];
    job.usage.network.bytes_sent = 2_048;
    let page = page(&job, now());
    for line in [
        "gang         100 tasks start together",
        "after        job_1:always",
        "routed by    route mice (version 4)",
        "state        failed 3",
        "tasks        100  (succeeded 99  failed 1)",
        "limits       memory 64 MiB  timeout 30s",
        "network      own  allow api.example.org:443",
        "traffic      sent 2 KiB",
        "restart      on-failure, 2 retries, first after 1s",
        "submitted    2025-11-21T20:13:20Z (2m ago)",
    ] {
        assert!(page.lines().any(|seen| seen == line), "{line} in\n{page}");
    }
}

#[test]
fn a_job_on_the_usual_network_does_not_speak_of_it() {
    let page = page(&job(FAILED), now());
    for word in ["network", "traffic"] {
        assert!(!page.lines().any(|line| line.starts_with(word)), "{page}");
    }
}

#[test]
fn jobs_of_several_users_say_whose_they_are_and_are_named_by_their_ids() {
    let mine = job("{}");
    let hers = job(r#"{"user": "bob", "id": "job_01KAF4"}"#);
    let alone = table(&[mine.clone(), mine.clone()], now());
    assert!(!alone.contains("USER") && alone.contains("#412"), "{alone}");
    let both = table(&[mine.clone(), hers], now());
    let starts: Vec<Vec<&str>> = both
        .lines()
        .map(|line| line.split_whitespace().take(3).collect())
        .collect();
    assert_eq!(starts[0], ["ID", "USER", "NAME"]);
    assert_eq!(starts[1], [mine.id.as_str(), "ada", "render"]);
    assert_eq!(starts[2], ["job_01KAF4", "bob", "render"]);
}

#[test]
fn a_job_in_columns_has_a_cell_for_each() {
    for job in [job("{}"), job(FAILED)] {
        assert_eq!(job.cells().len(), Job::COLUMNS.len());
    }
    let cells = job(FAILED).cells();
    assert_eq!(cells[5..8], ["finished", "failed", "100"]);
}
