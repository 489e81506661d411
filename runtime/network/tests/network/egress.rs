//! What leaves the network, and how it is carried.

use sublet_network::{DenialReason, Ended, Nic, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{at, egress, network, settle, terms};

fn with_rules(
    operator: &[&str],
    job: &[&str],
) -> (
    sublet_network::Network,
    std::sync::Arc<crate::support::World>,
    Nic,
) {
    let (network, world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(operator, job);
    let nic = network.attach(terms).unwrap();
    (network, world, nic)
}

#[tokio::test(start_paused = true)]
async fn nothing_leaves_by_default_and_denials_are_told() {
    let (_network, world, nic) = with_rules(&[], &[]);
    for to in [
        "8.8.8.8:443",
        "169.254.169.254:80",
        "192.168.0.1:80",
        "[2606:4700::1]:443",
    ] {
        let refused = nic.connect(None, at(to)).await.err();
        assert!(matches!(refused, Some(Refusal::Denied(_))), "{to}");
    }
    for _ in 0..3 {
        let _again = nic.connect(None, at("8.8.8.8:443")).await.is_err();
    }
    let usage = nic.usage();
    assert_eq!(usage.denials, 7);
    let told: Vec<_> = usage
        .denied
        .iter()
        .map(|denial| (denial.target.as_str(), denial.reason))
        .collect();
    assert_eq!(
        told,
        [
            ("8.8.8.8:443", DenialReason::NotAllowed),
            ("169.254.169.254:80", DenialReason::Protected),
            ("192.168.0.1:80", DenialReason::Protected),
            ("[2606:4700::1]:443", DenialReason::NotAllowed),
        ]
    );
    assert!(world.dialled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_so_many_denials_are_kept_in_words() {
    let (_network, _world, nic) = with_rules(&[], &[]);
    for port in 1..=1_000 {
        let to = (std::net::Ipv4Addr::new(8, 8, 8, 8), port).into();
        assert!(nic.connect(None, to).await.is_err());
    }
    let usage = nic.usage();
    assert_eq!((usage.denials, usage.denied.len()), (1_000, 16));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_carried_both_ways_and_half_closed() {
    let (network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    assert_eq!(connection.peer(), at("8.8.8.8:443"));
    assert_eq!(connection.local().ip(), nic.addresses().v4);
    let (mut near, mut far) = (connection.into_stream(), world.far_end());
    let up: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let send = async {
        near.write_all(&up).await.unwrap();
        near.shutdown().await.unwrap();
        let mut down = Vec::new();
        near.read_to_end(&mut down).await.unwrap();
        down
    };
    let serve = async {
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        far.write_all(&got[..200_000]).await.unwrap();
        drop(far);
        got
    };
    let (down, got) = tokio::join!(send, serve);
    assert!(got == up && down == up[..200_000]);
    let usage = nic.usage();
    assert_eq!(
        (
            usage.bytes_sent,
            usage.bytes_received,
            usage.connections_out
        ),
        (300_000, 200_000, 1)
    );
    drop(near);
    settle().await;
    assert_eq!((network.census().pipes, nic.in_use().1), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_breaks_resets_the_connection() {
    let (_network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    let (mut source, mut sink) = connection.into_halves();
    drop(world.far_end());
    settle().await;
    assert_eq!(source.read(1), Err(Ended::Closed), "its data ended");
    sink.write(bytes::Bytes::from_static(b"x")).unwrap();
    settle().await;
    assert_eq!(sink.room(), Err(Ended::Reset), "and it takes no more");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_goes_ends_its_carrier_after_what_is_queued() {
    let (network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    let (source, mut sink) = connection.into_halves();
    let sent = crate::support::fill(&mut sink, 5_000);
    drop((source, sink));
    let mut far = world.far_end();
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), sent);
    settle().await;
    assert_eq!(network.census().pipes, 0);
}

#[tokio::test(start_paused = true)]
async fn l12_a_nic_that_goes_drops_its_carriers_even_slow_ones() {
    let (network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    let (source, mut sink) = connection.into_halves();
    crate::support::fill(&mut sink, 5_000);
    settle().await;
    // The far end reads nothing: the carrier is full, and the splice waits for it.
    drop(nic);
    settle().await;
    let mut far = world.far_end();
    assert!(far.write_all(b"x").await.is_err(), "the carrier is gone");
    drop((source, sink));
    assert_eq!(network.census().pipes, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_refuses_the_guest_is_told_and_a_dial_has_an_end() {
    let (_network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let denial = sublet_network::Denial {
        target: "8.8.8.8:443".to_owned(),
        reason: DenialReason::Protected,
    };
    for refusal in [
        Refusal::ConnectionRefused,
        Refusal::Limit,
        Refusal::Denied(denial),
    ] {
        *world.refusal.lock().unwrap() = Some(refusal.clone());
        assert_eq!(
            nic.connect(None, at("8.8.8.8:443")).await.err(),
            Some(refusal)
        );
    }
    assert_eq!((nic.usage().denials, nic.usage().connections_out), (1, 0));
    *world.silent.lock().unwrap() = true;
    let refused = nic.connect(None, at("8.8.8.8:443")).await.err();
    assert_eq!(refused, Some(Refusal::TimedOut));
    assert_eq!(nic.in_use().1, 0);
}

#[tokio::test(start_paused = true)]
async fn the_network_comes_before_the_rules() {
    let (network, world) = network();
    let mut one = terms(1, &[]);
    // A rule for a real network with the same addresses.
    one.egress = egress(&["protected:10.0.0.0/8:*"], &["10.0.0.0/8:*"]);
    let one = network.attach(one).unwrap();
    let two = network.attach(terms(2, &[])).unwrap();
    let refused = one.connect(None, at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::ConnectionRefused));
    assert!(world.dialled.lock().unwrap().is_empty());
    assert!(one.connect(None, at("10.78.0.2:80")).await.is_ok());
    drop(two);
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_for_the_world_goes_out_before_the_nic_if_it_is_waited_for() {
    let (network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    nic.drained().await;
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    let (source, mut sink) = connection.into_halves();
    let sent = crate::support::fill(&mut sink, 5_000);
    drop((source, sink));
    let drained = tokio::spawn(nic.drained());
    settle().await;
    assert!(!drained.is_finished() && nic.held_bytes() > 0);
    let mut far = world.far_end();
    let mut got = Vec::new();
    far.read_to_end(&mut got).await.unwrap();
    assert_eq!(got.len(), sent);
    drop(far);
    drained.await.unwrap();
    assert_eq!((network.census().pipes, nic.held_bytes()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn l12_what_was_queued_for_a_world_that_does_not_read_goes_with_the_nic() {
    let (network, world, nic) = with_rules(&["*:443"], &["8.8.8.8:443"]);
    let connection = nic.connect(None, at("8.8.8.8:443")).await.unwrap();
    let (source, mut sink) = connection.into_halves();
    crate::support::fill(&mut sink, 5_000);
    drop((source, sink));
    settle().await;
    let drained = tokio::spawn(nic.drained());
    settle().await;
    drop(nic);
    drained.await.unwrap();
    settle().await;
    assert_eq!(network.census().pipes, 0);
    drop(world);
}
