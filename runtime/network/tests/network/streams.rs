//! Bytes through a connection, and its ends.

use std::future::poll_fn;

use bytes::Bytes;
use sublet_network::Ended;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    WINDOW_BYTES, at, connected, fill, is_ready, listen, pair, read_to_end, write_all,
};

#[tokio::test(start_paused = true)]
async fn bytes_arrive_in_order_and_end() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (_near_source, mut near_sink) = near.into_halves();
    let (mut far_source, _far_sink) = far.into_halves();
    let sent: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let bytes = Bytes::from(sent.clone());
    let write = async move {
        for piece in [1, 4_095, 4_096, 70_000] {
            let mut rest = bytes.slice(..piece * 3);
            while !rest.is_empty() {
                write_all(&mut near_sink, rest.split_to(piece))
                    .await
                    .unwrap();
            }
        }
        write_all(&mut near_sink, bytes).await.unwrap();
    };
    let ((), (received, ended)) = tokio::join!(write, read_to_end(&mut far_source));
    let mut expected = Vec::new();
    for piece in [1, 4_095, 4_096, 70_000] {
        expected.extend_from_slice(&sent[..piece * 3]);
    }
    expected.extend_from_slice(&sent);
    assert!(received == expected && ended == Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_direction_may_end_before_the_other() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (mut near_source, mut near_sink) = near.into_halves();
    let (mut far_source, mut far_sink) = far.into_halves();
    near_sink.write(Bytes::from_static(b"question")).unwrap();
    near_sink.close();
    assert_eq!(near_sink.room(), Err(Ended::Closed));
    assert_eq!(
        near_sink.write(Bytes::from_static(b"x")),
        Err(Ended::Closed)
    );
    assert_eq!(
        read_to_end(&mut far_source).await,
        (b"question".to_vec(), Ended::Closed)
    );
    far_sink.write(Bytes::from_static(b"answer")).unwrap();
    drop(far_sink);
    assert_eq!(
        read_to_end(&mut near_source).await,
        (b"answer".to_vec(), Ended::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_of_nothing_tells_of_the_end() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (mut near_source, _near_sink) = near.into_halves();
    let (_far_source, mut far_sink) = far.into_halves();
    assert_eq!(near_source.read(0), Ok(Bytes::new()));
    far_sink.write(Bytes::from_static(b"ab")).unwrap();
    far_sink.close();
    assert_eq!(near_source.read(0), Ok(Bytes::new()));
    assert_eq!(near_source.read(1).unwrap().as_ref(), b"a");
    assert_eq!(near_source.read(9).unwrap().as_ref(), b"b");
    assert_eq!(near_source.read(0), Err(Ended::Closed));
    assert_eq!(near_source.read(9), Err(Ended::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_wants_no_more_discards_until_its_socket_is_gone() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (_near_source, mut near_sink) = near.into_halves();
    let (mut far_source, far_sink) = far.into_halves();
    fill(&mut near_sink, 8_000);
    far_source.close();
    assert_eq!(far_source.read(1), Err(Ended::Closed));
    for _ in 0..10 {
        let room = near_sink.room().unwrap();
        near_sink.write(Bytes::from(vec![0; room])).unwrap();
    }
    drop(far_source);
    assert!(near_sink.room().is_ok(), "the socket is still there");
    drop(far_sink);
    assert_eq!(near_sink.room(), Err(Ended::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_writer_wakes_when_a_quarter_of_the_window_is_free() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (_near_source, mut near_sink) = near.into_halves();
    let (mut far_source, _far_sink) = far.into_halves();
    fill(&mut near_sink, 4_096);
    let mut read = 0;
    while near_sink.room() == Ok(0) {
        assert!(!is_ready(|cx| near_sink.poll_writable(cx)).await);
        read += far_source.read(512).unwrap().len();
    }
    assert!(is_ready(|cx| near_sink.poll_writable(cx)).await);
    assert!(
        (WINDOW_BYTES / 4 - 1_024..=WINDOW_BYTES / 4).contains(&read),
        "{read}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_data_by_room_by_the_end_and_by_a_reset() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (mut near_source, mut near_sink) = near.into_halves();
    let (mut far_source, mut far_sink) = far.into_halves();
    fill(&mut near_sink, 60_000);
    let reader = tokio::spawn(async move {
        poll_fn(|cx| near_source.poll_readable(cx)).await;
        near_source.read(10)
    });
    let writer = tokio::spawn(async move {
        poll_fn(|cx| near_sink.poll_writable(cx)).await;
        let first = near_sink.room();
        fill(&mut near_sink, 60_000);
        poll_fn(|cx| near_sink.poll_writable(cx)).await;
        (first, near_sink.room())
    });
    crate::support::settle().await;
    assert!(!reader.is_finished() && !writer.is_finished());
    far_sink.write(Bytes::from_static(b"now")).unwrap();
    while !far_source.read(60_000).unwrap().is_empty() {}
    assert_eq!(reader.await.unwrap().unwrap().as_ref(), b"now");
    crate::support::settle().await;
    drop(two);
    let (first, second) = writer.await.unwrap();
    assert!(first.unwrap() > 0);
    assert_eq!(second, Err(Ended::Reset));
}

#[tokio::test(start_paused = true)]
async fn a_connection_dropped_whole_is_reset_and_never_an_ordinary_end() {
    let (_network, one, two) = pair();
    let (near, far) = connected(&one, &two).await;
    let (mut source, mut sink) = near.into_halves();
    drop(far);
    assert_eq!(source.read(1), Err(Ended::Reset));
    assert_eq!(sink.room(), Err(Ended::Reset));
}

#[tokio::test(start_paused = true)]
async fn a_connection_to_oneself_works() {
    let (_network, one, _two) = pair();
    let (near, far) = connected(&one, &one).await;
    let (mut near, mut far) = (near.into_stream(), far.into_stream());
    near.write_all(b"to myself").await.unwrap();
    near.shutdown().await.unwrap();
    let mut text = String::new();
    far.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "to myself");
}

#[tokio::test(start_paused = true)]
async fn both_ends_see_virtual_addresses() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    let near = one.connect(None, at("10.77.0.2:80")).await.unwrap();
    let far = listener.accept().unwrap();
    assert_eq!(
        (near.peer(), far.local()),
        (at("10.77.0.2:80"), at("10.77.0.2:80"))
    );
    assert_eq!(near.local(), far.peer());
    assert_eq!(near.local().ip(), one.addresses().v4);
    assert!(near.local().port() >= 32_768);
    assert_eq!(listener.local(), at("0.0.0.0:80"));

    let mut listener = listen(&two, "[::]:80", 8);
    let near = one.connect(None, at("[fd77::2]:80")).await.unwrap();
    assert_eq!(listener.accept().unwrap().peer(), near.local());
    assert_eq!(near.local().ip(), one.addresses().v6);
}
