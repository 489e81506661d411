//! A server that dies with thousands of jobs waiting.

use std::collections::BTreeSet;
use std::thread;

use serde_json::{Value, json};

use super::harness::{DEADLINE, Server, eventually, http, wat};

/// Jobs of one task each, and the tasks of one job more.
const JOBS: usize = 3_000;
const TASKS: usize = 2_000;
const CLIENTS: usize = 4;

/// The ids of the jobs that are on record, and in which state.
fn listed(server: &Server, state: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut target = "/v1/jobs?limit=1000".to_owned();
    loop {
        let page = server.get(&target);
        let jobs = page["items"].as_array().expect("a page has items");
        let here = jobs.iter().filter(|job| job["state"] == state);
        ids.extend(here.filter_map(|job| job["id"].as_str().map(str::to_owned)));
        let Some(cursor) = page["next_cursor"].as_str() else {
            return ids;
        };
        target = format!("/v1/jobs?limit=1000&cursor={cursor}");
    }
}

/// The id that a client is told.
fn submit(server: &Server, body: &Value) -> String {
    let request = http::request("POST", "/v1/jobs", &[], body.to_string().as_bytes());
    let answer = http::exchange(&server.socket(), &request);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().map(str::to_owned);
    id.expect("a job has an id")
}

#[test]
fn a_server_that_dies_with_a_full_queue_has_it_again_and_works_it_off() {
    let server = Server::with_slots(8);
    let guest = wat("queued", include_str!("guest.wat"));
    let path = guest.path.to_str().expect("the repository's path is text");
    server
        .sublet(&["modules", "push", path, "--name", "guest"])
        .code(0);
    let pause = ["subclusters", "pause", "default", "--reason", "a test"];
    server.sublet(&pause).code(0);
    let plain = json!({"module": "guest", "args": ["o"]});
    let mut told: BTreeSet<String> = thread::scope(|scope| {
        let client = || {
            (0..JOBS / CLIENTS)
                .map(|_| submit(&server, &plain))
                .collect::<Vec<_>>()
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let each = clients
            .into_iter()
            .flat_map(|client| client.join().expect("it is answered"));
        each.collect()
    });
    let mut array = plain.clone();
    array["array"] = json!([0, TASKS - 1]);
    let array = submit(&server, &array);
    told.insert(array.clone());
    assert_eq!(told.len(), JOBS + 1);

    server.kill9();
    let server = server.restart();
    assert_eq!(
        listed(&server, "queued"),
        told,
        "each waits, and nothing else"
    );
    server.sublet(&["subclusters", "resume", "default"]).code(0);
    eventually(DEADLINE, "some are over and some are not", || {
        let finished = listed(&server, "finished").len();
        (finished > JOBS / 10).then_some(())
    });
    server.kill9();
    let server = server.restart();
    eventually(DEADLINE * 2, "every job is over", || {
        (listed(&server, "finished") == told).then_some(())
    });
    assert_eq!(server.job(&array)["tasks"]["succeeded"], TASKS);
    server.is_at_rest();
}
