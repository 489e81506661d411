//! Who reaches whom, and what happens where nobody is.

use std::time::Duration;

use sublet_network::{Ended, Protocol, Refusal};
use tokio::time::Instant;

use crate::support::{accept, addresses, at, is_ready, listen, network, pair, settle, terms};

#[tokio::test(start_paused = true)]
async fn localhost_is_this_instance_alone() {
    let (_network, one, two) = pair();
    let mut own = listen(&two, "127.0.0.1:80", 8);
    for (to, from) in [("127.0.0.1:80", "127.0.0.1"), ("0.0.0.0:80", "127.0.0.1")] {
        let connection = two.connect(None, at(to)).await.unwrap();
        assert_eq!(connection.local().ip().to_string(), from);
        assert!(own.accept().is_some());
    }
    for to in ["127.0.0.1:80", "0.0.0.0:80", "10.77.0.2:80", "127.0.0.2:80"] {
        let refused = one.connect(None, at(to)).await.err();
        assert_eq!(refused, Some(Refusal::ConnectionRefused), "{to}");
    }
    let mut six = listen(&two, "[::1]:80", 8);
    assert!(two.connect(None, at("[::1]:80")).await.is_ok());
    assert!(two.connect(None, at("[::]:80")).await.is_ok());
    assert!(one.connect(None, at("[::1]:80")).await.is_err());
    assert!(six.accept().is_some() && own.accept().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_exact_address_comes_before_any_address() {
    let (_network, one, two) = pair();
    let mut exact = listen(&two, "10.77.0.2:80", 8);
    let mut loopback = listen(&two, "127.0.0.1:80", 8);
    let _near = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    assert!(exact.accept().is_some() && loopback.accept().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    let (network, one, two) = pair();
    for to in [
        "10.77.0.2:0",
        "[::ffff:10.77.0.2]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        let refused = one.connect(None, at(to)).await.err();
        assert_eq!(refused, Some(Refusal::InvalidArgument), "{to}");
    }
    let tcp = |nic: &sublet_network::Nic, at: &str| nic.bind(Protocol::Tcp, crate::support::at(at));
    let six = tcp(&one, "[::]:0").unwrap();
    let refused = one.connect(Some(six), at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::InvalidArgument));
    let udp = one.bind(Protocol::Udp, at("0.0.0.0:0")).unwrap();
    let refused = one.connect(Some(udp), at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::InvalidArgument));
    let of_two = tcp(&two, "0.0.0.0:5").unwrap();
    assert_eq!(one.listen(of_two, 8).err(), Some(Refusal::InvalidArgument));
    let loopback = tcp(&one, "127.0.0.1:0").unwrap();
    let refused = one.connect(Some(loopback), at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::Unreachable));
    assert_eq!(network.census().pipes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_bound_port_is_where_the_connection_comes_from() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    let port = one.bind(Protocol::Tcp, at("0.0.0.0:4000")).unwrap();
    let near = one.connect(Some(port), at("10.77.0.2:80")).await.unwrap();
    assert_eq!(near.local(), at("10.77.0.1:4000"));
    assert_eq!(listener.accept().unwrap().peer(), at("10.77.0.1:4000"));
    let taken = one.bind(Protocol::Tcp, at("0.0.0.0:4000")).err();
    assert_eq!(taken, Some(Refusal::AddressInUse));
    drop(near);
    assert!(one.bind(Protocol::Tcp, at("0.0.0.0:4000")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_full_backlog_makes_a_connect_wait_and_room_lets_it_in() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 1);
    let _first = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let second = tokio::spawn(one.connect(None, at("10.77.0.2:80")));
    settle().await;
    assert!(!second.is_finished());
    let _accepted = accept(&mut listener).await;
    assert!(second.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_is_never_polled_again_keeps_nobody_from_a_full_backlog() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 1);
    let _first = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    // Its guest began to connect, waits first of all, and does something else from then on.
    let mut idle = one.connect(None, at("10.77.0.2:80"));
    assert!(!is_ready(|cx| idle.as_mut().poll(cx).map(drop)).await);
    let waiting = tokio::spawn(one.connect(None, at("10.77.0.2:80")));
    settle().await;
    let begin = Instant::now();
    let _accepted = accept(&mut listener).await;
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(begin.elapsed(), Duration::ZERO);
    // It has lost its turn, but not its call.
    let _accepted = accept(&mut listener).await;
    assert!(idle.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_at_a_full_backlog_get_in_as_others_are_accepted() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 2);
    let waiting: Vec<_> = (0..50)
        .map(|_| tokio::spawn(one.connect(None, at("10.77.0.2:80"))))
        .collect();
    settle().await;
    let begin = Instant::now();
    let mut accepted = Vec::new();
    while accepted.len() < 50 {
        accepted.push(accept(&mut listener).await);
    }
    for connect in waiting {
        assert!(connect.await.unwrap().is_ok());
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_full_backlog_makes_a_connect_wait_twenty_seconds_at_most() {
    let (_network, one, two) = pair();
    let _listener = listen(&two, "0.0.0.0:80", 0);
    let _first = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let begin = Instant::now();
    let refused = one.connect(None, at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::TimedOut));
    let waited = begin.elapsed();
    assert!(
        waited.abs_diff(Duration::from_secs(20)) < Duration::from_millis(10),
        "{waited:?}"
    );
    // The port that it would have used is free again.
    assert_eq!(one.in_use().1, 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_at_a_backlog_learns_that_nobody_listens_any_more() {
    let (_network, one, two) = pair();
    let listener = listen(&two, "0.0.0.0:80", 1);
    let first = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let waiting = one.connect(None, at("10.77.0.2:80"));
    let second = tokio::spawn(waiting);
    settle().await;
    drop(listener);
    assert_eq!(
        second.await.unwrap().err(),
        Some(Refusal::ConnectionRefused)
    );
    assert_eq!(first.into_halves().0.read(1), Err(Ended::Reset));
    let refused = one.connect(None, at("10.77.0.2:80")).await.err();
    assert_eq!(refused, Some(Refusal::ConnectionRefused));
}

#[tokio::test(start_paused = true)]
async fn a_backlog_holds_at_most_4096() {
    let (network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", usize::MAX);
    let mut waiting = Vec::new();
    for _ in 0..4_096 {
        waiting.push(one.connect(None, at("10.77.0.2:80")).await.unwrap());
    }
    let one_more = tokio::spawn(one.connect(None, at("10.77.0.2:80")));
    settle().await;
    assert!(!one_more.is_finished());
    assert_eq!(network.census().pipes, 2 * 4_096);
    assert!(listener.accept().is_some());
    assert!(one_more.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_address_of_the_network_that_is_not_here_is_a_sibling() {
    let (network, world) = network();
    let one = network.attach(terms(1, &[])).unwrap();
    let connection = one.connect(None, at("10.77.9.9:80")).await.unwrap();
    assert_eq!(connection.peer(), at("10.77.9.9:80"));
    assert_eq!(
        *world.dialled.lock().unwrap(),
        [(1, "10.77.9.9:80".to_owned())]
    );
    // Everybody, and many, are nobody.
    for to in [
        "10.77.255.255:80",
        "255.255.255.255:80",
        "224.0.0.1:80",
        "[ff02::1]:80",
    ] {
        let refused = one.connect(None, at(to)).await.err();
        assert!(matches!(refused, Some(Refusal::Denied(_))), "{to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivered_connection_reaches_the_listener() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (network, one, _two) = pair();
    let mut listener = listen(&one, "0.0.0.0:80", 1);
    let (carrier, mut far) = tokio::io::duplex(1_000);
    let (from, to) = (at("192.0.2.7:999"), at("10.77.0.1:80"));
    network.deliver(to, from, Box::new(carrier)).unwrap();
    far.write_all(b"hello").await.unwrap();
    settle().await;
    assert_eq!(
        network.census().pipes,
        0,
        "it costs no window before it is accepted"
    );
    let full = network.deliver(to, from, Box::new(tokio::io::duplex(1).0));
    assert_eq!(full, Err(Refusal::Limit));
    let accepted = accept(&mut listener).await;
    assert_eq!((accepted.local(), accepted.peer()), (to, from));
    let mut stream = accepted.into_stream();
    let mut text = [0; 5];
    stream.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
    let nobody = network.deliver(at("10.77.0.2:80"), from, Box::new(tokio::io::duplex(1).0));
    assert_eq!(nobody, Err(Refusal::ConnectionRefused));
    let nowhere = network.deliver(at("10.77.0.9:80"), from, Box::new(tokio::io::duplex(1).0));
    assert_eq!(nowhere, Err(Refusal::Unreachable));
    assert_eq!(one.usage().connections_in, 1);
    assert_eq!(addresses(1), one.addresses());
}

#[tokio::test(start_paused = true)]
async fn a_delivered_connection_that_nobody_accepts_is_dropped_with_its_listener() {
    use tokio::io::AsyncReadExt;
    let (network, one, _two) = pair();
    let listener = listen(&one, "0.0.0.0:80", 8);
    let (carrier, mut far) = tokio::io::duplex(1_000);
    let from = at("192.0.2.7:999");
    network
        .deliver(at("10.77.0.1:80"), from, Box::new(carrier))
        .unwrap();
    drop(listener);
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
}
