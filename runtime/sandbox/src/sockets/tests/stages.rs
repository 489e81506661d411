//! Every operation in every state of a socket.

use std::task::{Context, Poll, Waker};

use sublet_network::{Family, Nic};
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;

use super::{at, nic};
use crate::sockets::tcp::Tcp;
use crate::sockets::udp::Udp;

const SERVER: u16 = 80;
/// Where one connection waits, and no further one can.
const FULL: u16 = 81;
const NOBODY: u16 = 82;

fn unbound(nic: &Nic) -> Tcp {
    Tcp::new(Family::V4, nic.place().unwrap())
}

fn bound(nic: &Nic, port: u16) -> Tcp {
    let mut socket = unbound(nic);
    socket.start_bind(nic, at(port)).unwrap();
    socket.finish_bind().unwrap();
    socket
}

fn listening(nic: &Nic, port: u16, backlog: usize) -> Tcp {
    let mut socket = bound(nic, port);
    socket.set_backlog(backlog).unwrap();
    socket.start_listen(nic).unwrap();
    socket.finish_listen().unwrap();
    socket
}

fn connecting(nic: &Nic, port: u16) -> Tcp {
    let mut socket = unbound(nic);
    socket.start_connect(nic, at(port)).unwrap();
    socket
}

/// A socket in the state of that name.
fn socket(nic: &Nic, state: &str) -> Tcp {
    let mut socket = match state {
        "unbound" | "bind started" => unbound(nic),
        "bound" | "listen started" => bound(nic, 0),
        "listening" => return listening(nic, 0, 8),
        "connecting" => return connecting(nic, FULL),
        "connected" => connecting(nic, SERVER),
        "closed" => connecting(nic, NOBODY),
        _ => panic!("no such state: {state}"),
    };
    match state {
        "bind started" => socket.start_bind(nic, at(0)).unwrap(),
        "listen started" => socket.start_listen(nic).unwrap(),
        "connected" => drop(socket.finish_connect().unwrap()),
        "closed" => assert_eq!(
            short(socket.finish_connect().map(drop)),
            "connection-refused"
        ),
        _ => {}
    }
    socket
}

const OPERATIONS: [&str; 12] = [
    "start-bind",
    "finish-bind",
    "start-connect",
    "finish-connect",
    "start-listen",
    "finish-listen",
    "accept",
    "local-address",
    "remote-address",
    "shutdown",
    "set-backlog",
    "is-listening",
];

fn perform(nic: &Nic, socket: &mut Tcp, operation: &str) -> String {
    short(match operation {
        "start-bind" => socket.start_bind(nic, at(0)),
        "finish-bind" => socket.finish_bind(),
        "start-connect" => socket.start_connect(nic, at(SERVER)),
        "finish-connect" => socket.finish_connect().map(drop),
        "start-listen" => socket.start_listen(nic),
        "finish-listen" => socket.finish_listen(),
        "accept" => socket.next().map(drop),
        "local-address" => socket.local().map(drop),
        "remote-address" => socket.peer().map(drop),
        "shutdown" => socket.directions().map(|_| ()),
        "set-backlog" => socket.set_backlog(8),
        _ => return String::from(if socket.is_listening() { "yes" } else { "no" }),
    })
}

/// An error code, the frequent ones by their initials.
fn short(result: Result<(), ErrorCode>) -> String {
    match result {
        Ok(()) => String::from("ok"),
        Err(ErrorCode::InvalidState) => String::from("IS"),
        Err(ErrorCode::ConcurrencyConflict) => String::from("CC"),
        Err(ErrorCode::NotInProgress) => String::from("NIP"),
        Err(ErrorCode::WouldBlock) => String::from("WB"),
        Err(ErrorCode::NotSupported) => String::from("NS"),
        Err(other) => String::from(other.name()),
    }
}

#[tokio::test]
async fn every_operation_of_tcp_has_its_answer_in_every_state() {
    let nic = nic();
    let _server = listening(&nic, SERVER, 1_000);
    let _full = listening(&nic, FULL, 1);
    let mut first = connecting(&nic, FULL);
    drop(first.finish_connect().unwrap());
    // In the order of the operations.
    for (state, expected) in [
        ("unbound", "ok NIP ok NIP IS NIP IS IS IS IS ok no"),
        ("bind started", "CC ok CC NIP CC NIP IS IS IS IS ok no"),
        ("bound", "IS NIP ok NIP ok NIP IS ok IS IS ok no"),
        ("listen started", "CC NIP CC NIP CC ok IS ok IS IS NS no"),
        ("listening", "IS NIP IS NIP IS NIP WB ok IS IS NS yes"),
        ("connecting", "CC NIP CC WB CC NIP IS IS IS IS IS no"),
        ("connected", "IS NIP IS NIP IS NIP IS ok ok ok IS no"),
        ("closed", "IS NIP IS NIP IS NIP IS IS IS IS IS no"),
    ] {
        let found = OPERATIONS.map(|operation| {
            let mut socket = socket(&nic, state);
            perform(&nic, &mut socket, operation)
        });
        assert_eq!(found.join(" "), expected, "{state}");
    }
}

#[tokio::test]
async fn a_socket_is_ready_when_its_operation_is() {
    let nic = nic();
    let mut full = listening(&nic, FULL, 1);
    let mut first = connecting(&nic, FULL);
    assert!(!is_ready(&mut full), "nobody is there yet");
    assert!(is_ready(&mut first), "there is room for one");
    drop(first.finish_connect().unwrap());
    let mut second = connecting(&nic, FULL);
    assert!(!is_ready(&mut second), "there is no room for a second");
    assert!(is_ready(&mut full), "one is there");
    drop(full.next().unwrap());
    assert!(is_ready(&mut second), "there is room again");
    assert!(second.finish_connect().is_ok());
}

fn is_ready(socket: &mut impl Pollable) -> bool {
    let mut ready = socket.ready();
    ready.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[tokio::test]
async fn an_accepted_socket_has_the_options_of_its_listener() {
    let nic = nic();
    let mut server = listening(&nic, SERVER, 8);
    server.keep_alive.enabled = true;
    server.options.hop_limit = 7;
    let mut client = connecting(&nic, SERVER);
    let _streams = client.finish_connect().unwrap();
    let connection = server.next().unwrap();
    let (accepted, _reader, _writer) = server.accepted(connection, nic.place().unwrap());
    assert!(accepted.keep_alive.enabled);
    assert_eq!(accepted.options.hop_limit, 7);
    assert_eq!(accepted.local().unwrap(), client.peer().unwrap());
    assert_eq!(accepted.peer().unwrap(), client.local().unwrap());
}

#[tokio::test]
async fn a_failed_bind_can_be_tried_again_and_a_port_is_free_after_its_socket() {
    let nic = nic();
    let first = bound(&nic, SERVER);
    let mut second = unbound(&nic);
    let in_use = second.start_bind(&nic, at(SERVER)).unwrap_err();
    assert!(matches!(in_use, ErrorCode::AddressInUse), "{in_use:?}");
    drop(first);
    second.start_bind(&nic, at(SERVER)).unwrap();
}

#[tokio::test]
async fn datagrams_want_a_bound_socket() {
    let nic = nic();
    let mut socket = Udp::new(Family::V4, nic.place().unwrap());
    assert_eq!(short(socket.streams(None).map(drop)), "IS");
    assert_eq!(short(socket.local().map(drop)), "IS");
    assert_eq!(short(socket.finish_bind()), "NIP");
    assert_eq!(short(socket.start_bind(&nic, at(53))), "ok");
    assert_eq!(short(socket.start_bind(&nic, at(53))), "CC");
    assert_eq!(short(socket.streams(None).map(drop)), "IS");
    assert_eq!(short(socket.finish_bind()), "ok");
    assert_eq!(short(socket.finish_bind()), "NIP");
    assert_eq!(short(socket.start_bind(&nic, at(53))), "IS");
    assert_eq!(short(socket.peer().map(drop)), "IS");
    assert_eq!(short(socket.streams(Some(at(53))).map(drop)), "ok");
    assert_eq!(short(socket.peer().map(drop)), "ok");
    assert_eq!(
        short(socket.streams(Some(at(0))).map(drop)),
        "invalid-argument"
    );
    assert_eq!(short(socket.streams(None).map(drop)), "ok");
    assert_eq!(short(socket.peer().map(drop)), "IS");
}
