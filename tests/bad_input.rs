//! Requests that no client of ours would send: every field of every request, and HTTP itself.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, core, shared};

/// More than any problem says. What was sent does not come back at length.
const ANSWER_BYTES_MAX: usize = 10_000;

/// A problem, by its code; the server must go on afterwards.
#[track_caller]
fn refused(answer: &Answer, what: &str, codes: &[&str]) -> Value {
    let problem = answer.problem();
    let code = problem["code"].as_str().unwrap();
    assert!(codes.contains(&code), "{what}: {problem:#}");
    assert!((400..500).contains(&answer.status), "{what}: {problem:#}");
    let length = answer.body.len();
    assert!(length < ANSWER_BYTES_MAX, "{what}: {length} bytes");
    problem
}

/// A job that would be accepted, with one part of it replaced. The path is a JSON pointer.
fn job_with(module: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut job = json!({"module": module, "args": ["exit", "0"], "env": {}, "labels": {}, "limits": {}, "inputs": []});
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    job.pointer_mut(parent).unwrap()[field] = value;
    job.to_string().into_bytes()
}

fn pushed(server: &Server) -> String {
    let answer = server.request(
        "POST",
        "/v1/modules",
        &fs::read(core("probe").path).unwrap(),
    );
    answer.json()["digest"].as_str().unwrap().to_owned()
}

/// The answer to a request that cannot be read, and to one whose values cannot be.
const MALFORMED: &[&str] = &["S0101"];
const RANGE: &[&str] = &["S0103", "S0302", "S0305"];

type Case = (&'static str, Value, &'static [&'static str]);

#[track_caller]
fn each_is_refused(cases: Vec<Case>) {
    let server = shared();
    let module = pushed(&server);
    for (pointer, value, codes) in cases {
        let shown: String = value.to_string().chars().take(60).collect();
        let answer = server.request("POST", "/v1/jobs", &job_with(&module, pointer, value));
        refused(&answer, &format!("{pointer} {shown}"), codes);
    }
    server.get("/v1/pool");
}

/// Longer than any field may be, and shorter than a body may be.
fn long() -> String {
    "x".repeat(1 << 19)
}

/// An object of more entries than anybody needs.
fn many() -> Value {
    let entries = (0..10_000).map(|n| (n.to_string(), json!("v")));
    Value::Object(entries.collect())
}

#[test]
fn the_program_of_a_submission_is_checked() {
    each_is_refused(vec![
        ("/module", json!(7), MALFORMED),
        ("/module", json!(null), MALFORMED),
        ("/module", json!(""), &["S0103", "S0203", "S0101"]),
        ("/module", json!("no-such-module"), &["S0203"]),
        ("/module", json!("../../etc/passwd"), &["S0203", "S0103"]),
        ("/module", json!(long()), &["S0103", "S0203"]),
        ("/args", json!("one"), MALFORMED),
        ("/args", json!([7]), MALFORMED),
        ("/args", json!([long()]), RANGE),
        ("/args", json!(vec!["x"; 100_000]), RANGE),
        ("/args", json!(["nul\0"]), RANGE),
        ("/env", json!([]), MALFORMED),
        ("/env", json!({"A": 7}), MALFORMED),
        ("/env", json!({"A": long()}), RANGE),
        ("/env", json!({"": "v"}), RANGE),
        ("/env", json!({"A=B": "v"}), RANGE),
        ("/env", json!({"A\0": "v"}), RANGE),
        ("/env", json!({"SUBLET_JOB_ID": "v"}), RANGE),
        ("/env", many(), RANGE),
    ]);
}

#[test]
fn the_names_and_numbers_of_a_submission_are_checked() {
    each_is_refused(vec![
        ("/name", json!(7), MALFORMED),
        ("/name", json!(""), RANGE),
        ("/name", json!("x".repeat(65)), RANGE),
        ("/name", json!("two words"), RANGE),
        ("/name", json!("\u{1b}[2J"), RANGE),
        ("/array", json!(7), MALFORMED),
        ("/array", json!([0]), MALFORMED),
        ("/array", json!([0, 1, 2]), MALFORMED),
        ("/array", json!([-1, 5]), MALFORMED),
        ("/array", json!([0, 4_294_967_296_u64]), MALFORMED),
        ("/array", json!([5, 1]), RANGE),
        ("/array", json!([0, u32::MAX]), RANGE),
        ("/priority", json!("high"), MALFORMED),
        ("/priority", json!(1001), RANGE),
        ("/priority", json!(-1001), RANGE),
        ("/priority", json!(1_u64 << 40), MALFORMED),
        ("/labels", json!(["a=b"]), MALFORMED),
        ("/labels", json!({"a": 7}), MALFORMED),
        ("/labels", json!({"": "b"}), RANGE),
        ("/labels", json!({"a": long()}), RANGE),
        ("/labels", many(), RANGE),
    ]);
}

#[test]
fn the_limits_of_a_submission_are_checked() {
    each_is_refused(vec![
        ("/limits", json!([]), MALFORMED),
        ("/limits/cpu_millis", json!(-1), MALFORMED),
        ("/limits/cpu_millis", json!("1"), MALFORMED),
        ("/limits/cpu_millis", json!(0), RANGE),
        ("/limits/cpu_millis", json!(u64::MAX), RANGE),
        ("/limits/memory_bytes", json!(1.5), MALFORMED),
        ("/limits/memory_bytes", json!(0), RANGE),
        ("/limits/memory_bytes", json!(u64::MAX), RANGE),
        ("/limits/timeout_ms", json!("30s"), MALFORMED),
        ("/limits/timeout_ms", json!(0), RANGE),
        ("/limits/timeout_ms", json!(u64::MAX), RANGE),
        ("/limits/cpu_time_ms", json!({}), MALFORMED),
        ("/limits/cpu_time_ms", json!(0), RANGE),
        ("/limits/cpu_time_ms", json!(u64::MAX), RANGE),
        ("/limits/output_bytes", json!(true), MALFORMED),
        ("/limits/output_bytes", json!(u64::MAX), RANGE),
        ("/limits/scratch_bytes", json!([1]), MALFORMED),
        ("/limits/scratch_bytes", json!(u64::MAX), RANGE),
        ("/limits/open_files", json!(-5), MALFORMED),
        ("/limits/open_files", json!(4_294_967_296_u64), MALFORMED),
        ("/limits/open_files", json!(u32::MAX), RANGE),
    ]);
}

#[test]
fn the_policy_of_a_submission_is_checked() {
    let on_failure = |retries: u64, backoff_ms: u64| json!({"policy": "on-failure", "retries": retries, "backoff_ms": backoff_ms});
    each_is_refused(vec![
        ("/restart", json!("never"), MALFORMED),
        ("/restart", json!({"policy": "sometimes"}), MALFORMED),
        ("/restart", json!({"policy": "on-failure"}), MALFORMED),
        ("/restart", on_failure(101, 1), RANGE),
        ("/restart", on_failure(1, u64::MAX), RANGE),
        ("/generations", json!(4), RANGE),
        ("/after", json!(vec![json!({"job": "none"}); 65]), RANGE),
        ("/generations", json!(-1), MALFORMED),
    ]);
}

#[test]
fn the_inputs_of_a_submission_are_checked() {
    let nowhere = "0".repeat(64);
    let mount = |guest: &str| json!({"digest": nowhere, "guest": guest});
    each_is_refused(vec![
        ("/stdin", json!(7), MALFORMED),
        ("/stdin", json!("not-a-digest"), MALFORMED),
        ("/stdin", json!(nowhere), &["S0205"]),
        ("/inputs", json!({}), MALFORMED),
        ("/inputs", json!([{"digest": 7, "guest": "/in"}]), MALFORMED),
        (
            "/inputs",
            json!([{"digest": "0", "guest": "/in"}]),
            MALFORMED,
        ),
        (
            "/inputs",
            json!([{"digest": nowhere, "guest": "/in", "mode": 7}]),
            &["S0102"],
        ),
        ("/inputs", json!([mount("/in")]), &["S0205"]),
        ("/inputs", json!([mount("relative")]), &["S0103", "S0205"]),
        (
            "/inputs",
            json!(vec![mount("/in"); 10_000]),
            &["S0103", "S0205"],
        ),
    ]);
}

#[test]
fn a_value_out_of_range_is_told_with_its_place_and_limit() {
    let server = shared();
    let module = pushed(&server);
    let answer = server.request(
        "POST",
        "/v1/jobs",
        &job_with(&module, "/priority", json!(1001)),
    );
    let problem = refused(&answer, "priority", &["S0103"]);
    let place = &problem["errors"][0];
    assert_eq!(
        (&place["pointer"], &place["limit"], &place["asked"]),
        (&json!("/priority"), &json!(1000), &json!(1001)),
        "{problem:#}"
    );
}

#[test]
fn an_unknown_field_gets_the_nearest_name() {
    let server = shared();
    let module = pushed(&server);
    for (pointer, nearest) in [
        ("/priorty", "priority"),
        ("/enviroment", "env"),
        ("/limits/memory_byte", "memory_bytes"),
        ("/limits/timeout_s", "timeout_ms"),
    ] {
        let answer = server.request("POST", "/v1/jobs", &job_with(&module, pointer, json!(1)));
        let problem = refused(&answer, pointer, &["S0102"]);
        assert!(
            problem.to_string().contains(nearest),
            "{pointer}: {problem:#}"
        );
    }
}

#[test]
fn bodies_that_are_not_json_are_refused() {
    let server = shared();
    let deep = "[".repeat(200_000);
    for (what, body) in [
        ("nothing", ""),
        ("half", "{\"module\": "),
        ("words", "module=x"),
        ("a list", "[]"),
        ("a number", "7"),
        ("not UTF-8", "\u{0}"),
        (
            "twice the same field",
            "{\"module\": \"a\", \"module\": \"b\"}",
        ),
        ("deep", deep.as_str()),
    ] {
        let answer = server.request("POST", "/v1/jobs", body.as_bytes());
        refused(&answer, what, &["S0101"]);
    }
    refused(
        &server.request("POST", "/v1/jobs", b"\xff\xfe"),
        "bytes",
        &["S0101"],
    );
    let large = vec![b' '; 64 << 20];
    refused(
        &server.request("POST", "/v1/jobs", &large),
        "a large body",
        &["S0104"],
    );
}

#[test]
fn queries_are_checked_like_bodies() {
    let server = shared();
    let job = server.submit(&[], "exit 0");
    let job = format!("/v1/jobs/{job}");
    for (target, codes) in [
        ("/v1/jobs?limit=0".to_owned(), &["S0103"][..]),
        ("/v1/jobs?limit=1001".to_owned(), &["S0103"]),
        ("/v1/jobs?limit=many".to_owned(), &["S0101"]),
        ("/v1/jobs?limt=1".to_owned(), &["S0102"]),
        ("/v1/jobs?cursor=nonsense".to_owned(), &["S0101", "S0103"]),
        ("/v1/jobs?since=yesterday".to_owned(), &["S0101"]),
        ("/v1/jobs?active=perhaps".to_owned(), &["S0101"]),
        (
            "/v1/jobs?label=no-equals-sign".to_owned(),
            &["S0101", "S0103"],
        ),
        ("/v1/modules?limit=-1".to_owned(), &["S0101", "S0103"]),
        ("/v1/modules?cursor=%00".to_owned(), &["S0101", "S0103"]),
        (
            format!("{job}/tasks?outcome=unheard-of"),
            &["S0101", "S0103"],
        ),
        (format!("{job}/tasks?limit=0"), &["S0103"]),
        (format!("{job}/tasks/none"), &["S0101", "S0204"]),
        (format!("{job}/tasks/1"), &["S0204"]),
        (format!("{job}/tasks/4294967296"), &["S0101", "S0204"]),
        (format!("{job}/logs?stream=both"), &["S0101"]),
        (format!("{job}/logs?task=-1"), &["S0101"]),
        (
            format!("{job}/wait?timeout_s=99999999999"),
            &["S0101", "S0103"],
        ),
        ("/v1/jobs/job_nothing".to_owned(), &["S0201"]),
        (
            format!("/v1/jobs/{}", "x".repeat(5_000)),
            &["S0201", "S0101", "S0103"],
        ),
        ("/v1/jobs/%2e%2e%2f%2e%2e".to_owned(), &["S0201", "S0101"]),
        ("/v1/modules/0123".to_owned(), &["S0203"]),
    ] {
        refused(&server.request("GET", &target, b""), &target, codes);
    }
}

#[test]
fn actions_on_jobs_check_their_requests() {
    let server = shared();
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    for (route, body, codes) in [
        ("retry", json!({}), &["S0101"][..]),
        ("retry", json!({"tasks": "some"}), &["S0101"]),
        ("retry", json!({"tasks": {"one": -1}}), &["S0101"]),
        ("retry", json!({"tasks": {"one": 99}}), &["S0204", "S0601"]),
        ("retry", json!({"tasks": "unsuccessful"}), &["S0601"]),
        ("retry", json!({"tasks": "all", "when": "now"}), &["S0102"]),
    ] {
        let target = format!("/v1/jobs/{job}/{route}");
        let answer = server.request("POST", &target, body.to_string().as_bytes());
        refused(&answer, &body.to_string(), codes);
    }
}

#[test]
fn unknown_routes_and_methods_are_problems_too() {
    let server = shared();
    for target in [
        "/",
        "/v1",
        "/v2/jobs",
        "/v1/jobs/a/b/c/d",
        "/v1/nothing",
        "//v1/jobs",
        "/etc/passwd",
    ] {
        let answer = server.request("GET", target, b"");
        refused(&answer, target, &["S0106"]);
        assert_eq!(answer.status, 404, "{target}");
    }
    for (method, target) in [
        ("DELETE", "/v1/pool"),
        ("PUT", "/v1/jobs"),
        ("PATCH", "/readyz"),
        ("BREW", "/v1/pool"),
    ] {
        let answer = server.request(method, target, b"");
        refused(&answer, target, &["S0105"]);
        assert_eq!(answer.status, 405, "{method} {target}");
    }
}

#[test]
fn the_page_of_every_error_can_be_asked_for() {
    let server = shared();
    let problem = server.request("GET", "/v1/jobs/job_nothing", b"").problem();
    let page = server.request("GET", problem["type"].as_str().unwrap(), b"");
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("sublet jobs list"), "{}", page.text());
}

#[test]
fn inputs_are_checked_like_modules() {
    let server = shared();
    let tree = |entries: &[(&str, tar::EntryType)]| {
        let mut tar = tar::Builder::new(Vec::new());
        for &(name, kind) in entries {
            let mut header = tar::Header::new_gnu();
            // The library refuses such names, so they are written past it.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append(&header, std::io::empty()).unwrap();
        }
        tar.into_inner().unwrap()
    };
    use tar::EntryType as Kind;
    for (what, body) in [
        ("out of the tree", tree(&[("../outside", Kind::Regular)])),
        (
            "out of the tree in the middle",
            tree(&[("a/../../outside", Kind::Regular)]),
        ),
        ("absolute", tree(&[("/etc/passwd", Kind::Regular)])),
        ("a symbolic link", tree(&[("link", Kind::Symlink)])),
        ("a hard link", tree(&[("link", Kind::Link)])),
        ("a device", tree(&[("device", Kind::Char)])),
        ("a fifo", tree(&[("fifo", Kind::Fifo)])),
        (
            "twice the same",
            tree(&[("a", Kind::Regular), ("a", Kind::Regular)]),
        ),
        ("not a tar", vec![b'x'; 5_000]),
        (
            "a tar cut short",
            tree(&[("a", Kind::Regular)])[..300].to_vec(),
        ),
    ] {
        let target = format!("/v1/inputs/{}?kind=tree", crate::harness::sha256(&body));
        let problem = refused(&server.request("PUT", &target, &body), what, &["S0417"]);
        assert!(
            !problem["detail"]
                .as_str()
                .unwrap()
                .contains(&server.home.data.display().to_string()),
            "{problem:#}"
        );
    }
    let target = format!("/v1/inputs/{}?kind=blob", "0".repeat(64));
    refused(
        &server.request("PUT", &target, b"other bytes"),
        "another digest",
        &["S0415"],
    );
    refused(
        &server.request("PUT", "/v1/inputs/short?kind=blob", b"x"),
        "no digest",
        &["S0101", "S0103"],
    );
    let target = format!("/v1/inputs/{}?kind=tarball", "0".repeat(64));
    refused(
        &server.request("PUT", &target, b"x"),
        "no such kind",
        &["S0101"],
    );
}

#[test]
fn flags_are_checked_before_anything_is_done() {
    let server = shared();
    let path = core("probe").path;
    let path = path.to_str().unwrap();
    for flags in [
        ["--memory", "lots"],
        ["--memory", "99999999TiB"],
        ["--timeout", "0s"],
        ["--timeout", "30"],
        ["--cpu", "-1"],
        ["--array", "9-1"],
        ["--array", "0-4294967296"],
        ["--priority", "1001"],
        ["--retries", "101"],
        ["--restart", "sometimes"],
        ["--label", "none"],
        ["--env", "SUBLET_JOB_ID=x"],
        ["--name", "two words"],
        ["--no-such-flag", "1"],
    ] {
        let output = server.sublet(&["submit", path, flags[0], flags[1]]);
        assert!(matches!(output.code, Some(2)), "{output:?}");
        output.says(&["S0705", flags[0]]);
    }
}
