//! Each limit of a nic, at the limit.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use sublet_network::{Limits, Network, Nic, Refusal};
use tokio::time::Instant;

use crate::support::{
    accept, at, is_ready, limits, listen, mailbox, network, read_to_end, receive, terms, write_all,
};

fn pair_with(change: impl Fn(&mut Limits)) -> (Network, Nic, Nic) {
    let (network, _world) = network();
    let mut one = terms(1, &[]);
    change(&mut one.limits);
    let one = network.attach(one).unwrap();
    let two = network.attach(terms(2, &[])).unwrap();
    (network, one, two)
}

#[tokio::test(start_paused = true)]
async fn sockets_are_counted_and_given_back() {
    let (_network, one, _two) = pair_with(|limits| limits.sockets = 3);
    let mut places: Vec<_> = (0..3).map(|_| one.place().unwrap()).collect();
    assert_eq!(one.place().err(), Some(Refusal::Limit));
    places.pop();
    assert!(one.place().is_ok());
    assert_eq!(one.in_use().0, 2);
    drop(one);
    drop(places);
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_bytes_holds_with_its_burst() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    let near = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let (_near_source, mut sink) = near.into_halves();
    let (mut source, _far_sink) = accept(&mut listener).await.into_halves();
    let begin = Instant::now();
    let write = async move {
        write_all(&mut sink, Bytes::from(vec![0; 5_000_000]))
            .await
            .unwrap();
    };
    let ((), (read, _ended)) = tokio::join!(write, read_to_end(&mut source));
    assert_eq!(read.len(), 5_000_000);
    let taken_ms = begin.elapsed().as_millis();
    assert!((4_800..5_100).contains(&taken_ms), "{taken_ms}");
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_bytes_holds_for_what_comes_in_too() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let mut listener = listen(&one, "0.0.0.0:80", 8);
    let near = two.connect(None, at("10.77.0.1:80")).await.unwrap();
    let (_near_source, mut sink) = near.into_halves();
    let (mut source, _far_sink) = accept(&mut listener).await.into_halves();
    let begin = Instant::now();
    let write = async move {
        write_all(&mut sink, Bytes::from(vec![0; 2_000_000]))
            .await
            .unwrap();
    };
    let ((), (read, _ended)) = tokio::join!(write, read_to_end(&mut source));
    assert_eq!(read.len(), 2_000_000);
    let taken_ms = begin.elapsed().as_millis();
    assert!((1_850..2_100).contains(&taken_ms), "{taken_ms}");
}

#[tokio::test(start_paused = true)]
async fn ready_means_both_window_and_tokens_and_a_reset_ends_the_wait() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(100));
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    let near = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let (_near_source, mut sink) = near.into_halves();
    let far = accept(&mut listener).await;
    // The window is there, the tokens are not.
    let burst = sink.room().unwrap();
    sink.write(Bytes::from(vec![0; burst])).unwrap();
    let (mut source, far_sink) = far.into_halves();
    while !source.read(usize::MAX).unwrap().is_empty() {}
    sink.write(Bytes::from(vec![0; 1_000])).unwrap();
    assert_eq!(sink.room(), Ok(0));
    assert!(!is_ready(|cx| sink.poll_writable(cx)).await);
    let waiting = tokio::spawn(async move {
        let begin = Instant::now();
        poll_fn(|cx| sink.poll_writable(cx)).await;
        (sink.room(), begin.elapsed())
    });
    crate::support::settle().await;
    drop((source, far_sink));
    let (room, waited) = waiting.await.unwrap();
    assert_eq!(
        (room, waited),
        (Err(sublet_network::Ended::Closed), Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn datagrams_beyond_the_rate_are_dropped_and_counted() {
    let (_network, one, two) = pair_with(|limits| limits.datagrams_per_s = Some(100));
    let (mut near, mut far) = (mailbox(&one, "0.0.0.0:0"), mailbox(&two, "0.0.0.0:53"));
    assert_eq!(near.permit(), 10);
    for _ in 0..15 {
        near.send(at("10.77.0.2:53"), Bytes::from_static(b"x"))
            .unwrap();
    }
    let usage = one.usage();
    assert_eq!((usage.datagrams_sent, usage.datagrams_dropped), (10, 5));
    assert!(near.permit() == 0 && !is_ready(|cx| near.poll_sendable(cx)).await);
    let begin = Instant::now();
    poll_fn(|cx| near.poll_sendable(cx)).await;
    assert!(near.permit() > 0 && begin.elapsed() <= Duration::from_millis(12));
    for _ in 0..10 {
        assert_eq!(receive(&mut far).await.1, "x");
    }
    assert_eq!(far.receive(), Ok(None));
}

#[tokio::test(start_paused = true)]
async fn connects_beyond_the_rate_wait_and_are_refused_where_that_takes_too_long() {
    let (_network, one, two) = pair_with(|limits| limits.connects_per_s = Some(2));
    let _listener = listen(&two, "0.0.0.0:80", 100);
    let begin = Instant::now();
    let storm: Vec<_> = (0..100)
        .map(|_| tokio::spawn(one.connect(None, at("10.77.0.2:80"))))
        .collect();
    let mut answers = Vec::new();
    for connect in storm {
        answers.push(connect.await.unwrap().err());
    }
    let connected = answers.iter().filter(|answer| answer.is_none()).count();
    assert!((40..=42).contains(&connected), "{connected}");
    let refused = |answer: &&Option<Refusal>| **answer == Some(Refusal::ConnectionRefused);
    assert_eq!(answers.iter().filter(refused).count(), 100 - connected);
    assert!(begin.elapsed() < Duration::from_secs(21));
}

#[tokio::test(start_paused = true)]
async fn what_is_counted_is_exact() {
    let (_network, one, two) = pair_with(|_| {});
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    let near = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let (_near_source, mut sink) = near.into_halves();
    let (mut source, _far_sink) = accept(&mut listener).await.into_halves();
    sink.write(Bytes::from(vec![0; 12_345])).unwrap();
    assert_eq!(source.read(10_000).unwrap().len(), 10_000);
    let (meter, usage_two) = (one.meter(), two.usage());
    drop(one);
    let usage = meter.usage();
    assert_eq!(
        (
            usage.bytes_sent,
            usage.connections_out,
            usage.connections_in
        ),
        (12_345, 1, 0)
    );
    assert_eq!(
        (
            usage_two.bytes_received,
            usage_two.connections_out,
            usage_two.connections_in
        ),
        (10_000, 0, 1)
    );
    assert_eq!(limits().bytes_per_s, None);
}
