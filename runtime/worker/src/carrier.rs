//! Descriptors that the front connected, as the network's carriers. Whatever the front made of them, a stream here is
//! read and written, and nothing else.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::net::{AddressFamily, sockopt};
use sublet_network::{Carrier, DatagramCarrier};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UdpSocket, UnixDatagram, UnixStream};

use crate::pair::Pair;
use crate::questions::Questions;

/// Held as long as a connection of the front is used. The front keeps a descriptor of its own until this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    questions: Questions,
    connection: u64,
}

impl Hold {
    pub(crate) const fn new(questions: Questions, connection: u64) -> Self {
        Self {
            questions,
            connection,
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.questions.hang_up(self.connection);
    }
}

/// The bytes of a connected stream socket. Needs a tokio runtime.
///
/// # Errors
/// When it is no such socket.
pub(crate) fn stream(descriptor: OwnedFd, hold: Hold) -> io::Result<Box<dyn Carrier>> {
    Ok(match sockopt::socket_domain(&descriptor)? {
        AddressFamily::UNIX => {
            let stream = Pair::new(UnixStream::from_std(descriptor.into())?);
            Box::new(Held {
                stream,
                _hold: hold,
            })
        }
        _ => {
            let stream = TcpStream::from_std(descriptor.into())?;
            Box::new(Held {
                stream,
                _hold: hold,
            })
        }
    })
}

/// The datagrams of a connected socket. Needs a tokio runtime.
///
/// # Errors
/// When it is no such socket.
pub(crate) fn datagrams(descriptor: OwnedFd, hold: Hold) -> io::Result<Box<dyn DatagramCarrier>> {
    let socket = match sockopt::socket_domain(&descriptor)? {
        AddressFamily::UNIX => Datagrams::Neighbour(UnixDatagram::from_std(descriptor.into())?),
        _ => Datagrams::World(UdpSocket::from_std(descriptor.into())?),
    };
    Ok(Box::new(Mail {
        socket,
        _hold: Some(hold),
    }))
}

/// The datagrams of a socket of this process's own.
pub(crate) fn own_datagrams(socket: UdpSocket) -> Box<dyn DatagramCarrier> {
    Box::new(Mail {
        socket: Datagrams::World(socket),
        _hold: None,
    })
}

/// A stream, and what goes with it.
struct Held<S> {
    stream: S,
    _hold: Hold,
}

impl<S: AsyncRead + Unpin> AsyncRead for Held<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Held<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A socket for datagrams, and what goes with it.
struct Mail {
    socket: Datagrams,
    _hold: Option<Hold>,
}

enum Datagrams {
    World(UdpSocket),
    /// An instance in another worker of the same user.
    Neighbour(UnixDatagram),
}

impl DatagramCarrier for Mail {
    fn poll_send(&self, cx: &mut Context<'_>, payload: &[u8]) -> Poll<io::Result<()>> {
        match &self.socket {
            Datagrams::World(socket) => socket.poll_send(cx, payload).map_ok(drop),
            Datagrams::Neighbour(socket) => socket.poll_send(cx, payload).map_ok(drop),
        }
    }

    fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let received = match &self.socket {
            Datagrams::World(socket) => socket.poll_recv(cx, &mut buffer),
            Datagrams::Neighbour(socket) => socket.poll_recv(cx, &mut buffer),
        };
        received.map_ok(|()| buffer.filled().len())
    }
}
