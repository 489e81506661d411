//! From one user to another: whatever the attacker knows of the neighbour's things, they are not there.

use serde_json::{Value, json};

use crate::harness::{Guest, sha256, wat};
use crate::siege::{Counter, Ground, Siege, besiege};
use crate::text::{SLEEP, WRITE, core};

static GROUND: Ground = Ground::new("");

/// What the neighbour has, and an attacker may have heard of.
struct Treasure {
    job: Value,
    module: String,
    input: String,
}

impl Treasure {
    /// A job that has printed a secret and goes on, with its module and an input.
    fn of(siege: &Siege) -> Self {
        let owner = &siege.neighbour.user;
        let blob = b"the neighbour's input";
        let input = sha256(blob);
        let stored = owner.request("PUT", &format!("/v1/inputs/{input}?kind=blob"), blob);
        assert!([200, 201].contains(&stored.status), "{}", stored.text());
        let flags = ["--name", "treasure", "--timeout", "10m"];
        let job = owner.submit(&keeper(), &flags, "");
        let job = siege.server.wait_for_state(&job, "running");
        let module = job["module"]["digest"]
            .as_str()
            .or_else(|| job["module"].as_str());
        let module = module.expect("a job has a module").to_owned();
        Self { job, module, input }
    }

    fn id(&self) -> &str {
        self.job["id"].as_str().expect("a job has an id")
    }

    /// What the job can be called by. Its number is its user's own, so it would be another job of the attacker's.
    fn names(&self) -> [&str; 3] {
        let id = self.id();
        [id, &id[..id.len() - 2], "treasure"]
    }

    fn is_unharmed(&self, siege: &Siege) {
        assert_eq!(siege.server.job(self.id())["state"], "running");
        siege.neighbour.user.sublet(&["cancel", self.id()]).code(0);
        siege.server.wait(self.id());
    }
}

/// Says a secret and waits.
fn keeper() -> Guest {
    let body = format!(
        r#"{WRITE} {SLEEP} (data (i32.const 1024) "a secret")
        (func (export "_start") (drop (call $put (i32.const 1) (i32.const 8))) (call $sleep (i64.const 3600)))"#
    );
    wat("keeps-a-secret", &core(&["fd_write", "poll_oneoff"], &body))
}

#[test]
fn a_job_of_another_is_like_one_that_never_was_by_every_name_and_on_every_route() {
    besiege(&GROUND, &[Counter::refusal("S0201")], |siege| {
        let treasure = Treasure::of(siege);
        let mut attacker = siege.attacker.connect();
        let mut ask = |method: &str, name: &str, route: &str| {
            let target = format!("/v1/jobs/{name}{route}");
            let body: &[u8] = match route {
                "/retry" => br#"{"tasks": "all"}"#,
                _ => b"",
            };
            let answer = attacker.request(method, &target, body);
            let told = answer.text().replace(name, "NAME");
            assert!(!told.contains("secret"), "{told}");
            let problem = answer.problem();
            let detail = problem["detail"].as_str().unwrap().replace(name, "NAME");
            (answer.status, problem["code"].clone(), detail)
        };
        let missing = format!("job_{}", "0".repeat(26));
        for (method, route) in [
            ("GET", ""),
            ("GET", "/wait?timeout_s=1"),
            ("GET", "/explain"),
            ("GET", "/logs"),
            ("GET", "/events"),
            ("GET", "/tasks"),
            ("GET", "/tasks/0"),
            ("GET", "/tasks/0/artifacts"),
            ("GET", "/tasks/0/output"),
            ("POST", "/cancel"),
            ("POST", "/retry"),
        ] {
            let nothing = ask(method, &missing, route);
            assert_eq!(nothing.1, "S0201", "{route}: {nothing:?}");
            for name in treasure.names() {
                assert_eq!(ask(method, name, route), nothing, "{method} {name}{route}");
            }
        }
        treasure.is_unharmed(siege);
    });
}

#[test]
fn modules_and_inputs_of_another_are_not_found_and_not_known_again() {
    let counters = ["S0203", "S0205"].map(Counter::refusal);
    besiege(&GROUND, &counters, |siege| {
        let treasure = Treasure::of(siege);
        let Treasure { module, input, .. } = &treasure;
        let mut attacker = siege.attacker.connect();
        for (method, target) in [
            ("GET", format!("/v1/modules/{module}")),
            ("GET", format!("/v1/modules/{}", &module[..12])),
            ("DELETE", format!("/v1/modules/{module}")),
        ] {
            let problem = attacker.request(method, &target, b"").problem();
            assert_eq!(problem["code"], "S0203", "{problem:#}");
        }
        for kind in ["blob", "tree"] {
            let target = format!("/v1/inputs/{input}?kind={kind}");
            let problem = attacker.request("GET", &target, b"").problem();
            assert_eq!(problem["code"], "S0205", "{problem:#}");
        }
        for (said, code) in [
            (json!({ "module": module }), "S0203"),
            (
                json!({"module": own_module(siege), "stdin": input}),
                "S0205",
            ),
        ] {
            let body = said.to_string();
            let problem = attacker
                .request("POST", "/v1/jobs", body.as_bytes())
                .problem();
            assert_eq!(problem["code"], code, "{problem:#}");
        }
        // Whoever has the same bytes is told what everybody is told who brings something new.
        let blob = b"the neighbour's input";
        let target = format!("/v1/inputs/{input}?kind=blob");
        assert_eq!(attacker.request("PUT", &target, blob).status, 201);
        treasure.is_unharmed(siege);
    });
}

/// A module that the attacker may use.
fn own_module(siege: &Siege) -> String {
    let bytes = wat::parse_str(r#"(module (func (export "_start")))"#).unwrap();
    let pushed = siege.attacker.request("POST", "/v1/modules", &bytes).json();
    pushed["digest"].as_str().unwrap().to_owned()
}

#[test]
fn lists_sums_and_streams_tell_of_nobody_else() {
    let counters = ["S0110", "S0209", "S0208"].map(Counter::refusal);
    besiege(&GROUND, &counters, |siege| {
        let treasure = Treasure::of(siege);
        let mut attacker = siege.attacker.connect();
        for target in [
            "/v1/jobs?limit=1000",
            "/v1/jobs?name=treasure",
            "/v1/modules?limit=1000",
            "/v1/usage",
            "/v1/usage?by=job&limit=1000",
            "/v1/networks",
            "/v1/certs",
            "/v1/whoami",
            "/v1/pool",
            "/v1/nodes",
            "/v1/subclusters",
        ] {
            let answer = attacker.request("GET", target, b"");
            let told = answer.text();
            assert_eq!(answer.status, 200, "{target}: {told}");
            for word in ["neighbour", treasure.id(), treasure.module.as_str()] {
                assert!(!told.contains(word), "{target} tells of {word}: {told}");
            }
        }
        let told = siege.attacker.sublet(&["api", "GET", "/v1/events"]).code(0);
        for word in [treasure.id(), treasure.module.as_str()] {
            assert!(!told.stdout.contains(word), "{told:?}");
        }
        for target in [
            "/v1/jobs?user=neighbour",
            "/v1/users/neighbour",
            "/v1/usage?user=neighbour",
        ] {
            let code = attacker.request("GET", target, b"").problem()["code"].clone();
            assert!(code == "S0209" || code == "S0110", "{target}: {code}");
        }
        for target in ["/v1/audit", "/v1/admin/config", "/metrics", "/v1/users"] {
            let answer = attacker.request("GET", target, b"");
            if answer.status != 200 {
                assert_eq!(answer.problem()["code"], "S0110", "{target}");
            } else {
                assert!(
                    !answer.text().contains("neighbour"),
                    "{target}: {}",
                    answer.text()
                );
            }
        }
        let networks = siege.neighbour.user.json(&["networks", "list"]);
        let network = networks["items"][0]["name"].as_str().unwrap();
        for route in ["", "/flows", "/peers"] {
            let target = format!("/v1/networks/{network}{route}");
            let problem = attacker.request("GET", &target, b"").problem();
            assert_eq!(problem["code"], "S0208", "{target}");
        }
        treasure.is_unharmed(siege);
    });
}

#[test]
fn keys_and_names_of_another_are_free_for_whoever_wants_them() {
    besiege(&GROUND, &[Counter::refusal("S0602")], |siege| {
        let treasure = Treasure::of(siege);
        let module = own_module(siege);
        let target = "/v1/jobs/by-key/the-neighbours-key";
        let theirs = json!({"module": treasure.module, "name": "twin"}).to_string();
        let kept = siege
            .neighbour
            .user
            .request("PUT", target, theirs.as_bytes())
            .json();
        let mine = json!({"module": module, "name": "twin"}).to_string();
        let own = siege
            .attacker
            .request("PUT", target, mine.as_bytes())
            .json();
        assert_ne!(own["id"], kept["id"]);
        siege.server.wait(own["id"].as_str().unwrap());
        // A second body under a key of one's own is the only one that clashes.
        let other = json!({"module": module, "name": "other"}).to_string();
        for _ in 0..5 {
            let clash = siege
                .attacker
                .request("PUT", target, other.as_bytes())
                .problem();
            assert_eq!(clash["code"], "S0602", "{clash:#}");
        }
        siege
            .neighbour
            .user
            .sublet(&["cancel", kept["id"].as_str().unwrap()])
            .code(0);
        siege.server.wait(kept["id"].as_str().unwrap());
        treasure.is_unharmed(siege);
    });
}
