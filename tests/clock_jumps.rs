//! The clock of the host is set to another time while a server runs: what goes by it goes by the new time, what does not
//! goes on, and nothing is lost. The server is told of another time than there is; its guests are not.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, eventually, skip_loudly};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A server, and the clock that it looks at.
struct Clocked {
    server: Server,
    clock: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clocked {
    /// Of a server that ran before, with the right time.
    fn after(server: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clocked = Self {
            server,
            clock: folder.path().join("clock"),
            _folder: folder,
        };
        clocked.begin_again()
    }

    /// The same after the server was killed. Its clock stands where it was put.
    fn begin_again(self) -> Self {
        let fault = format!("clock={}", self.clock.display());
        self.server.kill9();
        Self {
            server: self.server.begin_again(Some(&fault)).ready(),
            ..self
        }
    }

    /// Sets the clock to so many milliseconds from the right time.
    fn set(&self, off: i64) {
        // At once, or it would be right for a moment.
        let new = self.clock.with_extension("new");
        fs::write(&new, off.to_string()).unwrap();
        fs::rename(new, &self.clock).unwrap();
    }

    /// A job that the server takes and runs to its end now, whatever its clock shows.
    fn serves(&self) -> String {
        let job = self.server.submit(&[], "print served");
        assert_eq!(self.server.wait(&job)["tasks"]["succeeded"], 1);
        job
    }
}

fn can_be_set() -> bool {
    if !cfg!(debug_assertions) {
        skip_loudly("the clock of a server is set in builds with debug assertions only");
    }
    cfg!(debug_assertions)
}

#[test]
fn limits_of_time_do_not_go_by_the_clock_of_the_host() {
    if !can_be_set() {
        return;
    }
    let clocked = Clocked::after(Server::with_slots(4));
    let server = &clocked.server;
    let running = |job: &str| server.job(job)["tasks"]["running"] == 1;
    let long = server.submit(&["--timeout", "10m"], "sleep 600000");
    server.wait_for_state(&long, "running");
    for off in [DAY, -DAY, 30 * DAY, -HOUR, 0] {
        clocked.set(off);
        clocked.serves();
        assert!(running(&long), "{off}");
        // Nor do they wait for a time that comes once more.
        let short = server.submit(&["--timeout", "1s", "--restart", "never"], "sleep 600000");
        let record = server.wait(&short);
        let limit = json!({"kind": "limit_exceeded", "limit": "wall"});
        assert_eq!(record["end"]["outcome"], limit, "{off}: {record:#}");
    }
    clocked.set(-DAY);
    server.sublet(&["cancel", &long]).code(0);
    let record = server.wait(&long);
    assert_eq!(record["end"]["outcome"]["kind"], "cancelled", "{record:#}");
    server.is_at_rest();
}

#[test]
fn a_pause_before_a_retry_is_not_made_longer_by_a_clock_that_is_put_back() {
    if !can_be_set() {
        return;
    }
    let clocked = Clocked::after(Server::with_slots(1));
    let server = &clocked.server;
    let flags = ["--restart", "on-failure", "--backoff", "2s"];
    let job = server.submit(&flags, "exit-before-attempt 2 1");
    eventually(DEADLINE, "its first attempt has failed", || {
        let attempts = server.attempts(&job, 0);
        attempts.first()?.get("outcome").map(drop)
    });
    clocked.set(-30 * DAY);
    assert_eq!(server.wait(&job)["tasks"]["succeeded"], 1);
}

#[test]
fn what_is_kept_for_a_time_goes_by_the_clock_and_what_was_put_right_again_is_kept() {
    if !can_be_set() {
        return;
    }
    let before = Server::configured("[service]\nretention = { jobs = '1h' }\n");
    let clocked = Clocked::after(before);
    let server = &clocked.server;
    let is_there = |job: &str| {
        server
            .request("GET", &format!("/v1/jobs/{job}"), b"")
            .status
            == 200
    };
    let first = clocked.serves();
    // A time that was before is no reason to let anything go.
    clocked.set(-30 * DAY);
    let second = clocked.serves();
    assert!(is_there(&first) && is_there(&second));

    clocked.set(2 * HOUR);
    eventually(DEADLINE, "both are older than an hour", || {
        (!is_there(&first) && !is_there(&second)).then_some(())
    });
    // From here on its time is as it was told, and does not go back.
    clocked.set(0);
    let third = clocked.serves();
    clocked.serves();
    assert!(is_there(&third));
    let listed = server.json(&["jobs", "list"]);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(2),
        "{listed:#}"
    );
}

#[test]
fn events_stay_in_their_order_and_none_is_lost_when_the_clock_is_put_back() {
    if !can_be_set() {
        return;
    }
    let clocked = Clocked::after(Server::with_slots(1));
    let server = &clocked.server;
    let mut jobs = Vec::new();
    for off in [0, -DAY, DAY, -30 * DAY] {
        clocked.set(off);
        jobs.push(clocked.serves());
    }
    let answer = server.request("GET", "/v1/events", b"").text();
    let events: Vec<Value> = answer
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // Without its zone, a time is sorted like its text.
    let time = |one: &Value| Some(one["at"].as_str()?.trim_end_matches('Z').to_owned());
    let times: Vec<String> = events.iter().filter_map(time).collect();
    assert!(!times.is_empty() && times.is_sorted(), "{answer}");
    let ended = |job: &String| {
        let of = |one: &&Value| one["job"].as_str() == Some(job);
        events.iter().filter(of).count() > 0
    };
    assert!(jobs.iter().all(ended), "{answer}");

    // A server of an earlier time has given no such number: nobody waits for it to come.
    let last = events.last().unwrap()["seq"].as_u64().unwrap();
    let clocked = clocked.begin_again();
    clocked.serves();
    let server = &clocked.server;
    let gone = server.request("GET", &format!("/v1/events?after={last}"), b"");
    let gone = (gone.status, gone.problem()["code"].clone());
    assert_eq!(gone, (410, json!("S0612")));
}

#[test]
fn certificates_end_with_the_clock_and_are_honoured_again_once_it_is_right() {
    if !can_be_set() {
        return;
    }
    let clocked = Clocked::after(Server::listening(1));
    let ada = clocked.server.add_user("ada", &["--days", "2"]);
    let gets_in = || ada.sublet(&["whoami"]).code == Some(0);
    assert!(gets_in());
    for (off, reason) in [(3 * DAY, "expired"), (-3 * DAY, "not-yet-valid")] {
        clocked.set(off);
        assert!(!gets_in(), "{reason}");
        clocked.server.wait_for_refusal(reason);
        clocked.set(0);
        assert!(gets_in(), "{reason}");
    }
}
