//! Modules that do harm: who is blamed for the death of a worker and who is not, and what becomes of a module that was
//! blamed too often. The deaths are made by hand: to the server it is the same who killed a worker.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{
    DEADLINE, Guest, Output, Process, Server, bytes_of, component, eventually, skip_loudly,
};
use crate::uploads::slow_functions;

/// The module whose workers die here. It is the probe as well, so that it can be told what to do, but other bytes.
fn poison() -> Guest {
    component("probe")
}

/// A server with some slots on which so much harm leads to quarantine.
fn with_limit(limit: u32) -> Server {
    Server::configured(&format!(
        "[pool]\nreserve = {{ cpu = 0.5, memory = \"256MiB\" }}\n\
         [defaults.job]\ntimeout = \"10m\"\ncpu = 0.001\n\
         [[subcluster]]\nname = \"all\"\nslot = {{ cpu = 0.25, memory = \"64MiB\" }}\n\
         [service]\nquarantine_after = {limit}\n"
    ))
}

/// The one worker that lives, once it is the only one.
#[track_caller]
fn only_worker(server: &Server) -> Process {
    eventually(
        DEADLINE,
        "one worker lives",
        || match server.workers()[..] {
            [worker] => Some(worker),
            _ => None,
        },
    )
}

/// Kills the worker of the one job that runs, once it runs for the time of this number.
#[track_caller]
fn kill_attempt(server: &Server, job: &str, number: u32) {
    eventually(DEADLINE, &format!("attempt {number} runs"), || {
        let attempts = server.attempts(job, 0);
        let last = attempts.last()?;
        (last["number"] == number && last["state"] == "running").then_some(())
    });
    only_worker(server).kill9();
}

/// What the server says of its owner's module of this digest.
#[track_caller]
fn module(server: &Server, digest: &str) -> Value {
    server.get(&format!("/v1/modules/{digest}"))
}

#[track_caller]
fn digest_of(server: &Server, job: &str) -> String {
    let module = server.job(job)["module"].clone();
    module.as_str().expect("a job has a module").to_owned()
}

/// The value of a line of a scrape; 0 if there is none.
#[track_caller]
fn number(server: &Server, line: &str) -> u64 {
    let text = server.request("GET", "/metrics", b"").text();
    let found = text.lines().find_map(|one| one.strip_prefix(line));
    found.map_or(0, |rest| rest.trim().parse().expect("a number"))
}

#[track_caller]
fn is_refused(output: Output) {
    output
        .code(6)
        .says(&["S0418", "quarantine", "the limit is"]);
}

#[test]
fn of_several_suspects_each_runs_alone_and_only_the_one_that_kills_again_is_blamed() {
    let server = with_limit(3);
    let innocent = server.submit(
        &["--restart", "on-loss"],
        "print begun , sleep-before-attempt 2 600000 , print done",
    );
    let harmful = server.submit_guest(&poison(), &["--restart", "on-loss"], "sleep 600000");
    server.wait_for_state(&innocent, "running");
    server.wait_for_state(&harmful, "running");
    only_worker(&server).kill9();

    assert_eq!(
        server.wait(&innocent)["end"]["outcome"]["kind"],
        "succeeded"
    );
    let [innocents, poisons] = [&innocent, &harmful].map(|job| digest_of(&server, job));
    assert_eq!(module(&server, &innocents)["harm"], Value::Null);
    let suspected = module(&server, &poisons)["harm"].clone();
    assert_eq!(suspected["worker_deaths"], 0, "{suspected}");
    assert_eq!(suspected["runs_alone"], true, "{suspected}");

    kill_attempt(&server, &harmful, 2);
    kill_attempt(&server, &harmful, 3);
    let lost = json!({"kind": "lost", "reason": "worker"});
    assert_eq!(server.wait(&harmful)["end"]["outcome"], lost);
    assert_eq!(module(&server, &poisons)["harm"]["worker_deaths"], 2);
    assert_eq!(module(&server, &innocents)["harm"], Value::Null);
    let deaths = "sublet_module_harm_total{kind=\"worker_death\"}";
    assert_eq!(number(&server, deaths), 2);

    // A neighbour that comes now is not in its way: the suspect has its own worker, until it ends well in it.
    let neighbour = server.submit(&[], "sleep 600000");
    let clean = server.submit_guest(&poison(), &[], "exit 0");
    assert_eq!(server.wait(&clean)["end"]["outcome"]["kind"], "succeeded");
    assert_eq!(module(&server, &poisons)["harm"]["runs_alone"], false);
    assert_eq!(server.job(&neighbour)["tasks"]["lost"], 0);
    server.sublet(&["cancel", &neighbour]).code(0);
    server.wait(&neighbour);
    server.is_at_rest();
}

#[test]
fn a_module_that_killed_too_often_is_in_quarantine_until_an_operator_releases_it() {
    let server = with_limit(2);
    let once = server.submit_guest(&poison(), &["--restart", "never"], "sleep 600000");
    kill_attempt(&server, &once, 1);
    server.wait(&once);
    let array = ["--restart", "on-loss", "--array", "0-99"];
    let many = server.submit_guest(&poison(), &array, "sleep 600000");
    let digest = digest_of(&server, &many);
    server.wait_until(&many, "some run and some wait", |job| {
        let count = |state: &str| job["tasks"][state].as_u64();
        count("running") > Some(1) && count("starting") == Some(0) && count("queued") > Some(1)
    });
    // Each of them has a worker of its own: the others live on, and end when they are told to.
    let running = server.workers();
    running[0].kill9();
    let record = server.wait_until(&many, "what waited is over", |job| {
        job["tasks"]["queued"] == 0
    });
    assert_eq!(record["tasks"]["lost"], 1, "{record:#}");
    assert!(running[1].lives());
    let waited = server.get(&format!("/v1/jobs/{many}/tasks/99"));
    let quarantine = json!({"kind": "cancelled", "reason": "quarantine"});
    assert_eq!(waited["outcome"], quarantine, "{waited:#}");
    assert_eq!(waited["attempts"], json!([]));
    assert_eq!(number(&server, "sublet_modules_quarantined"), 1);

    server.kill9();
    let server = server.restart();
    let record = server.wait(&many);
    assert_eq!(record["tasks"]["running"], 0, "{record:#}");
    assert_eq!(record["tasks"]["succeeded"], 0, "{record:#}");
    assert!(server.workers().is_empty(), "nothing of it was started");
    let submit = |server: &Server| {
        let command = server.command().args(["submit", "-q"]).arg(poison());
        command.args(["--", "print", "again"]).run()
    };
    is_refused(submit(&server));
    is_refused(server.sublet(&["retry", &once]));
    let shown = server.sublet(&["modules", "show", &digest]).code(0);
    assert!(shown.text().contains("worker deaths 2"), "{shown:?}");
    assert!(shown.text().contains("in quarantine since"), "{shown:?}");
    // Other modules of the same user go on.
    let other = server.submit(&[], "exit 0");
    assert_eq!(server.wait(&other)["tasks"]["succeeded"], 1);

    server.sublet(&["modules", "release", &digest]).code(0);
    assert_eq!(number(&server, "sublet_modules_quarantined"), 0);
    let entry = &server.json(&["audit", "list"])["items"][0];
    assert_eq!(entry["action"], "modules.release", "{entry:#}");
    submit(&server).code(0);
    let last = server.json(&["jobs", "show", "last"])["id"].clone();
    let again = server.wait(last.as_str().unwrap());
    assert_eq!(again["tasks"]["succeeded"], 1, "{again:#}");
}

#[test]
fn a_module_that_has_the_host_panic_is_blamed_and_costs_its_neighbours_nothing() {
    if !cfg!(debug_assertions) {
        return skip_loudly("faults are planted in builds with debug assertions only");
    }
    let mut server = with_limit(1);
    server.kill9();
    server = server.begin_again(Some("worker.host-call@1:panic")).ready();
    let neighbour = server.submit(&[], "sleep 600000");
    server.wait_for_state(&neighbour, "running");
    let submit = || {
        let command = server.command();
        let command = command.args(["submit", "-q", "--restart", "on-loss", "--input", "-"]);
        command
            .arg(component("typed"))
            .input(r#"{"texts": ["to be"], "shown": 1}"#)
            .run()
    };
    let job = submit().code(0).text().trim().to_owned();
    let lost = json!({"kind": "lost", "reason": "panic"});
    assert_eq!(server.wait(&job)["end"]["outcome"], lost);
    let attempts = server.attempts(&job, 0);
    assert_eq!(attempts.len(), 1, "{attempts:#?}");
    let harm = module(&server, &digest_of(&server, &job))["harm"].clone();
    assert_eq!(harm["host_panics"], 1, "{harm}");
    assert_eq!(harm["worker_deaths"], 0, "{harm}");
    let counted = "sublet_module_harm_total{kind=\"host_panic\"}";
    assert_eq!(number(&server, counted), 1);
    is_refused(submit());
    // The worker in which it happened first has lost nothing else.
    assert_eq!(server.job(&neighbour)["tasks"]["running"], 1);
    server.sublet(&["cancel", &neighbour]).code(0);
    server.wait(&neighbour);
    server.is_at_rest();
}

#[test]
fn who_waits_for_the_pause_after_deaths_is_told_so() {
    let server = with_limit(100);
    // Each death doubles the pause, so that there is time to ask.
    for _ in 0..4 {
        let job = server.submit_guest(&poison(), &["--restart", "never"], "sleep 600000");
        kill_attempt(&server, &job, 1);
        server.wait(&job);
    }
    let job = server.submit(&[], "exit 0");
    let explained = eventually(DEADLINE, "it waits for a worker", || {
        let explained = server.get(&format!("/v1/jobs/{job}/explain"));
        (explained["facts"][0]["about"] == "worker").then_some(explained)
    });
    let detail = explained["facts"][0].to_string();
    assert!(detail.contains("workers died"), "{explained:#}");
    assert!(explained["starts_by"].is_string(), "{explained:#}");
    assert_eq!(server.job(&job)["tasks"]["starting"], 1);
    assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
}

#[test]
fn quarantine_is_of_one_user_and_only_operators_end_it() {
    let server = with_limit(1).also_listening();
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let job = ada.submit(&poison(), &["--restart", "never"], "sleep 600000");
    eventually(DEADLINE, "it runs", || {
        (ada.json(&["jobs", "show", &job])["state"] == "running").then_some(())
    });
    only_worker(&server).kill9();
    ada.sublet(&["wait", &job]).code(125);
    let command = ada.command().args(["submit", "-q"]).arg(poison());
    is_refused(command.args(["--", "exit", "0"]).run());

    let bobs = bob.submit(&poison(), &[], "exit 0");
    bob.sublet(&["wait", &bobs]).code(0);
    let listed = bob.json(&["modules", "list"])["items"][0].clone();
    assert_eq!(listed["harm"], Value::Null, "{listed:#}");
    let digest = listed["digest"].as_str().unwrap();
    ada.sublet(&["modules", "release", digest])
        .code(4)
        .says(&["S0110"]);
    server
        .sublet(&["modules", "release", digest, "--user", "ada"])
        .code(0);
    let again = ada.submit(&poison(), &[], "exit 0");
    ada.sublet(&["wait", &again]).code(0);
}

#[test]
fn a_death_that_the_server_ordered_is_nobodys_fault() {
    let server = with_limit(1);
    let job = server.submit(&["--restart", "never"], "sleep 600000");
    let neighbour = server.submit_guest(&poison(), &["--restart", "never"], "sleep 600000");
    for job in [&job, &neighbour] {
        server.wait_for_state(job, "running");
    }
    // It does not hear that it is to end, so it is ended.
    only_worker(&server).signal(Signal::STOP);
    server.sublet(&["cancel", &job]).code(0);
    for job in [&job, &neighbour] {
        server.wait(job);
        let digest = digest_of(&server, job);
        assert_eq!(module(&server, &digest)["harm"], Value::Null);
    }
    let lost = json!({"kind": "lost", "reason": "worker"});
    assert_eq!(server.job(&neighbour)["end"]["outcome"], lost);
}

#[test]
fn a_module_whose_compilation_was_ended_for_its_cost_is_blamed_for_it_once() {
    let server = with_limit(3);
    // The bytes are its own, and take a while.
    let guest = bytes_of("slow.wasm", &slow_functions());
    let pushed = server.command().args(["modules", "push"]).arg(&guest);
    let running = pushed.start();
    let compiler = eventually(DEADLINE, "it is compiled", || {
        assert!(running.process().lives(), "compiled too fast to be caught");
        server.process().children("compile").first().copied()
    });
    // As the kernel does when its processor time is used up.
    compiler.signal(Signal::XCPU);
    running.wait().code(1).says(&["S0406"]);
    let again = server.sublet(&["modules", "push", guest.path.to_str().unwrap()]);
    again.code(1).says(&["S0406", "refused before"]);
    let kills = "sublet_module_harm_total{kind=\"compile_kill\"}";
    assert_eq!(number(&server, kills), 1, "the second time it was known");
}
