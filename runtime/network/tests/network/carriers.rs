//! How the end of a connection and the end of its carrier tell of each other.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use sublet_network::{Connection, Ended, Listener, Network, Nic};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;

use crate::support::{accept, at, is_ready, listen, network, settle, terms};

/// A carrier that brings what the test says, takes everything, and notes how it ends.
struct Noted {
    arriving: mpsc::UnboundedReceiver<io::Result<Bytes>>,
    notes: Notes,
}

type Notes = Arc<Mutex<Vec<&'static str>>>;

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let next = ready!(self.arriving.poll_recv(cx));
        Poll::Ready(next.transpose().map(|bytes| {
            buffer.put_slice(&bytes.unwrap_or_default());
        }))
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.notes.lock().unwrap().push("shut down");
        Poll::Ready(Ok(()))
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.notes.lock().unwrap().push("dropped");
    }
}

/// A nic with a listener at which such a carrier waits.
struct Scene {
    _network: Network,
    nic: Nic,
    listener: Listener,
    sending: mpsc::UnboundedSender<io::Result<Bytes>>,
    notes: Notes,
}

fn scene() -> Scene {
    let (network, _world) = network();
    let nic = network.attach(terms(1, &[])).unwrap();
    let listener = listen(&nic, "0.0.0.0:80", 8);
    let (sending, arriving) = mpsc::unbounded_channel();
    let notes = Notes::default();
    let carrier = Noted {
        arriving,
        notes: Arc::clone(&notes),
    };
    let (to, from) = (at("10.77.0.1:80"), at("192.0.2.7:999"));
    network.deliver(to, from, Box::new(carrier)).unwrap();
    Scene {
        _network: network,
        nic,
        listener,
        sending,
        notes,
    }
}

/// What becomes of a carrier when `end` is done to its connection.
async fn ending(end: impl FnOnce(&Nic, Connection)) -> Vec<&'static str> {
    let mut scene = scene();
    let connection = accept(&mut scene.listener).await;
    settle().await;
    end(&scene.nic, connection);
    settle().await;
    let notes = scene.notes.lock().unwrap();
    notes.clone()
}

#[tokio::test(start_paused = true)]
async fn a_carrier_is_shut_down_in_good_order_and_only_dropped_at_a_reset() {
    let gone = ending(|_nic, connection| drop(connection.into_halves())).await;
    assert_eq!(gone, ["shut down", "dropped"]);
    let reset = ending(|_nic, connection| drop(connection)).await;
    assert_eq!(reset, ["dropped"]);
    let written = Bytes::from_static(b"half an answer");
    let killed = ending(|nic, connection| {
        let (_source, mut sink) = connection.into_halves();
        sink.write(written).unwrap();
        nic.release();
    });
    assert_eq!(killed.await, ["dropped"]);
}

#[tokio::test(start_paused = true)]
async fn data_that_ended_before_a_reset_ended_in_good_order() {
    let mut scene = scene();
    let (_source, mut sink) = accept(&mut scene.listener).await.into_halves();
    sink.close();
    settle().await;
    assert_eq!(*scene.notes.lock().unwrap(), ["shut down"]);
    scene.nic.release();
    settle().await;
    assert_eq!(*scene.notes.lock().unwrap(), ["shut down", "dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_nobody_accepts_is_only_dropped() {
    let scene = scene();
    drop(scene.listener);
    assert_eq!(*scene.notes.lock().unwrap(), ["dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_whose_read_fails_resets_and_does_not_end() {
    for kind in [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ] {
        let mut scene = scene();
        let (mut source, mut sink) = accept(&mut scene.listener).await.into_halves();
        let half = Ok(Bytes::from_static(b"half an answer"));
        scene.sending.send(half).unwrap();
        settle().await;
        assert_eq!(source.read(4).as_deref(), Ok(b"half".as_slice()), "{kind}");
        scene.sending.send(Err(kind.into())).unwrap();
        settle().await;
        assert_eq!(source.read(100), Err(Ended::Reset), "{kind}");
        assert_eq!(sink.room(), Err(Ended::Reset), "{kind}");
        assert_eq!(*scene.notes.lock().unwrap(), ["dropped"], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_asked_and_waits_for_the_answer_sees_the_reset_too() {
    let mut scene = scene();
    let (mut source, mut sink) = accept(&mut scene.listener).await.into_halves();
    sink.write(Bytes::from_static(b"a question")).unwrap();
    sink.close();
    settle().await;
    assert!(!is_ready(|cx| source.poll_readable(cx)).await);
    let broken = io::ErrorKind::ConnectionReset.into();
    scene.sending.send(Err(broken)).unwrap();
    settle().await;
    assert!(is_ready(|cx| source.poll_readable(cx)).await);
    assert_eq!(source.read(100), Err(Ended::Reset));
}
