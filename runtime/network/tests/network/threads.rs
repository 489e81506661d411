//! The same from several threads at once: no wake-up is missed, and nothing hangs.

use std::time::Duration;

use bytes::Bytes;
use sublet_network::{
    Connection, Directory, Listener, Mailbox, Meter, Network, Nic, Place, Port, Sink, Source,
    Stream,
};
use tokio::time::timeout;

use crate::support::{accept, at, connected, listen, pair, read_to_end, write_all};

/// Far beyond what any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn everything_may_go_from_thread_to_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Network, Nic, Meter, Place, Port, Directory)>();
    check::<(Connection, Source, Sink, Stream, Listener, Mailbox)>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_flow_between_threads_in_pieces_of_any_size() {
    let (_network, one, two) = pair();
    for piece in [1, 7, 4_000, 4_096, 65_536] {
        let (near, far) = connected(&one, &two).await;
        let (_near_source, mut sink) = near.into_halves();
        let (mut source, _far_sink) = far.into_halves();
        let total = piece.min(1_000) * 5_000;
        let writer = tokio::spawn(async move {
            let mut rest = Bytes::from(vec![3; total]);
            while !rest.is_empty() {
                let next = rest.split_to(piece.min(rest.len()));
                write_all(&mut sink, next).await.unwrap();
            }
        });
        let reader = tokio::spawn(async move { read_to_end(&mut source).await });
        let (read, _ended) = timeout(PATIENCE, reader).await.unwrap().unwrap();
        assert_eq!(read.len(), total);
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_from_another_thread_ends_every_wait() {
    for _ in 0..300 {
        let (network, one, two) = pair();
        let (near, far) = connected(&one, &two).await;
        let (_near_source, mut sink) = near.into_halves();
        let (mut source, _far_sink) = far.into_halves();
        let writer = tokio::spawn(async move {
            while write_all(&mut sink, Bytes::from(vec![0; 10_000]))
                .await
                .is_ok()
            {}
        });
        let reader = tokio::spawn(async move { read_to_end(&mut source).await });
        tokio::task::yield_now().await;
        let killer = tokio::spawn(async move { drop(one) });
        let all = async { tokio::join!(writer, reader, killer) };
        let (written, read, killed) = timeout(PATIENCE, all).await.unwrap();
        assert!(written.is_ok() && read.is_ok() && killed.is_ok());
        drop((two, _far_sink, _near_source));
        assert_eq!(network.census().pipes, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_at_a_backlog_of_one_gets_through() {
    let (_network, one, two) = pair();
    let mut listener = listen(&two, "0.0.0.0:80", 1);
    let storm: Vec<_> = (0..200)
        .map(|_| tokio::spawn(one.connect(None, at("10.77.0.2:80"))))
        .collect();
    let accepting = tokio::spawn(async move {
        for _ in 0..200 {
            drop(accept(&mut listener).await);
        }
    });
    timeout(PATIENCE, accepting).await.unwrap().unwrap();
    for connect in storm {
        assert!(connect.await.unwrap().is_ok());
    }
}
