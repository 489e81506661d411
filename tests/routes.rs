//! Every route of the API, asked in every way that it does not take.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::harness::{Server, repository, shared};

/// The routes and what each takes. The router's own list is compared with this one.
const ROUTES: &[(&str, &[&str])] = &[
    ("/livez", &["GET"]),
    ("/readyz", &["GET"]),
    ("/version", &["GET"]),
    ("/metrics", &["GET"]),
    ("/v1/openapi.json", &["GET"]),
    ("/v1/admin/config", &["GET"]),
    ("/v1/admin/backup", &["POST"]),
    ("/v1/admin/reload", &["POST"]),
    ("/problems/{code}", &["GET"]),
    ("/v1/whoami", &["GET"]),
    ("/v1/pool", &["GET"]),
    ("/v1/audit", &["GET"]),
    ("/v1/audit/verify", &["GET"]),
    ("/v1/rules", &["GET", "PUT"]),
    ("/v1/rules/history", &["GET"]),
    ("/v1/plan", &["POST"]),
    ("/v1/subclusters", &["GET"]),
    ("/v1/subclusters/{name}", &["GET", "DELETE"]),
    ("/v1/subclusters/{name}/pause", &["POST"]),
    ("/v1/subclusters/{name}/resume", &["POST"]),
    ("/v1/nodes", &["GET"]),
    ("/v1/nodes/{name}", &["GET"]),
    ("/v1/nodes/{name}/explain", &["GET"]),
    ("/v1/nodes/{name}/drain", &["POST"]),
    ("/v1/nodes/{name}/resume", &["POST"]),
    ("/v1/nodes/{name}/label", &["POST"]),
    ("/v1/modules", &["GET", "POST"]),
    ("/v1/networks", &["GET"]),
    ("/v1/networks/{name}", &["GET"]),
    ("/v1/networks/{name}/flows", &["GET"]),
    ("/v1/networks/{name}/peers", &["GET"]),
    ("/v1/users", &["GET", "POST"]),
    ("/v1/users/{name}", &["GET", "DELETE"]),
    ("/v1/users/{name}/quota", &["PUT"]),
    ("/v1/users/{name}/suspend", &["POST"]),
    ("/v1/users/{name}/resume", &["POST"]),
    ("/v1/usage", &["GET"]),
    ("/v1/usage/removed", &["GET"]),
    ("/v1/users/{name}/policy", &["GET", "PUT"]),
    ("/v1/certs", &["GET", "POST"]),
    ("/v1/certs/renew", &["POST"]),
    ("/v1/certs/rotate", &["POST"]),
    ("/v1/certs/retire", &["POST"]),
    ("/v1/certs/{serial}/revoke", &["POST"]),
    ("/v1/modules/{module}", &["GET", "DELETE"]),
    ("/v1/modules/{module}/release", &["POST"]),
    ("/v1/inputs/{digest}", &["GET", "PUT"]),
    ("/v1/jobs", &["GET", "POST"]),
    ("/v1/jobs/validate", &["POST"]),
    ("/v1/jobs/by-key/{key}", &["PUT"]),
    ("/v1/jobs/{job}", &["GET"]),
    ("/v1/jobs/{job}/wait", &["GET"]),
    ("/v1/jobs/{job}/explain", &["GET"]),
    ("/v1/jobs/{job}/cancel", &["POST"]),
    ("/v1/jobs/{job}/retry", &["POST"]),
    ("/v1/jobs/{job}/logs", &["GET"]),
    ("/v1/jobs/{job}/events", &["GET"]),
    ("/v1/events", &["GET"]),
    ("/v1/jobs/{job}/tasks", &["GET"]),
    ("/v1/jobs/{job}/tasks/{index}", &["GET"]),
    ("/v1/jobs/{job}/tasks/{index}/artifacts", &["GET"]),
    ("/v1/jobs/{job}/tasks/{index}/artifacts/{*name}", &["GET"]),
    ("/v1/jobs/{job}/tasks/{index}/output", &["GET"]),
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"];

/// The route with something in the place of each name.
fn target(route: &str, filled: &str) -> String {
    let parts = route.split('/').map(|part| match part {
        "{index}" => "0",
        "{digest}" => "0000000000000000000000000000000000000000000000000000000000000000",
        part if part.starts_with('{') => filled,
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_is_known_here() {
    let text = fs::read_to_string(repository().join("docs/openapi.json")).unwrap();
    let described: Value = serde_json::from_str(&text).unwrap();
    let described = described["paths"].as_object().unwrap().iter();
    let described: BTreeSet<String> = described
        .flat_map(|(route, item)| {
            let methods = METHODS.iter().map(|method| method.to_lowercase());
            let taken = methods.filter(|method| item.get(method).is_some());
            taken.map(move |method| format!("{method} {route}"))
        })
        .collect();
    let known = ROUTES.iter().flat_map(|(route, taken)| {
        // What matches several parts of a path is one name to those who fill it in.
        let route = route.replace("{*", "{");
        let methods = taken.iter().map(|method| method.to_lowercase());
        methods.map(move |method| format!("{method} {route}"))
    });
    assert_eq!(described, known.collect());
}

#[test]
fn every_route_refuses_the_methods_it_does_not_take() {
    let server = shared();
    for (route, taken) in ROUTES {
        for method in METHODS.iter().filter(|method| !taken.contains(method)) {
            let answer = server.request(method, &target(route, "any"), b"{}");
            let problem = answer.problem();
            assert_eq!(
                (answer.status, problem["code"].as_str()),
                (405, Some("S0105")),
                "{method} {route}: {problem:#}"
            );
            let allowed = answer.header("allow").unwrap_or_default();
            for method in *taken {
                assert!(allowed.contains(method), "{route}: allow: {allowed}");
            }
        }
    }
}

#[test]
fn what_is_not_there_is_a_problem_on_every_route() {
    let server = shared();
    for (route, taken) in ROUTES.iter().filter(|(route, _)| route.contains('{')) {
        let method = taken[0];
        let body: &[u8] = match *route {
            "/v1/jobs/by-key/{key}" => br#"{"module": "nobody-has-this"}"#,
            "/v1/jobs/{job}/retry" => br#"{"tasks": "all"}"#,
            "/v1/subclusters/{name}/pause"
            | "/v1/nodes/{name}/drain"
            | "/v1/certs/{serial}/revoke" => br#"{"reason": "any"}"#,
            "/v1/nodes/{name}/label" | "/v1/users/{name}/quota" => b"{}",
            _ => b"",
        };
        let mut target = target(route, "nobody-has-this");
        if route.starts_with("/v1/inputs") {
            target += "?kind=blob";
        }
        let answer = server.request(method, &target, body);
        assert_eq!(answer.problem()["status"], 404, "{method} {route}");
    }
}

#[test]
fn every_route_is_without_a_slash_at_its_end() {
    let server = shared();
    for (route, taken) in ROUTES {
        let answer = server.request(taken[0], &(target(route, "any") + "/"), b"");
        assert_eq!(answer.problem()["status"], 404, "{route}/");
    }
}

#[test]
fn every_query_refuses_words_it_does_not_know() {
    let server = Server::start();
    let job = server.submit(&[], "exit 0");
    server.wait(&job);
    for (route, taken) in ROUTES {
        let queried = [
            "/wait", "/logs", "/tasks", "/jobs", "/modules", "/nodes", "/audit", "/history",
            "/users", "/certs", "/usage", "/removed", "/events",
        ];
        let is_list = queried.iter().any(|end| route.ends_with(end));
        if taken.contains(&"GET") && is_list {
            let answer = server.request("GET", &(target(route, &job) + "?colour=blue"), b"");
            let problem = answer.problem();
            assert_eq!(problem["code"], "S0102", "{route}: {problem:#}");
        }
    }
}

#[test]
fn every_answer_names_its_request() {
    let server = shared();
    let mut names = BTreeSet::new();
    for target in ["/livez", "/v1/pool", "/v1/jobs", "/nothing", "/livez"] {
        let answer = server.request("GET", target, b"");
        let name = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(name.starts_with("req_"), "{target}: {name:?}");
        assert!(names.insert(name), "{target}: used before");
    }
}
