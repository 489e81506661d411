//! Guests that want more than their share: memory stays below what is known at admission.

use bytes::Bytes;
use sublet_network::{Ended, LookupError, Mailbox};

use crate::support::{
    WINDOW_BYTES, at, connected, egress, fill, listen, mailbox, network, pair, receive, settle,
    terms, write_all,
};

#[tokio::test(start_paused = true)]
async fn a_slow_reader_costs_one_window_whatever_is_written() {
    let (_network, one, two) = pair();
    for piece in [1, 100, 4_095, 4_096, 65_536] {
        let (near, far) = connected(&one, &two).await;
        let (_source, mut sink) = near.into_halves();
        let written = fill(&mut sink, piece);
        let held = one.held_bytes();
        assert!(held <= WINDOW_BYTES, "{held} bytes for pieces of {piece}");
        assert!(
            written >= WINDOW_BYTES / 2,
            "{written} bytes in pieces of {piece}"
        );
        assert_eq!(two.held_bytes(), held);
        drop(far);
        assert_eq!(
            (one.held_bytes(), two.held_bytes()),
            (0, 0),
            "a reset frees what waits"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn single_bytes_between_large_writes_are_charged_for_their_chunks() {
    let (_network, one, two) = pair();
    let (near, _far) = connected(&one, &two).await;
    let (_source, mut sink) = near.into_halves();
    let mut chunks = 0;
    while sink.room().unwrap() >= 4_096 {
        sink.write(Bytes::from(vec![0; 4_096])).unwrap();
        if sink.room().unwrap() > 0 {
            sink.write(Bytes::from_static(b"x")).unwrap();
        }
        chunks += 1;
    }
    assert!(chunks <= WINDOW_BYTES / (4_097 + 256) + 1);
    assert!(one.held_bytes() <= WINDOW_BYTES);
}

#[tokio::test(start_paused = true)]
async fn who_writes_more_than_there_is_room_for_is_reset() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (_source, mut sink) = near.into_halves();
    let room = sink.room().unwrap();
    assert_eq!(
        sink.write(Bytes::from(vec![0; room + 1])),
        Err(Ended::Reset)
    );
    assert_eq!(far.into_halves().0.read(1), Err(Ended::Reset));
    assert_eq!(one.held_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn floods_of_datagrams_fill_one_queue_and_the_rest_is_counted() {
    let (_network, one, two) = pair();
    let mut flood = mailbox(&one, "0.0.0.0:0");
    for payload in [0, 1, 1_000, 65_507] {
        let mut far = mailbox(&two, "0.0.0.0:53");
        let before = two.usage().datagrams_dropped;
        for _ in 0..10_000 {
            flood
                .send(at("10.77.0.2:53"), Bytes::from(vec![0; payload]))
                .unwrap();
        }
        assert!(two.held_bytes() <= 256 * 1024, "{} bytes", two.held_bytes());
        let dropped = two.usage().datagrams_dropped - before;
        let mut received = 0;
        while far.receive().unwrap().is_some() {
            received += 1;
        }
        assert_eq!(received + dropped, 10_000);
        assert_eq!(
            received,
            256 * 1024 / (u64::try_from(payload).unwrap() + 128)
        );
    }
    assert_eq!(two.held_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flood_at_one_port_leaves_the_others_alone() {
    let (_network, one, two) = pair();
    let mut flood = mailbox(&one, "0.0.0.0:0");
    let _full = mailbox(&two, "0.0.0.0:53");
    let mut other = mailbox(&two, "0.0.0.0:54");
    for _ in 0..10_000 {
        flood
            .send(at("10.77.0.2:53"), Bytes::from(vec![0; 100]))
            .unwrap();
    }
    flood
        .send(at("10.77.0.2:54"), Bytes::from_static(b"through"))
        .unwrap();
    assert_eq!(receive(&mut other).await.1, "through");
}

#[tokio::test(start_paused = true)]
async fn connections_that_nobody_accepts_cost_what_their_dialler_wrote() {
    let (network, one, two) = pair();
    let _listener = listen(&two, "0.0.0.0:80", 50);
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let (_source, mut sink) = one
            .connect(None, at("10.77.0.2:80"))
            .await
            .unwrap()
            .into_halves();
        fill(&mut sink, 8_192);
        waiting.push((_source, sink));
    }
    assert!(one.held_bytes() <= 50 * WINDOW_BYTES);
    drop(one);
    assert_eq!(two.held_bytes(), 0);
    drop(waiting);
    assert_eq!(
        network.census().pipes,
        100,
        "until they are accepted or their listener goes"
    );
    drop(two);
    assert_eq!(network.census().pipes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_names_are_kept_and_no_more() {
    let (network, _world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:*"], &["*.example.org:443"]);
    let one = network.attach(terms).unwrap();
    for number in 0..1_024 {
        assert!(one.resolve(&format!("{number}a.example.org")).await.is_ok());
    }
    let one_more = one.resolve("another.example.org").await;
    assert_eq!(one_more, Err(LookupError::Temporary));
    assert!(one.resolve("7a.example.org").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn datagrams_to_a_world_that_does_not_take_them_are_bounded() {
    let (network, world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:*"], &["*:*"]);
    let one = network.attach(terms).unwrap();
    let mut near: Mailbox = mailbox(&one, "0.0.0.0:0");
    for _ in 0..1_000 {
        near.send(at("8.8.8.8:53"), Bytes::from(vec![0; 10_000]))
            .unwrap();
    }
    assert!(one.held_bytes() <= 256 * 1024);
    settle().await;
    assert_eq!(world.dialled.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_does_not_read_does_not_slow_others() {
    let (_network, one, two) = pair();
    let (stuck, _unread) = connected(&one, &two).await;
    let (_stuck_source, mut stuck) = stuck.into_halves();
    fill(&mut stuck, 65_536);
    let (near, far) = connected(&one, &two).await;
    let (_source, mut sink) = near.into_halves();
    let (mut source, _sink) = far.into_halves();
    let write = async move {
        write_all(&mut sink, Bytes::from(vec![0; 1_000_000]))
            .await
            .unwrap();
    };
    let ((), (read, _)) = tokio::join!(write, crate::support::read_to_end(&mut source));
    assert_eq!(read.len(), 1_000_000);
    assert_eq!(stuck.room(), Ok(0));
}
