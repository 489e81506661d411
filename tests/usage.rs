//! What was used, to the millisecond; lists of jobs narrowed down; and what a record says of who, where, when and how much.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Remote, Server, component, core};

/// What the attempts of these jobs used, as their records say, added up by hand: in the words of a sum.
fn by_hand(server: &Server, jobs: &[String]) -> Value {
    let mut sum = [0_u64; 8];
    for job in jobs {
        let memory = server.job(job)["limits"]["memory_bytes"].as_u64().unwrap();
        for task in server.tasks(job) {
            for attempt in task["attempts"].as_array().unwrap() {
                let used = |field: &str| attempt["usage"][field].as_u64().unwrap();
                let network = |field: &str| attempt["usage"]["network"][field].as_u64();
                let amounts = [
                    1,
                    used("cpu_us"),
                    used("wall_us"),
                    memory * used("wall_us"),
                    used("stdout_bytes"),
                    used("stderr_bytes"),
                    used("output_cut_bytes"),
                    network("bytes_sent").unwrap_or(0) + network("bytes_received").unwrap_or(0),
                ];
                sum.iter_mut()
                    .zip(amounts)
                    .for_each(|(sum, one)| *sum += one);
            }
        }
    }
    json!(sum)
}

fn sum(used: &Value) -> Value {
    let amount = |field: &str| used[field].as_u64().unwrap();
    json!([
        amount("attempts"),
        amount("cpu_us"),
        amount("wall_us"),
        amount("memory_byte_us"),
        amount("stdout_bytes"),
        amount("stderr_bytes"),
        amount("output_cut_bytes"),
        amount("sent_bytes") + amount("received_bytes"),
    ])
}

/// The sum of what rows say.
fn all(rows: &Value) -> Value {
    let rows: Vec<Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| sum(&row["used"]))
        .collect();
    let at = |place: usize| -> u64 { rows.iter().map(|row| row[place].as_u64().unwrap()).sum() };
    json!((0..8).map(at).collect::<Vec<_>>())
}

/// A job says exactly what its own attempts used.
fn each_job_has_its_own(server: &Server, adas: &[String]) {
    let rows = server.json(&["usage", "--by", "job", "--user", "ada"]);
    for job in adas {
        let rows = rows["items"].as_array().unwrap().iter();
        let rows: Vec<_> = rows.filter(|row| row["job"] == **job).cloned().collect();
        assert_eq!(
            all(&json!(rows)),
            by_hand(server, std::slice::from_ref(job))
        );
    }
}

/// What pages of one item come to.
fn every_page(server: &Server) -> Value {
    let mut paged = Vec::new();
    let mut target = "/v1/usage?by=job&limit=1".to_owned();
    loop {
        let page = server.get(&target);
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => target = format!("/v1/usage?by=job&limit=1&cursor={cursor}"),
            None => break,
        }
    }
    json!(paged)
}

fn csv_adds_up(ada: &Remote, jobs: usize, cpu_us: &Value) {
    let csv = ada.sublet(&["usage", "--by", "job", "-o", "csv"]).code(0);
    let lines: Vec<Vec<&str>> = csv
        .stdout
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(
        lines[0][..6],
        ["user", "day", "job", "number", "attempts", "cpu_us"]
    );
    assert!(lines.len() > jobs && lines.iter().all(|line| line.len() == lines[0].len()));
    let cpu: u64 = lines[1..]
        .iter()
        .map(|line| line[5].parse::<u64>().unwrap())
        .sum();
    assert_eq!(json!(cpu), *cpu_us);
}

#[test]
fn what_was_used_is_what_the_attempts_say_for_users_for_jobs_and_for_days() {
    let server = Server::listening(4);
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let probe = core("probe");
    let adas = vec![
        ada.submit(
            &probe,
            &["--array", "0-2", "--memory", "32MiB"],
            "print hello",
        ),
        ada.submit(
            &probe,
            &[
                "--restart",
                "on-failure",
                "--retries",
                "1",
                "--backoff",
                "1ms",
            ],
            "exit 3",
        ),
        ada.submit(
            &probe,
            &["--output-limit", "1B"],
            "print much-more-than-a-byte",
        ),
    ];
    let bobs = vec![bob.submit(&probe, &[], "sleep 50")];
    for job in adas.iter().chain(&bobs) {
        server.wait(job);
    }
    let (of_ada, of_bob) = (by_hand(&server, &adas), by_hand(&server, &bobs));
    assert_eq!(of_ada[0], 6, "{of_ada}");
    assert!(of_ada[6].as_u64() > Some(0), "something was cut: {of_ada}");
    assert!(of_bob[2].as_u64() >= Some(50_000), "{of_bob}");

    for by in ["user", "job", "day"] {
        let own = ada.json(&["usage", "--by", by]);
        assert_eq!(own["by"], by);
        assert_eq!(sum(&own["total"]), of_ada, "{by}");
        assert_eq!(all(&own["items"]), of_ada, "{by}");
        let one = server.json(&["usage", "--by", by, "--user", "bob"]);
        assert_eq!(
            (all(&one["items"]), sum(&one["total"])),
            (of_bob.clone(), of_bob.clone())
        );
        let both = server.json(&["usage", "--by", by]);
        assert_eq!(all(&both["items"]), sum(&both["total"]), "{by}");
        assert_eq!(both["total"]["attempts"], 7);
    }
    // Each user is a row, and a job says exactly what its own attempts used.
    let users = server.json(&["usage"]);
    let names: Vec<_> = users["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["user"])
        .collect();
    assert_eq!(names, ["ada", "bob"]);
    each_job_has_its_own(&server, &adas);
    // Somebody else's is not told of.
    ada.sublet(&["usage", "--user", "bob"])
        .code(5)
        .says(&["S0209"]);
    assert_eq!(sum(&ada.json(&["usage", "--user", "*"])["total"]), of_ada);
    assert_eq!(all(&every_page(&server)), sum(&users["total"]));
    csv_adds_up(&ada, adas.len(), &of_ada[1]);
    let table = server.sublet(&["usage"]).code(0);
    assert!(
        table.stdout.contains("ada") && table.stdout.contains("total"),
        "{table:?}"
    );
    server.is_at_rest();
}

#[test]
fn usage_is_asked_for_by_whole_days() {
    let server = Server::start();
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    let attempts =
        |query: &str| server.get(&format!("/v1/usage?{query}"))["total"]["attempts"].clone();
    // The day on which the attempt ended, which may be over by now.
    let ended = server.attempts(&job, 0)[0]["ended_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let today = &ended[..10];
    assert_eq!(attempts(&format!("from={today}&to={today}")), 1);
    assert_eq!(attempts(&format!("from={ended}")), 1);
    assert_eq!(attempts(&format!("to={today}T00:00:00Z")), 0);
    assert_eq!(attempts("to=2001-01-01"), 0);
    assert_eq!(attempts("from=2101-01-01"), 0);
    let told = server.get(&format!("/v1/usage?from={ended}&to={today}"));
    assert_eq!(told["from"], json!(format!("{today}T00:00:00Z")));
    let next: Timestamp = told["to"].as_str().unwrap().parse().unwrap();
    let first: Timestamp = told["from"].as_str().unwrap().parse().unwrap();
    assert_eq!(next.as_second() - first.as_second(), 86_400);
    for (query, code, words) in [
        ("from=2026-11-23&to=2026-11-22", "S0103", "no day"),
        ("from=yesterday", "S0101", "2026-11-22"),
        ("by=week", "S0101", "day"),
        ("cursor=x", "S0101", "cursor"),
        ("user=nobody-has-this", "S0209", "nobody-has-this"),
    ] {
        let problem = server
            .request("GET", &format!("/v1/usage?{query}"), b"")
            .problem();
        assert_eq!(problem["code"], code, "{query}: {problem:#}");
        assert!(problem.to_string().contains(words), "{query}: {problem:#}");
    }
    server
        .sublet(&["usage", "--from", "soon"])
        .code(2)
        .says(&["--from", "2026-11-22"]);
    // What has no columns is not done at all.
    server
        .sublet(&["cancel", &job, "-o", "csv"])
        .code(2)
        .says(&["csv", "sublet usage"]);
}

#[test]
fn lists_of_jobs_are_narrowed_by_everything_that_is_asked_for() {
    let server = Server::with_slots(1);
    let labels = ["--label", "team=maps", "--label", "size=large"];
    let runs = server.submit(
        &[&labels[..], &["--timeout", "10m"]].concat(),
        "sleep 600000",
    );
    server.wait_for_state(&runs, "running");
    let waits = server.submit(&["--label", "team=maps", "--name", "later"], "exit 0");
    let listed = |arguments: &[&str]| -> Vec<String> {
        let page = server.json(&[&["jobs", "list"], arguments].concat());
        let jobs = page["items"].as_array().unwrap().iter();
        jobs.map(|job| job["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed(&["--state", "running"]), [runs.as_str()]);
    assert_eq!(listed(&["--state", "queued"]), [waits.as_str()]);
    assert_eq!(listed(&["--state", "finished"]), [""; 0]);
    assert_eq!(listed(&["--label", "team=maps"]), [waits.as_str(), &runs]);
    assert_eq!(listed(&labels), [runs.as_str()]);
    assert_eq!(
        listed(&["--label", "team=maps", "--label", "size=small"]),
        [""; 0]
    );
    assert_eq!(
        listed(&["--active", "--state", "queued", "--limit", "1"]),
        [waits.as_str()]
    );
    server.sublet(&["cancel", &runs]).code(0);
    server.wait(&runs);
    server.wait(&waits);
    let fails = server.submit(&["--name", "fails"], "exit 3");
    let end = server.wait(&fails);
    assert_eq!(
        listed(&["--state", "finished"]),
        [fails.as_str(), &waits, &runs]
    );
    assert_eq!(listed(&["--outcome", "failed"]), [fails.as_str()]);
    assert_eq!(
        listed(&["--outcome", "cancelled", "--state", "finished"]),
        [runs.as_str()]
    );
    assert_eq!(listed(&["--outcome", "lost"]), [""; 0]);
    assert_eq!(listed(&["--name", "later"]), [waits.as_str()]);
    // A module by the beginning of its digest, and by its name; one that is not there is an error and no empty list.
    let digest = end["module"].as_str().unwrap();
    assert_eq!(listed(&["--module", &digest[..12]]).len(), 3);
    assert_eq!(
        listed(&["--module", digest, "--name", "fails"]),
        [fails.as_str()]
    );
    server.push_probe();
    assert_eq!(listed(&["--module", "probe"]).len(), 3);
    server
        .sublet(&["jobs", "list", "--module", "nothing"])
        .code(5)
        .says(&["nothing"]);
    // A time at which something was submitted.
    let since = end["submitted_at"].as_str().unwrap();
    assert_eq!(listed(&["--since", since]), [fails.as_str()]);
    assert_eq!(listed(&["--until", since]), [waits.as_str(), &runs]);
    assert_eq!(listed(&["--since", "1h"]).len(), 3);
    assert_eq!(listed(&["--until", "1h"]).len(), 0);
}

#[test]
fn lists_of_jobs_say_which_words_they_know_and_have_columns_for_programs() {
    let server = Server::start();
    let fails = server.submit(&["--name", "fails"], "exit 3");
    server.wait(&fails);
    server.wait(&server.submit(&[], "exit 0"));
    for (flag, word, says) in [
        ("--state", "runing", ["runing", "running"]),
        ("--outcome", "fine", ["fine", "limit_exceeded"]),
    ] {
        server
            .sublet(&["jobs", "list", flag, word])
            .code(1)
            .says(&["S0103"])
            .says(&says);
    }
    let contradiction = server.get("/v1/jobs?active=true&state=finished");
    assert_eq!(contradiction["items"], json!([]));
    let csv = server
        .sublet(&["jobs", "list", "-o", "csv", "--outcome", "failed"])
        .code(0);
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert!(lines[0].starts_with("id,number,user,name,"), "{csv:?}");
    assert!(
        lines[1].starts_with(&fails) && lines[1].contains(",finished,failed,"),
        "{csv:?}"
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn operators_see_whose_the_jobs_are() {
    let server = Server::listening(2);
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let hers = ada.submit(&core("probe"), &[], "exit 0");
    server.wait(&hers);
    let alone = server.sublet(&["jobs", "list", "--user", "*"]).code(0);
    assert!(!alone.stdout.contains("USER"), "{alone:?}");
    let his = bob.submit(&core("probe"), &[], "exit 0");
    server.wait(&his);
    let both = server.sublet(&["jobs", "list", "--user", "*"]).code(0);
    let mut lines = both.stdout.lines();
    assert!(lines.next().unwrap().starts_with("ID"), "{both:?}");
    for (line, (job, user)) in lines.zip([(&his, "bob"), (&hers, "ada")]) {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(words, [job.as_str(), user]);
    }
}

/// Milliseconds since 1970.
fn at(instant: &Value) -> i64 {
    let instant: Timestamp = instant.as_str().unwrap().parse().unwrap();
    instant.as_millisecond()
}

#[test]
fn l15_a_record_says_who_what_where_when_how_and_how_much() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let before = Timestamp::now().as_millisecond();
    let id = ada.submit(
        &component("probe"),
        &["--memory", "32MiB", "--array", "0-1"],
        "sleep 50",
    );
    let job = server.wait(&id);
    let after = Timestamp::now().as_millisecond();
    server.is_at_rest();

    // Who asked, by which certificate, for what.
    assert_eq!(job["user"], "ada");
    let via = job["via"].as_str().unwrap();
    let serial = ada.credential().serial().to_string();
    assert!(via.contains(&serial) && via.contains("127.0.0.1"), "{via}");
    assert_eq!(ada.json(&["jobs", "show", &id])["via"], via);
    assert_eq!(job["module"].as_str().unwrap().len(), 64);
    assert_eq!(job["limits"]["memory_bytes"], 32 << 20);
    for limit in [
        "cpu_millis",
        "timeout_ms",
        "output_bytes",
        "scratch_bytes",
        "open_files",
    ] {
        assert!(job["limits"][limit].is_u64(), "{limit}: {job:#}");
    }
    // Where it went and why, and how it ended.
    assert!(job["routed_by"]["version"].is_u64(), "{job:#}");
    assert_eq!(job["end"]["outcome"]["kind"], "succeeded");
    let through = [&job["submitted_at"], &job["routed_at"], &job["finished_at"]].map(at);
    assert!(through.is_sorted(), "{job:#}");
    assert!(before <= through[0] && through[2] <= after, "{job:#}");

    let mut walls = 0;
    for task in server.tasks(&id) {
        let [attempt] = &task["attempts"].as_array().unwrap()[..] else {
            panic!("one attempt: {task:#}")
        };
        for (field, value) in [
            ("number", json!(1)),
            ("state", json!("reclaimed")),
            ("outcome", json!({"kind": "succeeded"})),
            ("subcluster", json!("default")),
        ] {
            assert_eq!(attempt[field], value, "{field}: {attempt:#}");
        }
        assert_eq!(attempt["node"], server.node_of_slot(attempt)["name"]);
        for field in ["v4", "v6"] {
            assert!(!attempt["nic"][field].is_null(), "{field}: {attempt:#}");
        }
        let started_and_ended = [&attempt["started_at"], &attempt["ended_at"]].map(at);
        let times = [&through[..2], &started_and_ended[..], &through[2..]].concat();
        assert!(times.is_sorted(), "{times:?}: {attempt:#}");
        // The wall time lies between its two instants, which are told in whole milliseconds.
        let wall_us = attempt["usage"]["wall_us"].as_i64().unwrap();
        let between = started_and_ended[1] - started_and_ended[0];
        assert!(
            (50_000..=(between + 1) * 1_000).contains(&wall_us),
            "{attempt:#}"
        );
        let cpu_us = attempt["usage"]["cpu_us"].as_i64().unwrap();
        assert!((1..=wall_us).contains(&cpu_us), "{attempt:#}");
        walls += wall_us;
    }
    assert_eq!(job["usage"]["wall_us"], walls);
}
