//! A worker that is killed while its guests are in the middle of it: their peers learn of it, and everything that the front
//! kept for them comes back.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use crate::harness::{DEADLINE, Process, Server, component, eventually};
use crate::networks::{live_nics, outside};
use crate::publishing::free_port;

/// Two sub-clusters, so two worker processes: the one that is killed, and that of its guests' peers.
const TWO: &str = "[pool]\nreserve = { cpu = 0.5, memory = \"256MiB\" }\n\
    nodes = [{ count = 2, cpu = 0.5, memory = \"512MiB\" }]\n\
    [defaults.job]\ntimeout = \"10m\"\n\
    [[subcluster]]\nname = \"victims\"\nslot = { cpu = 0.06, memory = \"64MiB\" }\nnodes = { max = 1 }\n\
    [[subcluster]]\nname = \"peers\"\nslot = { cpu = 0.06, memory = \"64MiB\" }\nnodes = { max = 1 }\n";

/// A connection to it is begun and never made: its backlog is full. The connections that fill it come along.
struct Full {
    target: String,
    _listener: TcpListener,
    _filling: Vec<TcpStream>,
}

impl Full {
    fn new(listener: TcpListener, target: String) -> Self {
        rustix::net::listen(listener.as_fd(), 0).expect("it listens, only to fewer");
        let address: SocketAddr = target.parse().unwrap();
        // Until one is not let in any more.
        let patience = Duration::from_millis(200);
        let filling = std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok());
        Self {
            target,
            _filling: filling.take(16).collect(),
            _listener: listener,
        }
    }

    /// Whether somebody is about to be connected to it, as the kernel shows it.
    fn is_dialled(&self) -> bool {
        const BEGUN: &str = "02";
        let address: SocketAddr = self.target.parse().unwrap();
        let port = format!(":{:04X}", address.port());
        let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
        table.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.len() > 3 && words[2].ends_with(&port) && words[3] == BEGUN
        })
    }
}

/// A job of the probe in one of the sub-clusters.
fn job(server: &Server, subcluster: &str, flags: &[&str], steps: &str) -> String {
    let place = ["--subcluster", subcluster, "--restart", "never"];
    server.submit_guest(&component("probe"), &[&place[..], flags].concat(), steps)
}

/// The worker of a sub-cluster, which nothing has run in so far.
fn new_worker(server: &Server, subcluster: &str) -> Process {
    let before = server.workers();
    server.wait(&job(server, subcluster, &[], "print there"));
    let new = |worker: &Process| !before.contains(worker);
    let mut after = server.workers().into_iter().filter(new);
    after.next().expect("a worker was started")
}

#[track_caller]
fn says(server: &Server, job: &str, words: &str) {
    eventually(DEADLINE, words, || {
        (server.log_of(job) == words).then_some(())
    });
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one death, looked at from every side: apart the parts would say less"
)]
fn a_killed_worker_leaves_nothing_behind_in_whatever_state_its_sockets_were() {
    let (Some((listener, target)), Some((full, full_target))) = (outside(), outside()) else {
        return;
    };
    let server = Server::configured(&format!(
        "{TWO}[defaults]\negress = [\"protected:{target}\", \"protected:{full_target}\"]\n"
    ));
    let full = Full::new(full, full_target);
    let peers = new_worker(&server, "peers");
    let before = server.process().descriptors();
    let victims = new_worker(&server, "victims");
    let port = free_port();

    let victim = |flags: &[&str], steps: &str| job(&server, "victims", flags, steps);
    let peer = |flags: &[&str], steps: &str| job(&server, "peers", flags, steps);
    // Peers first: who dials finds somebody.
    let outliving = peer(&["--name", "outliving"], "outlive 9000");
    says(&server, &outliving, "ready\n");
    let listening = victim(
        &["--name", "listening"],
        "listen 9000 , print ready , sleep 600000",
    );
    let accepting = "listen 9000 , print ready , accept , sleep 600000";
    let established = victim(&["--name", "established"], accepting);
    let unread = victim(&["--name", "unread"], accepting);
    let publish = format!("{port}:9000");
    let published = victim(&["--publish", &publish], accepting);
    let half_closed = victim(
        &[],
        "half-close outliving:9000 , print connected , sleep 600000",
    );
    let to_full = ["--allow-net", full.target.as_str()];
    let connecting = victim(&to_full, &format!("connect {}", full.target));
    let dialling = victim(&["--allow-net", &target], &format!("hold {target}"));
    for job in [&listening, &established, &unread, &published] {
        says(&server, job, "ready\n");
    }

    let holding = peer(&[], "hold established:9000");
    let sending = peer(&[], "send-and-hold unread:9000 1000");
    listener.set_nonblocking(true).unwrap();
    let (mut from_victim, _) = eventually(DEADLINE, "it is dialled", || listener.accept().ok());
    from_victim.set_nonblocking(false).unwrap();
    let mut to_published = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    says(&server, &holding, "connected\n");
    says(&server, &sending, "connected\n");
    says(&server, &outliving, "ready\nhalf closed\n");
    says(&server, &half_closed, "connected\n");
    says(&server, &dialling, "connected\n");
    eventually(DEADLINE, "a connection is begun", || {
        full.is_dialled().then_some(())
    });

    victims.kill9();
    for victim in [
        &listening,
        &established,
        &unread,
        &published,
        &half_closed,
        &connecting,
        &dialling,
    ] {
        assert_eq!(server.wait(victim)["tasks"]["lost"], 1);
    }
    // Within the network it is a reset and no end in good order; so it is told to who still speaks.
    for (peer, words) in [
        (&holding, "connected\nbroken\n"),
        (&sending, "connected\nbroken\n"),
        (&outliving, "ready\nhalf closed\nbroken\n"),
    ] {
        server.wait(peer);
        assert_eq!(server.log_of(peer), words);
    }
    for stream in [&mut from_victim, &mut to_published] {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let ended = match stream.read(&mut [0; 100]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        assert!(ended, "who was connected from beyond learns of it");
    }
    eventually(DEADLINE, "nobody is on the network", || {
        (live_nics(&server) == 0).then_some(())
    });
    let name = server.get("/v1/networks")["items"][0]["name"].clone();
    let known = server.get(&format!("/v1/networks/{}/peers", name.as_str().unwrap()));
    assert_eq!(known["items"], serde_json::json!([]));
    eventually(DEADLINE, "the port is free", || {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
    });
    assert!(peers.lives() && !victims.lives());
    eventually(DEADLINE, "the front has its descriptors back", || {
        (server.process().descriptors() <= before).then_some(())
    });
}

#[test]
fn a_worker_that_does_not_answer_is_ended_long_before_the_time_of_its_guests_is_over() {
    let server = Server::with_slots(2);
    let flags = ["--restart", "on-loss", "--timeout", "10h"];
    let job = server.submit(&flags, "sleep 600000");
    server.wait_for_state(&job, "running");
    let [worker] = server.workers()[..] else {
        panic!("one user in one sub-cluster has one worker");
    };
    worker.signal(rustix::process::Signal::STOP);
    eventually(DEADLINE, "it is tried again", || {
        (server.attempts(&job, 0).len() == 2).then_some(())
    });
    assert!(!worker.lives());
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    // Nobody is blamed: it was not its guest that stopped it.
    let module = &server.get("/v1/modules")["items"][0];
    assert_eq!(module["harm"], serde_json::Value::Null, "{module:#}");
    server.is_at_rest();
}

#[test]
fn a_worker_that_stands_still_is_ended_once_the_time_of_its_guests_is_over() {
    let server = Server::with_slots(2);
    let flags = ["--restart", "never", "--timeout", "1s"];
    let job = server.submit(&flags, "sleep 600000");
    server.wait_for_state(&job, "running");
    let [worker] = server.workers()[..] else {
        panic!("one user in one sub-cluster has one worker");
    };
    worker.signal(rustix::process::Signal::STOP);

    let lost = serde_json::json!({"kind": "lost", "reason": "worker"});
    assert_eq!(server.wait(&job)["end"]["outcome"], lost);
    assert!(!worker.lives());
    let next = server.submit(&[], "print served");
    assert_eq!(server.wait(&next)["tasks"]["succeeded"], 1);
    server.is_at_rest();
}
