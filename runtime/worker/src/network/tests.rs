use std::net::{Ipv6Addr, SocketAddr};

use bytes::Bytes;
use sublet_network::{Connection, Dialled, DialledDatagrams, Pending, Target};
use sublet_scheduler::{JobId, Limits};

use super::*;
use crate::protocol::Stdin;

const PLAN: Plan = Plan {
    v4: Ipv4Addr::new(10, 0, 0, 0),
    v4_bits: 18,
    v6: Ipv6Addr::new(0xfd53, 0, 0, 0, 0, 0, 0, 0),
    v6_bits: 64,
};

/// Whatever is dialled never answers.
struct Silence;

impl Outside for Silence {
    fn neighbours(&self, _name: &str) -> Pending<Vec<std::net::IpAddr>> {
        Box::pin(std::future::pending())
    }

    fn dial(&self, _nic: u64, _target: Target) -> Pending<Result<Dialled, Refusal>> {
        Box::pin(std::future::pending())
    }

    fn dial_datagrams(
        &self,
        _nic: u64,
        _target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        Box::pin(std::future::pending())
    }
}

/// A job whose nics may use this much.
fn definition(limits: NicLimits) -> Definition {
    Definition {
        job: JobId(1),
        public_id: "job_1".to_owned(),
        name: None,
        module: [0; 32],
        program: "main.wasm".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        limits: Limits::default(),
        grace_ms: 0,
        speaks_job: false,
        parent: None,
        labels: std::collections::BTreeMap::new(),
        task_count: 2,
        stdin: Stdin::Empty,
        mounts: Vec::new(),
        network: NetworkTerms {
            operator: vec!["*:*".to_owned()],
            allow: vec!["*:*".to_owned()],
            limits,
            ..NetworkTerms::default()
        },
    }
}

/// The nics of the first two tasks of such a job.
fn nics(limits: NicLimits) -> (Networking, Nic, Nic) {
    let networking = Networking::new(PLAN, Arc::new(Silence));
    let definition = definition(limits);
    let join = |task: u32| {
        let attempt = AttemptId {
            job: JobId(1),
            task,
            number: 1,
        };
        let last = u8::try_from(task).unwrap() + 1;
        let addresses = Addresses {
            v4: Ipv4Addr::new(10, 0, 0, last),
            v6: Ipv6Addr::new(0xfd53, 0, 0, 0, 0, 0, 0, last.into()),
        };
        networking.join(attempt, addresses, &definition).unwrap()
    };
    let (one, two) = (join(0), join(1));
    (networking, one, two)
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

async fn connected(from: &Nic, to: &Nic) -> (Connection, Connection) {
    let port = to.bind(Protocol::Tcp, at("0.0.0.0:80")).unwrap();
    let mut listener = to.listen(port, 1).unwrap();
    let near = from.connect(None, (to.addresses().v4, 80).into());
    let near = near.await.unwrap();
    (near, listener.accept().unwrap())
}

#[tokio::test]
async fn a_nic_has_as_many_sockets_as_its_job_was_told() {
    let (_networking, one, _two) = nics(NicLimits {
        sockets: 2,
        ..NicLimits::default()
    });
    let _taken = [one.place().unwrap(), one.place().unwrap()];
    assert_eq!(one.place().err(), Some(Refusal::Limit));
}

#[tokio::test]
async fn a_nic_sends_no_faster_than_its_job_was_told() {
    let (_networking, one, two) = nics(NicLimits {
        bytes_per_s: 1,
        ..NicLimits::default()
    });
    let (near, _far) = connected(&one, &two).await;
    let (_source, mut sink) = near.into_halves();
    let mut sent = 0;
    // What fits the window is three times as much.
    for piece in [60 << 10, 8 << 10, 8 << 10, 100 << 10] {
        let now = sink.room().unwrap().min(piece);
        sink.write(Bytes::from(vec![0; now])).unwrap();
        sent += now;
    }
    let burst = 64 << 10;
    assert!((burst..burst + 1_000).contains(&sent), "{sent}");
}

#[tokio::test]
async fn a_nic_loses_the_datagrams_beyond_the_rate_that_its_job_was_told_and_counts_them() {
    const SENT: u64 = 1_000;
    let lost = |datagrams_per_s| {
        let (_networking, one, _two) = nics(NicLimits {
            datagrams_per_s,
            ..NicLimits::default()
        });
        let port = one.bind(Protocol::Udp, at("0.0.0.0:0")).unwrap();
        let mut mailbox = one.mailbox(port).unwrap();
        for _ in 0..SENT {
            let sent = mailbox.send(at("10.0.0.2:53"), Bytes::from_static(b"x"));
            sent.unwrap();
        }
        let (usage, _) = usage(&one.meter());
        assert_eq!(usage.datagrams_sent + usage.datagrams_dropped, SENT);
        usage.datagrams_dropped
    };
    assert!(lost(1) > 0);
    assert_eq!(lost(NicLimits::default().datagrams_per_s), 0);
}

#[tokio::test]
async fn a_nic_has_as_many_connections_outside_as_its_job_was_told() {
    let (_networking, one, _two) = nics(NicLimits {
        connections: 1,
        ..NicLimits::default()
    });
    let first = tokio::spawn(one.connect(None, at("8.8.8.8:443")));
    tokio::task::yield_now().await;
    let refused = one.connect(None, at("8.8.8.8:443")).await;
    assert_eq!(refused.err(), Some(Refusal::Limit));
    first.abort();
}
