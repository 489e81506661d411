//! An instance ends while its sockets are in any state: nothing of it stays, and its peers learn of it.

use std::any::Any;

use bytes::Bytes;
use sublet_network::{Census, Connection, Ended, Network, Nic, Protocol, Refusal};

use crate::support::{
    World, accept, at, connected, egress, fill, listen, mailbox, network, settle, terms,
};

/// What an instance holds in some state, and what its peer does.
struct Held {
    /// Sockets of the instance that ends.
    own: Vec<Box<dyn Any>>,
    /// The peer's end, if there is one: it must be reset.
    peer: Option<Connection>,
    /// Whatever else the peer holds.
    other: Vec<Box<dyn Any>>,
}

impl Held {
    fn own(own: impl Any) -> Self {
        Self {
            own: vec![Box::new(own)],
            peer: None,
            other: Vec::new(),
        }
    }

    fn with(own: impl Any, peer: Connection) -> Self {
        Self {
            own: vec![Box::new(own)],
            peer: Some(peer),
            other: Vec::new(),
        }
    }
}

const STATES: [&str; 19] = [
    "bound",
    "bound for datagrams",
    "listening",
    "listening with somebody waiting",
    "waiting to be accepted",
    "connecting to a full backlog",
    "never polled while connecting",
    "connected whole",
    "connected and split",
    "accepted",
    "with bytes that nobody read",
    "with bytes it did not read",
    "half closed by itself",
    "half closed by its peer",
    "mailbox with datagrams",
    "connected to the world",
    "dialling a world that does not answer",
    "exchanging datagrams with the world",
    "connected from the world but not accepted",
];

async fn enter(state: &str, (network, world): (&Network, &World), own: &Nic, other: &Nic) -> Held {
    let port = at;
    match state {
        "bound" => Held::own(own.bind(Protocol::Tcp, port("0.0.0.0:7")).unwrap()),
        "bound for datagrams" => Held::own(own.bind(Protocol::Udp, port("[::]:7")).unwrap()),
        "listening" => Held::own(listen(own, "0.0.0.0:7", 8)),
        "listening with somebody waiting" => {
            let listener = listen(own, "0.0.0.0:7", 8);
            let peer = other.connect(None, port("10.77.0.1:7")).await.unwrap();
            Held::with(listener, peer)
        }
        "waiting to be accepted" => {
            let mut listener = listen(other, "0.0.0.0:7", 8);
            let connection = own.connect(None, port("10.77.0.2:7")).await.unwrap();
            // The peer accepts only afterwards.
            let peer = listener.accept().unwrap();
            let mut held = Held::with(connection, peer);
            held.other.push(Box::new(listener));
            held
        }
        "connecting to a full backlog" => {
            let listener = listen(other, "0.0.0.0:7", 1);
            let first = own.connect(None, port("10.77.0.2:7")).await.unwrap();
            let waiting = tokio::spawn(own.connect(None, port("10.77.0.2:7")));
            settle().await;
            assert!(!waiting.is_finished());
            let mut held = Held::own((first, AbortOnDrop(waiting)));
            held.other.push(Box::new(listener));
            held
        }
        "never polled while connecting" => Held::own(own.connect(None, port("10.77.0.2:7"))),
        "mailbox with datagrams" => {
            let mut mail = mailbox(own, "0.0.0.0:7");
            mail.send(port("10.77.0.1:7"), Bytes::from_static(b"me"))
                .unwrap();
            Held::own(mail)
        }
        "connected to the world"
        | "exchanging datagrams with the world"
        | "dialling a world that does not answer"
        | "connected from the world but not accepted" => {
            with_world(state, (network, world), own).await
        }
        state => with_connection(state, own, other).await,
    }
}

async fn with_world(state: &str, (network, world): (&Network, &World), own: &Nic) -> Held {
    let port = at;
    match state {
        "connected to the world" => {
            let connection = own.connect(None, port("8.8.8.8:443")).await.unwrap();
            let mut held = Held::own(connection.into_halves());
            held.other.push(Box::new(world.far_end()));
            held
        }
        "exchanging datagrams with the world" => {
            let mut mail = mailbox(own, "0.0.0.0:7");
            mail.send(port("8.8.8.8:443"), Bytes::from_static(b"world"))
                .unwrap();
            settle().await;
            let mut held = Held::own(mail);
            held.other
                .push(Box::new(world.far_mail.lock().unwrap().pop_front()));
            held
        }
        "dialling a world that does not answer" => {
            *world.silent.lock().unwrap() = true;
            let waiting = tokio::spawn(own.connect(None, port("8.8.8.8:443")));
            settle().await;
            *world.silent.lock().unwrap() = false;
            Held::own(AbortOnDrop(waiting))
        }
        "connected from the world but not accepted" => {
            let listener = listen(own, "0.0.0.0:7", 8);
            let (carrier, far) = tokio::io::duplex(100);
            let from = port("192.0.2.1:1");
            network
                .deliver(port("10.77.0.1:7"), from, Box::new(carrier))
                .unwrap();
            let mut held = Held::own(listener);
            held.other.push(Box::new(far));
            held
        }
        state => panic!("{state} is no state"),
    }
}

async fn with_connection(state: &str, own: &Nic, other: &Nic) -> Held {
    let (near, far) = if state == "accepted" {
        let (far, near) = connected(other, own).await;
        (near, far)
    } else {
        connected(own, other).await
    };
    if state == "connected whole" {
        return Held::with(near, far);
    }
    let (source, mut sink) = near.into_halves();
    match state {
        "with bytes that nobody read" => {
            fill(&mut sink, 5_000);
        }
        "half closed by itself" => sink.close(),
        "with bytes it did not read" | "half closed by its peer" => {
            let (far_source, mut far_sink) = far.into_halves();
            fill(&mut far_sink, 5_000);
            if state == "half closed by its peer" {
                far_sink.close();
            }
            let mut held = Held::own((source, sink));
            held.other.push(Box::new((far_source, far_sink)));
            return held;
        }
        "connected and split" | "accepted" => {}
        state => panic!("{state} is no state"),
    }
    Held::with((source, sink), far)
}

/// The host's future of a guest that ends is dropped with it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How the instance goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Its sockets first: in good order.
    SocketsFirst,
    /// Its nic first.
    NicFirst,
    /// Killed: released, then sockets, then the nic.
    Released,
}

async fn round(network: &Network, world: &World, other: &Nic, state: &str, way: Way) {
    let before = (network.census(), other.in_use(), other.held_bytes());
    let mut terms = terms(1, &["victim", "victim.job"]);
    terms.egress = egress(&["*:*"], &["8.8.8.8:443"]);
    let nic = network.attach(terms).unwrap();
    let mut held = enter(state, (network, world), &nic, other).await;
    match way {
        Way::SocketsFirst => {
            held.own.clear();
            drop(nic);
        }
        Way::NicFirst => {
            drop(nic);
            check_peer(state, &mut held);
            assert_eq!(
                network.census().nics,
                before.0.nics,
                "{state}: gone at once"
            );
            held.own.clear();
        }
        Way::Released => {
            nic.release();
            check_peer(state, &mut held);
            let late = nic.bind(Protocol::Tcp, at("0.0.0.0:0")).err();
            assert_eq!(late, Some(Refusal::AddressNotBindable));
            held.own.clear();
            drop(nic);
        }
    }
    assert_eq!(
        network.census().names,
        before.0.names,
        "{state}: names are gone"
    );
    drop(held);
    settle().await;
    let after = (network.census(), other.in_use(), other.held_bytes());
    assert_eq!(after, before, "{state}, {way:?}");
}

fn check_peer(state: &str, held: &mut Held) {
    let Some(peer) = held.peer.take() else {
        return;
    };
    let (mut source, mut sink) = peer.into_halves();
    assert_eq!(sink.room(), Err(Ended::Reset), "{state}");
    let expected = if state == "half closed by itself" {
        // Its data had ended before: that is no reset.
        Ended::Closed
    } else {
        Ended::Reset
    };
    assert_eq!(source.read(1), Err(expected), "{state}");
}

async fn all_rounds(network: &Network, world: &World, other: &Nic) {
    for state in STATES {
        for way in [Way::SocketsFirst, Way::NicFirst, Way::Released] {
            round(network, world, other, state, way).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn l12_nothing_stays_whatever_the_sockets_were_doing() {
    let (network, world) = network();
    let other = network.attach(terms(2, &["other"])).unwrap();
    all_rounds(&network, &world, &other).await;
    drop(other);
    assert_eq!(network.census(), Census::default());
}

#[tokio::test(start_paused = true)]
#[ignore = "ten thousand rounds take a while"]
async fn l12_ten_thousand_rounds_leave_memory_flat() {
    let (network, world) = network();
    let other = network.attach(terms(2, &["other"])).unwrap();
    let rounds = STATES.len() * 3;
    let mut settled_kib = 0;
    for number in 0..10_000_usize.div_ceil(rounds) {
        all_rounds(&network, &world, &other).await;
        world.dialled.lock().unwrap().clear();
        world.far_ends.lock().unwrap().clear();
        if number == 20 {
            settled_kib = resident_kib();
        }
    }
    let end_kib = resident_kib();
    println!("{settled_kib} KiB after a tenth, {end_kib} KiB at the end");
    assert!(end_kib < settled_kib + 4_096);
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_an_instance_finished_writing_arrives_after_its_end() {
    let (network, world) = network();
    let other = network.attach(terms(2, &[])).unwrap();
    let own = network.attach(terms(1, &[])).unwrap();
    let (near, far) = connected(&own, &other).await;
    let (source, mut sink) = near.into_halves();
    sink.write(Bytes::from_static(b"result")).unwrap();
    // In good order: the sockets, then the nic.
    drop((source, sink));
    drop(own);
    let (mut far_source, mut far_sink) = far.into_halves();
    assert_eq!(far_source.read(9).unwrap().as_ref(), b"result");
    assert_eq!(far_source.read(9), Err(Ended::Closed));
    assert_eq!(far_sink.room(), Err(Ended::Closed));
    assert!(world.dialled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn s7_long_lived_futures_keep_no_address() {
    let (network, world) = network();
    *world.silent.lock().unwrap() = true;
    let own = network.attach(terms(1, &["sort"])).unwrap();
    let other = network.attach(terms(2, &[])).unwrap();
    let _listener = listen(&other, "0.0.0.0:7", 1);
    let _first = own.connect(None, at("10.77.0.2:7")).await.unwrap();
    let connect = tokio::spawn(own.connect(None, at("10.77.0.2:7")));
    let sibling = tokio::spawn(own.connect(None, at("10.77.9.9:7")));
    let lookup = tokio::spawn(own.resolve("sort"));
    let by_name = tokio::spawn(own.connect_name("nobody", 7));
    settle().await;
    drop(own);
    assert_eq!(network.census().nics, 1);
    let next = network.attach(terms(1, &["sort"])).unwrap();
    assert_eq!(lookup.await.unwrap().map(|ips| ips.len()), Ok(2));
    for ended in [connect.await, sibling.await, by_name.await] {
        assert!(ended.unwrap().is_err());
    }
    drop(next);
}

#[tokio::test(start_paused = true)]
async fn an_accept_beyond_the_limit_resets_who_waited() {
    let (network, _world) = network();
    let other = network.attach(terms(2, &[])).unwrap();
    let own = network.attach(terms(1, &[])).unwrap();
    let mut listener = listen(&own, "0.0.0.0:7", 8);
    let near = other.connect(None, at("10.77.0.1:7")).await.unwrap();
    // What an adapter does that finds no place for the socket.
    drop(accept(&mut listener).await);
    assert_eq!(near.into_halves().0.read(1), Err(Ended::Reset));
    assert_eq!(network.census().pipes, 0);
}
