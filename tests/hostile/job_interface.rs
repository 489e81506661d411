//! What a guest says of its job, and wants of others: pieces that are too large, without end, of others, or in no order.

use crate::harness::interface;
use crate::siege::{Counter, Ground, Siege, besiege, cancelled, succeeded, trapped};

static GROUND: Ground = Ground::new("queued = 200");

/// Runs the steps in every slot, with disk.
fn wave(siege: &Siege, flags: &[&str], steps: &str) -> String {
    let always = ["--array", "0-5", "--timeout", "5m"];
    siege.launch(&interface(), &[&always, flags].concat(), steps)
}

#[track_caller]
fn each_is_told(siege: &Siege, job: &str, words: &[&str]) {
    let log = siege.server.log_of(job);
    for said in words {
        assert_eq!(log.matches(said).count(), 6, "{said:?} in {log}");
    }
}

#[test]
fn storms_of_reports_keep_what_is_kept_and_no_more() {
    besiege(&GROUND, &[Counter::ended("succeeded")], |siege| {
        let job = wave(siege, &[], "storm 50000");
        siege.each_ends(&job, &succeeded(), "");
        for task in siege.server.tasks(&job) {
            let summary = task["attempts"][0]["summary"].as_str().unwrap();
            assert_eq!(summary.lines().count(), 64, "{summary}");
        }
    });
}

#[test]
fn what_is_too_large_for_a_call_is_an_error_and_then_a_trap() {
    besiege(&GROUND, &[Counter::trap("host_call")], |siege| {
        let job = wave(
            siege,
            &[],
            "save-bytes 1000001 , save small , save-bytes 33554432",
        );
        siege.each_ends(&job, &trapped("host_call"), "");
        each_is_told(
            siege,
            &job,
            &["quota: the checkpoint is 1000001 bytes", "saved 1\n"],
        );
    });
}

#[test]
fn names_that_lead_elsewhere_and_hoards_of_writers_are_refused() {
    besiege(&GROUND, &[Counter::ended("succeeded")], |siege| {
        let steps = "artifact ../x text/plain y , artifact /etc/passwd text/plain y , odd-artifact , hoard 100 \
            , read ../../x 0 1 , read x 18446744073709551615 4294967295 , unfinished z";
        let job = wave(siege, &[], steps);
        siege.each_ends(&job, &succeeded(), "");
        each_is_told(siege, &job, &["16 and then quota: ", "not found: "]);
        let log = siege.server.log_of(&job);
        assert_eq!(log.matches("invalid: ").count(), 6 * 4, "{log}");
    });
}

#[test]
fn children_without_leave_or_without_end_are_refused() {
    besiege(&GROUND, &[Counter::ended("cancelled")], |siege| {
        let job = wave(siege, &[], "bear one who");
        siege.each_ends(&job, &succeeded(), "");
        each_is_told(siege, &job, &["denied: the job may not submit jobs"]);
        // One slot stays for a child beside each parent, and the queue is full long before they have as many as they want.
        let flags = ["--array", "0-0", "--children", "--timeout", "5m"];
        let parent = siege.launch(&interface(), &flags, "bear-many 1000 sleep , sleep");
        crate::harness::eventually(crate::harness::DEADLINE, "one is refused", || {
            siege
                .server
                .log_of(&parent)
                .contains("quota: ")
                .then_some(())
        });
        siege.cancel(&parent);
        let record = siege.server.wait(&parent);
        assert_eq!(record["end"]["outcome"], cancelled(), "{record:#}");
        assert!(record["children"].as_u64() < Some(200), "{record:#}");
        let children = siege
            .server
            .json(&["jobs", "list", "--parent", &parent, "--limit", "1000"]);
        for child in children["items"].as_array().unwrap() {
            siege.server.wait(child["id"].as_str().unwrap());
        }
    });
}

#[test]
fn jobs_of_others_are_nobodys_children() {
    besiege(&GROUND, &[Counter::ended("succeeded")], |siege| {
        let owner = &siege.neighbour.user;
        let theirs = owner.submit(&interface(), &["--name", "treasure"], "print mine");
        siege.server.wait(&theirs);
        let steps = format!(
            "open {theirs} , names-of {theirs} , read-of {theirs} result.json , members treasure"
        );
        let job = wave(siege, &["--children"], &steps);
        siege.each_ends(&job, &succeeded(), "");
        let log = siege.server.log_of(&job);
        assert_eq!(log.matches("not found: ").count(), 6 * 3, "{log}");
        assert_eq!(log.matches(" []\n").count(), 6, "{log}");
    });
}

#[test]
fn those_who_wait_for_a_meeting_that_never_is_go_when_they_are_told() {
    besiege(&GROUND, &[Counter::ended("cancelled")], |siege| {
        let job = wave(siege, &[], "barrier never 100 600000 , sleep");
        siege.holds_all_it_may(&job);
        siege.cancel(&job);
        siege.server.wait(&job);
    });
}
