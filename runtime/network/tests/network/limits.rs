//! Each limit of a nic, at the limit.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use sublet_network::{Ended, Limits, Network, Nic, Refusal, Sink, Source};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, advance};

use crate::support::{
    accept, at, connected, egress, is_ready, limits, listen, mailbox, network, read_to_end,
    receive, settle, terms, write_all,
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
    assert_eq!(one.meter().without_place(), 1);
    places.pop();
    assert!(one.place().is_ok());
    assert_eq!(one.in_use().0, 2);
    drop(one);
    drop(places);
}

#[tokio::test(start_paused = true)]
async fn connections_that_leave_the_process_are_counted_and_given_back() {
    let (network, world) = network();
    let mut one = terms(1, &[]);
    one.limits.connections = 2;
    one.egress = egress(&["*:*"], &["*:*"]);
    let one = network.attach(one).unwrap();
    let two = network.attach(terms(2, &[])).unwrap();
    let _listener = listen(&two, "0.0.0.0:80", 8);
    let outside = at("8.8.8.8:443");
    let first = one.connect(None, outside).await.unwrap();
    // A peer with whom it exchanges datagrams is one of them.
    let mut near = mailbox(&one, "0.0.0.0:0");
    near.send(at("8.8.8.8:53"), Bytes::from_static(b"x"))
        .unwrap();
    let refused = one.connect(None, outside).await;
    assert_eq!(refused.err(), Some(Refusal::Limit));
    let also = near.send(at("8.8.4.4:53"), Bytes::from_static(b"x"));
    assert_eq!(also, Err(Refusal::Limit));
    assert_eq!(one.meter().without_place(), 2);
    assert_eq!(
        world.dialled.lock().unwrap().len(),
        2,
        "nothing more was dialled"
    );
    // Those who are in this process take none.
    let _inside = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    drop(first);
    settle().await;
    assert!(one.connect(None, outside).await.is_ok());
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
    settle().await;
    drop((source, far_sink));
    let (room, waited) = waiting.await.unwrap();
    assert_eq!((room, waited), (Err(Ended::Closed), Duration::ZERO));
}

/// Uses up the burst of whoever is limited: what is written is read at once.
fn use_up(sink: &mut Sink, source: &mut Source) {
    while let Ok(room @ 1..) = sink.room() {
        sink.write(Bytes::from(vec![0; room])).unwrap();
        while !source.read(usize::MAX).unwrap().is_empty() {}
    }
}

/// A loop of a guest, host calls included.
const TURN: Duration = Duration::from_micros(50);

#[tokio::test(start_paused = true)]
async fn who_writes_at_a_rate_sleeps_between_pieces_and_does_not_spin() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let (near, far) = connected(&one, &two).await;
    let (_near_source, mut sink) = near.into_halves();
    let (mut source, _far_sink) = far.into_halves();
    use_up(&mut sink, &mut source);
    // A hundredth of a second of the rate, although the bytes drip in one by one.
    for turn in 1..200_u64 {
        advance(TURN).await;
        let ready = is_ready(|cx| sink.poll_writable(cx)).await;
        assert_eq!((sink.room(), ready), (Ok(0), false), "turn {turn}");
    }
    advance(TURN).await;
    assert!(is_ready(|cx| sink.poll_writable(cx)).await);
    assert_eq!(sink.room(), Ok(10_000));
    let begin = Instant::now();
    let mut writes = 0;
    let mut written = 0;
    while written < 1_000_000 {
        poll_fn(|cx| sink.poll_writable(cx)).await;
        let room = sink.room().unwrap();
        sink.write(Bytes::from(vec![0; room])).unwrap();
        (writes, written) = (writes + 1, written + room);
        while !source.read(usize::MAX).unwrap().is_empty() {}
        advance(TURN).await;
    }
    assert!(writes <= 100, "{writes} writes");
    let taken_ms = begin.elapsed().as_millis();
    assert!((980..1_100).contains(&taken_ms), "{taken_ms}");
}

#[tokio::test(start_paused = true)]
async fn who_reads_at_a_rate_sleeps_between_pieces_and_does_not_spin() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let (near, far) = connected(&two, &one).await;
    let (_near_source, mut sink) = near.into_halves();
    let (mut source, _far_sink) = far.into_halves();
    let (mut reads, mut read) = (0, 0);
    let begin = Instant::now();
    while read < 1_100_000 {
        while let Ok(room @ 1..) = sink.room() {
            sink.write(Bytes::from(vec![0; room])).unwrap();
        }
        poll_fn(|cx| source.poll_readable(cx)).await;
        let bytes = source.read(usize::MAX).unwrap();
        assert!(!bytes.is_empty(), "ready without bytes");
        (reads, read) = (reads + 1, read + bytes.len());
        advance(TURN).await;
    }
    assert!(reads <= 250, "{reads} reads");
    let taken_ms = begin.elapsed().as_millis();
    assert!((980..1_100).contains(&taken_ms), "{taken_ms}");
}

#[tokio::test(start_paused = true)]
async fn little_waits_at_a_rate_for_its_own_bytes_alone() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let (limited, free) = connected(&one, &two).await;
    let (mut source, mut sink) = limited.into_halves();
    let (mut free_source, mut free_sink) = free.into_halves();
    use_up(&mut sink, &mut free_source);
    free_sink.write(Bytes::from_static(b"little")).unwrap();
    assert_eq!(source.read(100), Ok(Bytes::new()));
    assert!(!is_ready(|cx| source.poll_readable(cx)).await);
    advance(Duration::from_micros(5)).await;
    assert_eq!(source.read(100), Ok(Bytes::new()));
    assert_eq!(source.read(5).as_deref(), Ok(b"littl".as_slice()));
    advance(Duration::from_micros(1)).await;
    assert!(is_ready(|cx| source.poll_readable(cx)).await);
    assert_eq!(source.read(100).as_deref(), Ok(b"e".as_slice()));
    // Nor does a stream, which knows how much it writes.
    let (limited, _free) = connected(&one, &two).await;
    let mut stream = limited.into_stream();
    let begin = Instant::now();
    stream.write_all(b"little").await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(3));
}

#[tokio::test(start_paused = true)]
async fn those_who_share_a_rate_all_get_on_be_they_many_or_small() {
    let (_network, one, two) = pair_with(|limits| limits.bytes_per_s = Some(1_000_000));
    let mut writers = Vec::new();
    for piece in [1, 80, 5_000, 64_000] {
        let (near, far) = connected(&one, &two).await;
        let (mut source, _sink) = far.into_halves();
        tokio::spawn(async move { read_to_end(&mut source).await });
        writers.push(tokio::spawn(async move {
            let (_source, mut sink) = near.into_halves();
            let mut written = 0;
            while written < 100_000 {
                poll_fn(|cx| sink.poll_writable(cx)).await;
                // Another one may have been faster.
                let room = sink.room().unwrap().min(piece);
                sink.write(Bytes::from(vec![0; room])).unwrap();
                written += room;
                tokio::task::yield_now().await;
            }
        }));
    }
    let begin = Instant::now();
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(begin.elapsed() < Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn what_may_be_sent_at_a_rate_is_worth_a_turn_and_is_not_dropped() {
    let (_network, one, two) = pair_with(|limits| limits.datagrams_per_s = Some(10_000));
    let (mut near, _far) = (mailbox(&one, "0.0.0.0:0"), mailbox(&two, "0.0.0.0:53"));
    let send = |near: &mut sublet_network::Mailbox| {
        near.send(at("10.77.0.2:53"), Bytes::from_static(b"x"))
            .unwrap();
    };
    (0..1_000).for_each(|_| send(&mut near));
    advance(Duration::from_millis(6)).await;
    assert_eq!(near.permit(), 0);
    assert!(!is_ready(|cx| near.poll_sendable(cx)).await);
    poll_fn(|cx| near.poll_sendable(cx)).await;
    let permit = near.permit();
    assert_eq!(permit, 64);
    (0..permit).for_each(|_| send(&mut near));
    let usage = one.usage();
    assert_eq!((usage.datagrams_sent, usage.datagrams_dropped), (1_064, 0));
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
