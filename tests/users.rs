//! Many users on one server: who is let in, what each sees, and what operators decide about them.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use rustls::time_provider::DefaultTimeProvider;
use serde_json::{Value, json};
use sublet_identity::{
    Authority, Credential, Role, Serial, Subject, UnixSeconds, Validity, client_config,
};

use crate::harness::{Connection, Server, address_of, component, core};

/// Seconds since 1970, now.
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).expect("it is after 1970")
}

fn subject(name: &str, role: Role) -> Subject {
    let user = name.parse().expect("a name");
    Subject { user, role }
}

/// From so many seconds from now until so many.
fn validity(from: i64, until: i64) -> Validity {
    let at = |seconds: i64| UnixSeconds(now().saturating_add_signed(seconds));
    Validity {
        not_before: at(from),
        not_after: at(until),
    }
}

#[test]
fn the_first_start_makes_an_authority_that_nobody_else_can_read() {
    let server = Server::start();
    let keys = server.data_directory().join("keys");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&keys), 0o700);
    let files: Vec<_> = fs::read_dir(&keys).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
    // Without a door for others a credential would lead nowhere, so none is made, and no user either.
    let refused = server.sublet(&["users", "add", "ada"]);
    refused.code(6).says(&["S0609", "--listen"]);
    assert_eq!(
        server.json(&["users", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn l1_a_user_comes_with_a_certificate_and_sees_their_own() {
    let server = Server::listening(2);
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    assert_eq!(mode_of(&ada.file), 0o600);
    let whoami = ada.json(&["whoami"]);
    assert_eq!(
        (&whoami["user"], &whoami["role"]),
        (&json!("ada"), &json!("user"))
    );
    let serial = ada.credential().serial().to_string();
    assert!(
        whoami["via"].as_str().unwrap().contains(&serial),
        "{whoami}"
    );

    let job = ada.submit(&core("probe"), &["--name", "mine"], "exit 0");
    ada.sublet(&["wait", &job]).code(0);
    assert_eq!(ada.json(&["jobs", "show", &job])["user"], "ada");
    // Bob has nothing, and cannot tell Ada's job from one that never was.
    assert_eq!(bob.json(&["jobs", "list"])["items"], json!([]));
    let missing = format!("job_{}", "0".repeat(26));
    for name in [&job, &missing, "mine", "#1", "last"] {
        bob.sublet(&["jobs", "show", name]).code(5).says(&["S0201"]);
        bob.sublet(&["cancel", name]).code(5).says(&["S0201"]);
        bob.sublet(&["logs", name]).code(5).says(&["S0201"]);
    }
    let body = |id: &str| {
        let answer = bob.request("GET", &format!("/v1/jobs/{id}"), b"").problem();
        let detail = answer["detail"].as_str().unwrap().replace(id, "ID");
        (answer["status"].clone(), answer["code"].clone(), detail)
    };
    assert_eq!(body(&job), body(&missing));
    // An operator finds it, by its id or in a list that names its user.
    assert_eq!(server.json(&["jobs", "show", &job])["user"], "ada");
    let all = server.json(&["jobs", "list", "--user", "*"]);
    assert_eq!(all["items"][0]["user"], "ada");
    assert_eq!(server.json(&["jobs", "list"])["items"], json!([]));
    assert_eq!(
        server.json(&["jobs", "list", "--user", "bob"])["items"],
        json!([])
    );
    bob.sublet(&["jobs", "list", "--user", "ada"])
        .code(5)
        .says(&["S0209"]);
}

fn mode_of(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn users_may_do_what_is_theirs_and_operators_everything() {
    let server = Server::listening(2);
    let ada = server.add_user("ada", &[]);
    let grace = server.add_user("grace", &["--role", "operator"]);
    for refused in [
        &["subclusters", "pause", "default", "--reason", "x"][..],
        &["users", "add", "eve", "--out", "/dev/null/eve"],
        &["users", "quota", "ada", "--slots", "1000"],
        &["users", "policy", "ada", "--allow-net", "*:*"],
        &["certs", "rotate"],
        &["audit", "list"],
        &["audit", "verify"],
    ] {
        ada.sublet(refused).code(4).says(&["S0110", "user"]);
    }
    ada.sublet(&["pool", "show"]).code(0);
    ada.sublet(&["users", "show", "ada"]).code(0);
    ada.sublet(&["users", "show", "grace"])
        .code(5)
        .says(&["S0209"]);
    grace
        .sublet(&["subclusters", "pause", "default", "--reason", "looking"])
        .code(0);
    grace.sublet(&["subclusters", "resume", "default"]).code(0);
    // Whoever acted is on record, with how they came.
    let entries = grace.json(&["audit", "list"]);
    let paused = entries["items"].as_array().unwrap().iter();
    let paused = paused.filter(|entry| entry["action"] == "subclusters.pause");
    let who = paused
        .map(|entry| entry["who"].as_str().unwrap().to_owned())
        .next()
        .unwrap();
    assert!(who.starts_with("grace (certificate "), "{who}");
    assert!(who.contains("127.0.0.1"), "{who}");
    grace.sublet(&["audit", "verify"]).code(0);
}

#[test]
fn l1_strangers_are_refused_each_for_its_reason_and_leave_nothing() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    let good = ada.credential();
    let address = address_of(&good);
    let ours = server.authority();
    let theirs = Authority::generate(Serial::from_random([7; 16]), validity(-60, 3600)).unwrap();
    let config = |authority: &Authority, subject: &Subject, validity: Validity| {
        let issued = authority.issue_client(subject, Serial::from_random([9; 16]), validity);
        let servers = good.servers().to_vec();
        let credential = Credential::new(servers, issued.unwrap(), good.roots_pem().to_vec());
        client_config(&credential.unwrap(), Arc::new(DefaultTimeProvider)).unwrap()
    };
    let user = subject("ada", Role::User);
    for (made, reason) in [
        (config(&ours, &user, validity(-7200, -3600)), "expired"),
        (config(&ours, &user, validity(3600, 7200)), "not-yet-valid"),
        (
            config(&theirs, &user, validity(-60, 3600)),
            "unknown-authority",
        ),
    ] {
        assert!(!Connection::open(&address, made).gets_in(), "{reason}");
        server.wait_for_refusal(reason);
    }
    // A certificate of ours for somebody who is no user is told apart from one of nobody's.
    let nobody = config(&ours, &subject("eve", Role::Operator), validity(-60, 3600));
    assert!(!Connection::open(&address, nobody).gets_in());
    server.wait_for_refusal("no-such-user");
    // No TLS at all.
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /v1/whoami HTTP/1.1\r\n\r\n").unwrap();
    server.wait_for_refusal("not-tls");
    // A flood costs a row, not a row each.
    let before = server.refused_connections().len();
    for _ in 0..200 {
        let expired = config(&ours, &user, validity(-7200, -3600));
        assert!(!Connection::open(&address, expired).gets_in());
    }
    assert!(server.refused_connections().len() <= before + 1);
    assert!(Connection::open(&address, config(&ours, &user, validity(-60, 3600))).gets_in());
    assert_eq!(
        server.json(&["users", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    server.is_at_rest();
}

#[test]
fn a_revoked_certificate_is_honoured_no_more_on_connections_that_are_open_as_well() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    let mut open = ada.connect();
    assert_eq!(open.request("GET", "/v1/whoami", b"").status, 200);
    let serial = ada.credential().serial().to_string();
    server
        .sublet(&["certs", "revoke", &serial, "--reason", "lost laptop"])
        .code(0);
    let refused = open.request("GET", "/v1/whoami", b"").problem();
    assert_eq!(refused["code"], "S0111");
    assert!(!ada.connect().gets_in());
    server.wait_for_refusal("revoked");
    // Another one of the same user works, also after a restart, and the revoked one still does not.
    let again = ada.home.data.join("again.credential");
    let issue = server.command().args(["certs", "issue", "ada", "--out"]);
    issue.arg(&again).run().code(0);
    server.kill9();
    let server = server.restart();
    let listed = server.json(&["certs", "list", "--user", "ada", "--all"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed["items"][1]["revoked_reason"], "lost laptop");
}

#[test]
fn suspended_users_ask_for_nothing_and_removed_ones_never_again() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    let job = ada.submit(&core("probe"), &["--timeout", "10m"], "sleep 600000");
    server.wait_for_state(&job, "running");
    let waiting = ada.submit(&core("probe"), &[], "exit 0");
    server.sublet(&["users", "suspend", "ada"]).code(0);
    ada.sublet(&["whoami"]).code(4).says(&["S0112"]);
    assert_eq!(server.job(&job)["state"], "running");
    server.sublet(&["users", "resume", "ada"]).code(0);
    ada.sublet(&["whoami"]).code(0);
    server
        .sublet(&["users", "remove", "ada"])
        .code(2)
        .says(&["--yes=ada"]);
    server
        .sublet(&["users", "remove", "ada", "--yes=ada"])
        .code(0);
    for job in [&job, &waiting] {
        assert_eq!(server.wait(job)["end"]["outcome"]["kind"], "cancelled");
    }
    assert!(!ada.connect().gets_in());
    let file = ada.home.data.join("second.credential");
    let again = server.command().args(["users", "add", "ada", "--out"]);
    again.arg(&file).run().code(6).says(&["S0607"]);
    assert!(!file.exists());
    // What they ran stays on record.
    assert_eq!(server.json(&["jobs", "show", &job])["user"], "ada");
    let own = server.json(&["whoami"])["user"]
        .as_str()
        .unwrap()
        .to_owned();
    server
        .sublet(&["users", "suspend", &own])
        .code(4)
        .says(&["S0110"]);
    server.is_at_rest();
}

#[test]
fn s10_a_quota_is_each_users_own_and_holds_before_work_is_done() {
    let server = Server::listening(4);
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    server
        .sublet(&[
            "users",
            "quota",
            "ada",
            "--slots",
            "1",
            "--modules",
            "1",
            "--stored",
            "8MiB",
        ])
        .code(0);
    let first = ada.submit(&core("probe"), &["--timeout", "10m"], "sleep 600000");
    server.wait_for_state(&first, "running");
    let second = ada.submit(&core("probe"), &[], "exit 0");
    let waits = server.wait_until(&second, "the quota is told", |job| {
        job["waiting"]["reason"] == "quota"
    });
    assert_eq!(waits["state"], "queued");
    let free = bob.submit(&core("probe"), &[], "exit 0");
    server.wait(&free);
    ada.sublet(&["submit", component("keyvalue").path.to_str().unwrap()])
        .code(7)
        .says(&["S0314", "1"]);
    let shown = ada.json(&["users", "show", "ada"]);
    assert_eq!(shown["quota"]["slots"], 1);
    assert_eq!(shown["used"]["slots"], 1);
    assert_eq!(shown["used"]["queued"], 2);
    assert_eq!(shown["used"]["modules"], 1);
    // Nobody stores more than they may, and nothing of what is refused stays.
    server
        .sublet(&[
            "users",
            "quota",
            "ada",
            "--modules",
            "9",
            "--stored",
            "1KiB",
        ])
        .code(0);
    ada.sublet(&["submit", component("keyvalue").path.to_str().unwrap()])
        .code(7)
        .says(&["S0315"]);
    assert_eq!(
        ada.json(&["modules", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    server
        .sublet(&["users", "quota", "ada", "--defaults"])
        .code(0);
    assert_eq!(server.wait(&second)["tasks"]["succeeded"], 1);
    ada.sublet(&["cancel", &first]).code(0);
    server.wait(&first);
}

#[test]
fn certificates_are_renewed_with_overlap_and_authorities_follow_one_another() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    ada.sublet(&["login", ada.file.to_str().unwrap()]).code(0);
    // From here on the profile is what is used.
    let as_ada = |arguments: &[&str]| crate::harness::Sublet::at(&ada.home).args(arguments).run();
    let first = as_ada(&["-o", "json", "whoami"]).code(0).json()["via"].clone();
    server.sublet(&["certs", "retire"]).code(6).says(&["S0608"]);
    server.sublet(&["certs", "rotate"]).code(0);
    server.sublet(&["certs", "rotate"]).code(6).says(&["S0610"]);
    as_ada(&["certs", "renew"]).code(0);
    let second = as_ada(&["-o", "json", "whoami"]).code(0).json()["via"].clone();
    assert_ne!(first, second);
    // The former certificate is good until its own end, or until its authority is gone.
    assert!(ada.connect().gets_in());
    server.sublet(&["certs", "retire"]).code(0);
    as_ada(&["whoami"]).code(0);
    assert!(!ada.connect().gets_in());
    as_ada(&["logout"]).code(0);
    as_ada(&["whoami"]).code(1).says(&["S0701"]);
}

#[test]
fn what_operators_do_to_others_is_written_down() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    let job = ada.submit(&core("probe"), &["--timeout", "10m"], "sleep 600000");
    ada.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    server.sublet(&["retry", &job]).code(0);
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    let entries = server.json(&["audit", "list"])["items"].clone();
    let of_jobs = |entry: &&Value| entry["object"] == job.as_str();
    let entries = entries.as_array().unwrap().iter().filter(of_jobs);
    let told: Vec<_> = entries.map(|entry| entry["action"].clone()).collect();
    // The newest first; what she did to her own is in its record.
    assert_eq!(told, ["jobs.cancel", "jobs.retry"]);
}

#[test]
fn the_audit_log_shows_that_somebody_else_wrote_in_it() {
    let server = Server::listening(1);
    server.add_user("ada", &[]);
    server.sublet(&["users", "suspend", "ada"]).code(0);
    let whole = server.json(&["audit", "verify"]);
    assert_eq!(whole["whole"], true);
    server.terminate();
    server.exit_within(crate::harness::DEADLINE);
    let database = server.data_directory().join("sublet.db");
    let database = rusqlite::Connection::open(database).unwrap();
    let changed = database.execute("UPDATE audit SET user_name = 'eve' WHERE seq = 1", []);
    assert_eq!(changed, Ok(1));
    drop(database);
    let server = server.restart();
    server
        .sublet(&["audit", "verify"])
        .code(1)
        .says(&["S0611", "entry 1 was changed"]);
}

#[test]
fn a_credential_that_others_may_read_or_that_is_damaged_is_not_used() {
    let server = Server::listening(1);
    let ada = server.add_user("ada", &[]);
    fs::set_permissions(&ada.file, fs::Permissions::from_mode(0o644)).unwrap();
    ada.sublet(&["whoami"])
        .code(4)
        .says(&["S0709", "chmod 600"]);
    fs::set_permissions(&ada.file, fs::Permissions::from_mode(0o600)).unwrap();
    let text = fs::read_to_string(&ada.file).unwrap();
    fs::write(&ada.file, text.replace("user", "role")).unwrap();
    ada.sublet(&["whoami"]).code(4).says(&["S0709"]);
    fs::write(&ada.file, "x".repeat(70 << 10)).unwrap();
    ada.sublet(&["login", ada.file.to_str().unwrap()])
        .code(4)
        .says(&["S0709"]);
}

#[test]
fn s7_two_users_with_equal_names_reach_their_own_and_nobody_elses() {
    let server = Server::listening(4);
    let people = [server.add_user("ada", &[]), server.add_user("bob", &[])];
    let guest = component("keyvalue");
    let stores = people.each_ref().map(|person| {
        let flags = ["--name", "store", "--timeout", "10m"];
        person.submit(&guest, &flags, "serve 7000")
    });
    let said = |person: &crate::harness::Remote, words: &str| {
        let job = person.submit(&guest, &[], words);
        server.wait(&job);
        person.sublet(&["logs", &job]).code(0).stdout
    };
    assert_eq!(said(&people[0], "store:7000 set colour green"), "ok\n");
    assert_eq!(said(&people[1], "store:7000 set colour blue"), "ok\n");
    assert_eq!(said(&people[0], "store:7000 get colour"), "green\n");
    assert_eq!(said(&people[1], "store:7000 get colour"), "blue\n");
    // Not by name, and not by address either: an address means the own network alone.
    let nics = stores.each_ref().map(|job| {
        let tasks = server.get(&format!("/v1/jobs/{job}/tasks/0"));
        tasks["items"].clone()
    });
    drop(nics);
    let networks = people.each_ref().map(|person| {
        let list = person.json(&["networks", "list"]);
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        list["items"][0]["name"].as_str().unwrap().to_owned()
    });
    assert_ne!(networks[0], networks[1]);
    people[0]
        .sublet(&["networks", "peers", &networks[1]])
        .code(5)
        .says(&["S0208"]);
    let all = server.json(&["networks", "list"]);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    for (person, job) in people.iter().zip(&stores) {
        person.sublet(&["cancel", job]).code(0);
        server.wait(job);
    }
    server.is_at_rest();
}
