//! The user's own network: jobs find each other by name, nothing else is reached without a rule, and everything that was
//! bound to an instance goes with it.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, Sublet, component, core, eventually, shared, skip_loudly};

/// A listener on an address of this host that guests can name: loopback means themselves. None, and said loudly, on a host
/// that has no other address.
pub(crate) fn outside() -> Option<(TcpListener, String)> {
    // Nothing is sent: the kernel only says from where it would be.
    let route = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
    let address = route
        .connect("192.0.2.1:9")
        .and_then(|()| route.local_addr());
    let Some(ip) = address
        .ok()
        .map(|address| address.ip())
        .filter(|ip| !ip.is_loopback())
    else {
        skip_loudly("this host has no address but loopback");
        return None;
    };
    let listener = TcpListener::bind((ip, 0)).expect("an own address can be bound");
    let target = listener.local_addr().expect("it is bound").to_string();
    Some((listener, target))
}

/// Submits the key-value example with these flags.
#[track_caller]
pub(crate) fn keyvalue(server: &Server, flags: &[&str], arguments: &str) -> String {
    server.submit_guest(&component("keyvalue"), flags, arguments)
}

/// What a job wrote, once it is over.
#[track_caller]
pub(crate) fn output(server: &Server, job: &str) -> String {
    server.wait(job);
    server.log_of(job)
}

/// What went over the nic of a job's only attempt.
#[track_caller]
pub(crate) fn traffic(server: &Server, job: &str) -> Value {
    server.get(&format!("/v1/jobs/{job}/tasks/0"))["attempts"][0]["usage"]["network"].clone()
}

#[track_caller]
pub(crate) fn live_nics(server: &Server) -> usize {
    let networks = server.get("/v1/networks");
    let name = networks["items"][0]["name"]
        .as_str()
        .expect("a first job has assigned one");
    let flows = server.get(&format!("/v1/networks/{name}/flows"));
    flows["items"].as_array().expect("a list").len()
}

#[test]
fn l11_jobs_of_one_user_find_each_other_by_name() {
    let server = Server::with_slots(4);
    let store = keyvalue(
        &server,
        &["--name", "store", "--timeout", "10m"],
        "serve 7000",
    );
    let set = keyvalue(
        &server,
        &["--name", "setter"],
        "store:7000 set colour green",
    );
    assert_eq!(output(&server, &set), "ok\n");
    let get = keyvalue(&server, &[], "store.internal:7000 get colour");
    assert_eq!(output(&server, &get), "green\n");
    // By the name that the task itself is told as its own.
    let flags = ["--name", "mapper", "--array", "7-7"];
    let told = server.submit_guest(&component("probe"), &flags, "environment");
    assert!(output(&server, &told).contains("SUBLET_HOSTNAME=mapper-7\n"));
    let by_task = keyvalue(&server, &[], "store-0:7000 get colour");
    assert_eq!(output(&server, &by_task), "green\n");
    let stop = keyvalue(&server, &[], "store:7000 stop");
    server.wait(&stop);
    assert_eq!(server.wait(&store)["tasks"]["succeeded"], 1);
    // The record says where it was, and what it did there.
    let attempt = &server.get(&format!("/v1/jobs/{store}/tasks/0"))["attempts"][0];
    let address: Ipv4Addr = attempt["nic"]["v4"].as_str().unwrap().parse().unwrap();
    assert_eq!(address.octets()[0], 10);
    assert_eq!(traffic(&server, &store)["connections_in"], 4);
    assert_eq!(traffic(&server, &set)["connections_out"], 1);
}

#[test]
fn l11_jobs_in_different_workers_find_each_other_too() {
    // Two sub-clusters, so two worker processes: connections between them are made by the front.
    let server = Server::configured(
        "[pool]\nreserve = { cpu = 0.5, memory = \"256MiB\" }\n\
         nodes = [{ count = 2, cpu = 0.5, memory = \"512MiB\" }]\n\
         [[subcluster]]\nname = \"here\"\nslot = { cpu = 0.1, memory = \"64MiB\" }\nnodes = { max = 1 }\n\
         [[subcluster]]\nname = \"there\"\nslot = { cpu = 0.1, memory = \"64MiB\" }\nnodes = { max = 1 }\n",
    );
    let serve = [
        "--name",
        "store",
        "--subcluster",
        "here",
        "--timeout",
        "10m",
    ];
    let store = keyvalue(&server, &serve, "serve 7000");
    let set = keyvalue(
        &server,
        &["--subcluster", "there"],
        "store:7000 set colour red",
    );
    assert_eq!(output(&server, &set), "ok\n");
    let get = keyvalue(&server, &["--subcluster", "here"], "store:7000 get colour");
    assert_eq!(output(&server, &get), "red\n");
    let stop = keyvalue(&server, &["--subcluster", "there"], "store:7000 stop");
    // The last that the server says before it ends arrives as well.
    assert_eq!(output(&server, &stop), "ok\n");
    assert_eq!(server.wait(&store)["tasks"]["succeeded"], 1);
    assert_eq!(traffic(&server, &store)["connections_in"], 3);
}

#[test]
fn mappers_find_their_reducer_by_name() {
    let server = Server::with_slots(5);
    let guest = component("mapreduce");
    let reducer = ["--name", "reducer", "--timeout", "5m"];
    let reducer = server.submit_guest(&guest, &reducer, "reduce 4 3");
    let input = crate::harness::kept("mapreduce");
    for (file, text) in [
        ("a", "one two two"),
        ("b", "three three three"),
        ("c", "two"),
    ] {
        std::fs::write(input.join(file), text).unwrap();
    }
    let input = input.to_str().unwrap();
    let mapper = [
        "--name",
        "mapper",
        "--array",
        "0-3",
        "--in",
        input,
        "--timeout",
        "5m",
    ];
    let mapper = server.submit_guest(&guest, &mapper, "map");
    assert_eq!(server.wait(&mapper)["tasks"]["succeeded"], 4);
    let log = output(&server, &reducer);
    assert!(
        log.ends_with("7 words, 3 different, from 4 mappers\n"),
        "{log}"
    );
    assert!(log.contains("3  three") && log.contains("3  two"), "{log}");
}

#[test]
fn nothing_beyond_the_network_is_reached_without_a_rule() {
    let server = shared();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    for target in [
        format!("127.0.0.1:{port}"),
        format!("192.0.2.1:{port}"),
        "169.254.169.254:80".to_owned(),
    ] {
        let job = server.submit_guest(&component("probe"), &[], &format!("connect {target}"));
        let ended = server.wait(&job);
        assert_eq!(ended["tasks"]["failed"], 1, "{target}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn a_denied_attempt_is_told_what_was_missing() {
    let server = shared();
    let job = server.submit_guest(&component("probe"), &[], "connect 192.0.2.1:443");
    server.wait(&job);
    let attempt = &server.get(&format!("/v1/jobs/{job}/tasks/0"))["attempts"][0];
    assert_eq!(attempt["usage"]["network"]["denials"], 1);
    let denied = attempt["nic"]["denied"][0].as_str().unwrap();
    assert!(denied.starts_with("192.0.2.1:443 is "), "{denied}");
}

#[test]
fn what_operator_and_job_allow_is_reached_and_nothing_else() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let server = Server::configured(&format!("[defaults]\negress = [\"protected:{target}\"]\n"));
    // The operator's rule alone is not enough: the job has to ask, too.
    let silent = server.submit_guest(&component("probe"), &[], &format!("connect {target}"));
    assert_eq!(server.wait(&silent)["tasks"]["failed"], 1);
    let answering = thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        caller.write_all(b"from outside").unwrap();
    });
    let flags = ["--allow-net", target.as_str()];
    let job = server.submit_guest(&component("probe"), &flags, &format!("fetch {target}"));
    assert_eq!(output(&server, &job), "from outside");
    answering.join().unwrap();
    let used = traffic(&server, &job);
    assert_eq!(
        (&used["bytes_received"], &used["connections_out"]),
        (&json!(12), &json!(1))
    );
}

#[test]
fn an_operator_changes_what_a_user_may_reach() {
    let Some((_listener, target)) = outside() else {
        return;
    };
    let server = Server::with_slots(2);
    let submit = || {
        let command = server
            .command()
            .args(["submit", "--wait", "--allow-net", &target]);
        let command = command
            .arg(component("probe"))
            .args(["--", "connect", &target]);
        command.run()
    };
    submit()
        .code(126)
        .says(&["S0312", &target, "protected range"]);
    let user = server.get("/v1/whoami")["user"]
        .as_str()
        .unwrap()
        .to_owned();
    let opened = format!("protected:{target}");
    server
        .sublet(&["users", "policy", &user, "--allow-net", &opened])
        .code(0);
    submit().code(0);
    let path = format!("/v1/users/{user}/policy");
    assert_eq!(server.get(&path), json!({"allow": [opened]}));
    let audit = server.get("/v1/audit")["items"].to_string();
    assert!(audit.contains("users.policy"), "{audit}");
}

#[test]
fn run_reaches_what_its_flags_name() {
    let Some((listener, target)) = outside() else {
        return;
    };
    let answering = thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        caller.write_all(b"from outside").unwrap();
    });
    let run = |flags: &[&str]| {
        let command = Sublet::alone()
            .arg("run")
            .args(flags)
            .arg(component("probe"));
        command.args(["--", "fetch", &target]).run()
    };
    run(&[]).code(1);
    run(&["--network", "none"]).code(1);
    run(&["--allow-net", &target])
        .code(0)
        .prints("from outside");
    answering.join().unwrap();
}

#[test]
fn l12_everything_comes_back_however_an_instance_ends() {
    let server = Server::with_slots(4);
    let ends: [(&[&str], &str); 3] = [
        (&["--timeout", "10m"], "listen 9000 , spin"),
        (&["--timeout", "1s"], "listen 9000 , spin"),
        (&["--timeout", "10m"], "listen 9000 , trap"),
    ];
    for (flags, steps) in ends {
        let job = server.submit_guest(&component("probe"), flags, steps);
        if flags == ["--timeout", "10m"] && steps.ends_with("spin") {
            server.wait_for_state(&job, "running");
            eventually(DEADLINE, "its nic is there", || {
                (live_nics(&server) == 1).then_some(())
            });
            server.sublet(&["cancel", &job]).code(0);
        }
        server.wait(&job);
        eventually(DEADLINE, "its nic is gone", || {
            (live_nics(&server) == 0).then_some(())
        });
    }
}

#[test]
fn peers_of_a_killed_instance_see_a_reset_within_a_second() {
    let server = Server::with_slots(3);
    let victim = ["--name", "victim", "--timeout", "10m"];
    let victim = server.submit_guest(&component("probe"), &victim, "listen 9000 , accept , spin");
    let peer = ["--name", "peer", "--timeout", "10m"];
    let peer = server.submit_guest(&component("probe"), &peer, "hold victim:9000");
    eventually(DEADLINE, "they are connected", || {
        (server.log_of(&peer) == "connected\n").then_some(())
    });
    let began = Instant::now();
    server.sublet(&["cancel", &victim]).code(0);
    let ended = server.wait(&peer);
    let told = began.elapsed();
    assert!(told < Duration::from_secs(20), "{told:?}: {ended:#}");
    // How a reset is called is for the guest's C library to say; it is no end in good order.
    assert_eq!(server.log_of(&peer), "connected\nbroken\n");
}

#[test]
fn a_job_may_do_without_a_network() {
    let server = shared();
    let job = server.submit_guest(
        &component("probe"),
        &["--network", "none"],
        "connect 127.0.0.1:1",
    );
    assert_eq!(server.wait(&job)["tasks"]["failed"], 1);
    let attempt = &server.get(&format!("/v1/jobs/{job}/tasks/0"))["attempts"][0];
    assert_eq!(attempt["nic"], Value::Null);
}

#[test]
fn l10_without_a_prepared_network_a_submission_is_refused() {
    let server = Server::configured("[service]\nnetworks = { prepared = 0 }\n");
    let path = core("probe").path;
    let refused = server.sublet(&["submit", path.to_str().unwrap()]);
    refused.code(7).says(&["networks.prepared"]);
    assert_eq!(server.get("/v1/jobs")["items"], json!([]));
}
