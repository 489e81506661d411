//! One TCP socket and its states.
//!
//! ```text
//!   Unbound ─start-bind─► BindStarted ─finish-bind─► Bound ─start-listen─► ListenStarted ─finish-listen─► Listening
//!      │                                               │                                                    │ accept
//!      └──────────────────start-connect────────────────┤                                                    ▼
//!                                                      └─► Connecting ─finish-connect─► Connected (another socket)
//!                                                              └─ refused ─► Closed
//! ```
//!
//! Binding and listening are done at their start and only told at their finish; a connection really takes time.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};

use sublet_network::{Connection, Family, Listener, Nic, Pending, Place, Port, Protocol, Refusal};
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpSocketAddress};

use crate::sockets::addresses;
use crate::sockets::options::{BACKLOG, KeepAlive, Options};
use crate::sockets::refusals::code;
use crate::sockets::streams::{Directions, Reader, Writer, streams};

#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Tcp {
    pub(crate) family: Family,
    pub(crate) options: Options,
    pub(crate) keep_alive: KeepAlive,
    backlog: usize,
    stage: Stage,
    _place: Place,
}

enum Stage {
    Unbound,
    BindStarted(Port),
    Bound(Port),
    ListenStarted(Listener),
    Listening(Listener),
    Connecting(Dial),
    Connected(Connected),
    Closed,
}

struct Dial {
    /// Where it was bound to before.
    from: Option<SocketAddr>,
    work: Work,
}

enum Work {
    Underway(Pending<Result<Connection, Refusal>>),
    Done(Result<Connection, Refusal>),
}

struct Connected {
    local: SocketAddr,
    peer: SocketAddr,
    directions: Directions,
}

impl Tcp {
    pub(crate) fn new(family: Family, place: Place) -> Self {
        Self {
            family,
            options: Options::default(),
            keep_alive: KeepAlive::default(),
            backlog: BACKLOG,
            stage: Stage::Unbound,
            _place: place,
        }
    }

    pub(crate) fn start_bind(&mut self, nic: &Nic, at: IpSocketAddress) -> Result<(), ErrorCode> {
        self.refuse_while_in_progress()?;
        let Stage::Unbound = self.stage else {
            return Err(ErrorCode::InvalidState);
        };
        let at = addresses::local(at, self.family)?;
        let port = nic.bind(Protocol::Tcp, at);
        self.stage = Stage::BindStarted(port.map_err(|refusal| code(&refusal))?);
        Ok(())
    }

    pub(crate) fn finish_bind(&mut self) -> Result<(), ErrorCode> {
        self.change(|stage| match stage {
            Stage::BindStarted(port) => (Stage::Bound(port), Ok(())),
            other => (other, Err(ErrorCode::NotInProgress)),
        })
    }

    pub(crate) fn start_connect(
        &mut self,
        nic: &Nic,
        to: IpSocketAddress,
    ) -> Result<(), ErrorCode> {
        self.refuse_while_in_progress()?;
        let (Stage::Unbound | Stage::Bound(_)) = self.stage else {
            return Err(ErrorCode::InvalidState);
        };
        let to = addresses::peer(to, self.family)?;
        self.change(|stage| {
            let port = match stage {
                Stage::Bound(port) => Some(port),
                _ => None,
            };
            let from = port.as_ref().map(Port::local);
            let work = Work::Underway(nic.connect(port, to));
            (Stage::Connecting(Dial { from, work }), Ok(()))
        })
    }

    /// The streams of the connection, once it stands.
    pub(crate) fn finish_connect(&mut self) -> Result<(Reader, Writer), ErrorCode> {
        let Stage::Connecting(dial) = &mut self.stage else {
            return Err(ErrorCode::NotInProgress);
        };
        // Whoever is told to wait asks again through the pollable, which leaves a waker.
        if dial
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
        {
            return Err(ErrorCode::WouldBlock);
        }
        self.change(|stage| match stage {
            Stage::Connecting(Dial {
                work: Work::Done(Ok(connection)),
                ..
            }) => {
                let (connected, streams) = Connected::new(connection);
                (Stage::Connected(connected), Ok(streams))
            }
            Stage::Connecting(Dial {
                work: Work::Done(Err(refusal)),
                ..
            }) => (Stage::Closed, Err(code(&refusal))),
            other => (other, Err(ErrorCode::WouldBlock)),
        })
    }

    pub(crate) fn start_listen(&mut self, nic: &Nic) -> Result<(), ErrorCode> {
        self.refuse_while_in_progress()?;
        let backlog = self.backlog;
        self.change(|stage| match stage {
            Stage::Bound(port) => match nic.listen(port, backlog) {
                Ok(listener) => (Stage::ListenStarted(listener), Ok(())),
                Err(refusal) => (Stage::Closed, Err(code(&refusal))),
            },
            other => (other, Err(ErrorCode::InvalidState)),
        })
    }

    pub(crate) fn finish_listen(&mut self) -> Result<(), ErrorCode> {
        self.change(|stage| match stage {
            Stage::ListenStarted(listener) => (Stage::Listening(listener), Ok(())),
            other => (other, Err(ErrorCode::NotInProgress)),
        })
    }

    /// The next connection. It is taken out of the queue before there is a socket for it: one too many is reset, and does
    /// not stand in the way of the next.
    pub(crate) fn next(&mut self) -> Result<Connection, ErrorCode> {
        let Stage::Listening(listener) = &mut self.stage else {
            return Err(ErrorCode::InvalidState);
        };
        listener.accept().ok_or(ErrorCode::WouldBlock)
    }

    /// The socket of a connection that this one accepted, and its streams.
    pub(crate) fn accepted(&self, connection: Connection, place: Place) -> (Self, Reader, Writer) {
        let (connected, (reader, writer)) = Connected::new(connection);
        let socket = Self {
            options: self.options,
            keep_alive: self.keep_alive,
            stage: Stage::Connected(connected),
            ..Self::new(self.family, place)
        };
        (socket, reader, writer)
    }

    pub(crate) fn local(&self) -> Result<SocketAddr, ErrorCode> {
        let local = match &self.stage {
            Stage::Bound(port) => Some(port.local()),
            Stage::ListenStarted(listener) | Stage::Listening(listener) => Some(listener.local()),
            Stage::Connecting(dial) => dial.from,
            Stage::Connected(connected) => Some(connected.local),
            Stage::Unbound | Stage::BindStarted(_) | Stage::Closed => None,
        };
        local.ok_or(ErrorCode::InvalidState)
    }

    pub(crate) fn peer(&self) -> Result<SocketAddr, ErrorCode> {
        self.connected().map(|connected| connected.peer)
    }

    pub(crate) fn directions(&self) -> Result<&Directions, ErrorCode> {
        self.connected().map(|connected| &connected.directions)
    }

    pub(crate) const fn is_listening(&self) -> bool {
        matches!(self.stage, Stage::Listening(_))
    }

    /// Takes effect with the next listen; one that is underway keeps its queue.
    pub(crate) fn set_backlog(&mut self, backlog: usize) -> Result<(), ErrorCode> {
        match self.stage {
            Stage::Unbound | Stage::BindStarted(_) | Stage::Bound(_) => self.backlog = backlog,
            Stage::ListenStarted(_) | Stage::Listening(_) => return Err(ErrorCode::NotSupported),
            Stage::Connecting(_) | Stage::Connected(_) | Stage::Closed => {
                return Err(ErrorCode::InvalidState);
            }
        }
        Ok(())
    }

    fn connected(&self) -> Result<&Connected, ErrorCode> {
        match &self.stage {
            Stage::Connected(connected) => Ok(connected),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    const fn refuse_while_in_progress(&self) -> Result<(), ErrorCode> {
        match self.stage {
            Stage::BindStarted(_) | Stage::ListenStarted(_) | Stage::Connecting(_) => {
                Err(ErrorCode::ConcurrencyConflict)
            }
            _ => Ok(()),
        }
    }

    fn change<T>(&mut self, change: impl FnOnce(Stage) -> (Stage, T)) -> T {
        let (stage, answer) = change(std::mem::replace(&mut self.stage, Stage::Closed));
        self.stage = stage;
        answer
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stage {
            Stage::Connecting(dial) => dial.poll(cx),
            Stage::Listening(listener) => listener.poll_acceptable(cx),
            _ => Poll::Ready(()),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Tcp {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }
}

impl Dial {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Work::Underway(work) = &mut self.work {
            match work.as_mut().poll(cx) {
                Poll::Ready(done) => self.work = Work::Done(done),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }
}

impl Connected {
    fn new(connection: Connection) -> (Self, (Reader, Writer)) {
        let (local, peer) = (connection.local(), connection.peer());
        let (source, sink) = connection.into_halves();
        let (reader, writer, directions) = streams(source, sink);
        let connected = Self {
            local,
            peer,
            directions,
        };
        (connected, (reader, writer))
    }
}
