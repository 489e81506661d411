//! What streams and datagrams do at their borders.

use std::net::SocketAddr;

use bytes::Bytes;
use sublet_network::{Connection, Family, Nic, Protocol};
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError};

use super::{ME, at, nic};
use crate::sockets::bindings::wasi::sockets::udp::OutgoingDatagram;
use crate::sockets::datagrams::{Incoming, Outgoing};
use crate::sockets::streams::{Directions, Reader, Writer, streams};
use crate::sockets::udp::Udp;

struct End {
    reader: Reader,
    writer: Writer,
    directions: Directions,
}

/// Both ends of one connection.
async fn connected(nic: &Nic) -> (End, End) {
    let to = SocketAddr::from((ME, 80));
    let port = nic.bind(Protocol::Tcp, to).unwrap();
    let mut listener = nic.listen(port, 8).unwrap();
    let here = nic.connect(None, to).await.unwrap();
    let there = listener.accept().unwrap();
    (end(here), end(there))
}

fn end(connection: Connection) -> End {
    let (source, sink) = connection.into_halves();
    let (reader, writer, directions) = streams(source, sink);
    End {
        reader,
        writer,
        directions,
    }
}

/// Writes until nothing more goes in.
fn fill(writer: &mut Writer) {
    while let room @ 1.. = writer.check_write().unwrap() {
        writer.write(Bytes::from(vec![7; room])).unwrap();
    }
}

fn word<T>(result: Result<T, StreamError>) -> &'static str {
    match result.map(drop) {
        Ok(()) => "ok",
        Err(StreamError::Closed) => "closed",
        Err(StreamError::LastOperationFailed(_)) => "failed",
        Err(StreamError::Trap(_)) => "trap",
    }
}

#[tokio::test]
async fn a_write_beyond_its_permit_traps() {
    let nic = nic();
    let (mut here, _there) = connected(&nic).await;
    assert_eq!(word(here.writer.write(Bytes::from("x"))), "trap");
    let room = here.writer.check_write().unwrap();
    assert_eq!(word(here.writer.write(vec![0; room + 1].into())), "trap");
    let room = here.writer.check_write().unwrap();
    assert_eq!(word(here.writer.write(vec![0; room].into())), "ok");
    assert_eq!(word(here.writer.write(Bytes::from("x"))), "trap");
}

#[tokio::test]
async fn the_end_comes_after_what_was_written_and_is_told_to_every_read() {
    let nic = nic();
    let (mut here, mut there) = connected(&nic).await;
    here.writer
        .blocking_write_and_flush(Bytes::from("last"))
        .await
        .unwrap();
    here.directions.shut_sending();
    here.directions.shut_sending();
    assert_eq!(word(here.writer.check_write()), "closed");
    there.reader.ready().await;
    assert_eq!(there.reader.read(100).unwrap(), "last");
    there.reader.ready().await;
    assert_eq!(word(there.reader.read(0)), "closed");
    assert_eq!(word(there.reader.read(1)), "closed");
    // The other direction is as open as before.
    assert_eq!(word(there.writer.check_write()), "ok");
}

#[tokio::test]
async fn who_wants_no_more_discards_and_does_not_hold_the_other_back() {
    let nic = nic();
    let (here, mut there) = connected(&nic).await;
    fill(&mut there.writer);
    here.directions.shut_receiving();
    there.writer.ready().await;
    fill_a_bit(&mut there.writer);
    let mut reader = here.reader;
    assert_eq!(word(reader.read(1)), "closed");
    reader.ready().await;
}

fn fill_a_bit(writer: &mut Writer) {
    for _ in 0..20 {
        let room = writer.check_write().unwrap();
        assert!(room > 0, "what nobody reads takes no room");
        writer.write(vec![7; room].into()).unwrap();
    }
}

#[tokio::test]
async fn a_flush_does_not_wait_for_the_reader() {
    let nic = nic();
    let (mut here, mut there) = connected(&nic).await;
    fill(&mut here.writer);
    // As the two halves of `blocking-flush`.
    here.writer.flush().unwrap();
    assert_eq!(here.writer.write_ready().await.unwrap(), 0);
    // A wait for room is another thing: it goes on until the reader has made some.
    let waiting = async {
        let room = here.writer.write_ready().await.unwrap();
        assert!(room > 0);
    };
    let reading = async {
        while !there
            .reader
            .blocking_read(1 << 20)
            .await
            .unwrap()
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = waiting => {}
        () = reading => unreachable!("the reader waits for more"),
    }
}

#[tokio::test]
async fn a_reset_is_told_once_and_then_the_stream_is_closed() {
    let nic = nic();
    let (mut here, there) = connected(&nic).await;
    nic.release();
    assert_eq!(word(here.reader.read(1)), "failed");
    assert_eq!(word(here.reader.read(1)), "closed");
    assert_eq!(word(here.writer.check_write()), "failed");
    assert_eq!(word(here.writer.check_write()), "closed");
    here.reader.ready().await;
    here.writer.ready().await;
    drop(there);
}

#[tokio::test]
async fn a_dropped_writer_is_the_end_and_a_dropped_reader_is_not() {
    let nic = nic();
    let (here, mut there) = connected(&nic).await;
    drop(here.reader);
    assert_eq!(word(there.writer.check_write()), "ok");
    drop(here.writer);
    there.reader.ready().await;
    assert_eq!(word(there.reader.read(1)), "closed");
    assert_eq!(word(there.writer.check_write()), "closed");
}

fn mailbox(nic: &Nic, port: u16) -> Udp {
    let mut socket = Udp::new(Family::V4, nic.place().unwrap());
    socket.start_bind(nic, at(port)).unwrap();
    socket.finish_bind().unwrap();
    socket
}

fn datagram(text: &str, to: Option<u16>) -> OutgoingDatagram {
    OutgoingDatagram {
        data: text.as_bytes().to_vec(),
        remote_address: to.map(at),
    }
}

fn texts(incoming: &mut Incoming, max: usize) -> Vec<String> {
    let received = incoming.receive(max).unwrap();
    received
        .into_iter()
        .map(|datagram| String::from_utf8(datagram.data).unwrap())
        .collect()
}

#[tokio::test]
async fn a_datagram_goes_where_its_socket_or_itself_says() {
    let nic = nic();
    let (one, two) = (mailbox(&nic, 1), mailbox(&nic, 2));
    let (mut incoming, _outgoing) = two.streams(None).unwrap();
    let send = |outgoing: &Outgoing, datagram| {
        outgoing
            .send(vec![datagram])
            .map_err(|code| format!("{code:?}"))
    };
    let (_, to_all) = one.streams(None).unwrap();
    assert_eq!(send(&to_all, datagram("named", Some(2))), Ok(1));
    assert!(send(&to_all, datagram("to nobody", None)).is_err());
    let (_, to_two) = one.streams(Some(at(2))).unwrap();
    assert_eq!(send(&to_two, datagram("implied", None)), Ok(1));
    assert_eq!(send(&to_two, datagram("the same", Some(2))), Ok(1));
    assert!(send(&to_two, datagram("another", Some(3))).is_err());
    incoming.ready().await;
    assert_eq!(texts(&mut incoming, 2), ["named", "implied"]);
    assert_eq!(texts(&mut incoming, 2), ["the same"]);
    assert!(texts(&mut incoming, 2).is_empty());
    assert!(texts(&mut incoming, 0).is_empty());
}

#[tokio::test]
async fn an_error_behind_a_datagram_that_was_sent_is_not_told() {
    let nic = nic();
    let (one, _two) = (mailbox(&nic, 1), mailbox(&nic, 2));
    let (_, outgoing) = one.streams(None).unwrap();
    let good_first = vec![datagram("good", Some(2)), datagram("bad", None)];
    assert_eq!(outgoing.send(good_first).unwrap(), 1);
    let bad_first = vec![datagram("bad", None), datagram("good", Some(2))];
    assert!(matches!(
        outgoing.send(bad_first),
        Err(ErrorCode::InvalidArgument)
    ));
}
