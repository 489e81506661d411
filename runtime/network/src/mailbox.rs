//! Datagrams.
//!
//! Within this process a datagram goes straight into the queue of who receives. Beyond it each peer is a flow: a carrier
//! with a task, which ends when nothing was said for a while.

mod flow;
mod post;
mod queue;

use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::meter::count;
use crate::nic::{NicState, target_of};
use crate::ports::{Port, Purpose};
use crate::rate::Alarm;
use crate::route::{self, Route};
use crate::{Protocol, Refusal};

pub(crate) use flow::accept_flow;
pub(crate) use post::Post;

/// The longest payload that fits a datagram.
const PAYLOAD_BYTES_MAX: usize = 65_507;

/// The most datagrams that are permitted at a time.
const PERMIT_MAX: usize = 64;

/// Sends and receives datagrams.
#[derive(Debug)]
pub struct Mailbox {
    nic: Weak<NicState>,
    post: Arc<Post>,
    port: Port,
    /// The address of this end, concrete once it is connected.
    local: SocketAddr,
    alarm: Alarm,
}

/// A datagram that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// What it says.
    pub payload: Bytes,
}

impl Mailbox {
    pub(crate) fn open(nic: &Arc<NicState>, port: Port) -> Result<Self, Refusal> {
        let post = Arc::new(Post::new(Arc::clone(nic.meter())));
        nic.assign(&port, Protocol::Udp, Purpose::Mail(Arc::clone(&post)))?;
        Ok(Self {
            nic: Arc::downgrade(nic),
            post,
            local: port.local(),
            port,
            alarm: Alarm::default(),
        })
    }

    /// Its address and port; the address may mean all of the instance's, unless it is connected.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Talks to one peer alone, or to everybody again.
    ///
    /// # Errors
    ///
    /// The peer makes no sense, or is not allowed.
    pub fn connect(&mut self, peer: Option<SocketAddr>) -> Result<(), Refusal> {
        let local = match peer {
            Some(peer) => self.way_to(peer)?.1,
            None => self.port.local(),
        };
        self.post.set_peer(peer);
        self.local = local;
        Ok(())
    }

    /// The one peer, if there is one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.post.peer()
    }

    /// Datagrams that may be sent now.
    pub fn permit(&mut self) -> usize {
        let Some(nic) = self.nic.upgrade() else {
            return PERMIT_MAX;
        };
        if nic.rates.bytes.available() == 0 {
            return 0;
        }
        nic.rates.datagrams.permit(PERMIT_MAX).min(PERMIT_MAX)
    }

    /// Ready when one may be sent.
    pub fn poll_sendable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(nic) = self.nic.upgrade() else {
            return Poll::Ready(());
        };
        ready!(nic.rates.datagrams.poll(cx, &mut self.alarm, PERMIT_MAX));
        // One will do, since a datagram may take those of the future.
        nic.rates.bytes.poll(cx, &mut self.alarm, 1)
    }

    /// Sends one; it may be lost like any.
    ///
    /// # Errors
    ///
    /// The destination makes no sense or is not allowed, the payload is too long, or there are too many peers outside.
    pub fn send(&mut self, to: SocketAddr, payload: Bytes) -> Result<(), Refusal> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        if self.peer().is_some_and(|peer| peer != to) {
            return Err(Refusal::InvalidArgument);
        }
        let (way, from) = self.way_to(to)?;
        let nic = self.nic.upgrade().ok_or(Refusal::ConnectionReset)?;
        // Not asked for a permit, which is for many: what was permitted before must not be dropped now.
        if nic.rates.bytes.available() == 0 || nic.rates.datagrams.available() == 0 {
            count(&nic.meter().datagrams_dropped, 1);
            return Ok(());
        }
        nic.rates.datagrams.charge(1);
        nic.rates.bytes.charge(payload.len());
        count(&nic.meter().datagrams_sent, 1);
        count(&nic.meter().bytes_sent, payload.len());
        match way {
            Route::Outside(target) => flow::send(&nic, &self.post, (to, target), payload),
            // Denials were answered above.
            Route::Local | Route::Virtual | Route::Deny(_) => {
                self.post_to(&nic, route::destination(to), Datagram { from, payload });
                Ok(())
            }
        }
    }

    /// The next datagram, if one is there. A connected mailbox whose peer's port is closed says so once.
    ///
    /// # Errors
    ///
    /// [`Refusal::ConnectionRefused`] for that, [`Refusal::ConnectionReset`] once the nic is gone.
    pub fn receive(&mut self) -> Result<Option<Datagram>, Refusal> {
        let datagram = self.post.take()?;
        if let Some(datagram) = &datagram {
            let meter = self.post.meter();
            count(&meter.datagrams_received, 1);
            count(&meter.bytes_received, datagram.payload.len());
            if let Some(nic) = self.nic.upgrade() {
                nic.rates.bytes.charge(datagram.payload.len());
            }
        }
        Ok(datagram)
    }

    /// Ready when [`Mailbox::receive`] has something to say.
    pub fn poll_receivable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.post.poll(cx)
    }

    /// Where a destination is, and the address that it will see.
    fn way_to(&self, to: SocketAddr) -> Result<(Route, SocketAddr), Refusal> {
        let bound = self.port.local();
        route::check_destination(bound, to)?;
        let nic = self.nic.upgrade().ok_or(Refusal::ConnectionReset)?;
        let way = nic.route(to)?;
        let ip = route::source(nic.addresses(), &way, bound.ip(), route::destination(to))?;
        Ok((way, SocketAddr::new(ip, bound.port())))
    }

    /// Puts a datagram into the queue of who is there; a connected sender learns if nobody is.
    fn post_to(&self, nic: &Arc<NicState>, to: SocketAddr, datagram: Datagram) {
        let found = target_of(nic, to)
            .ok()
            .and_then(|target| target.find_port(Protocol::Udp, to));
        let arrived = match found {
            Some(Purpose::Mail(post)) => post.deliver(datagram),
            Some(Purpose::Held | Purpose::Listening(_)) | None => false,
        };
        if !arrived {
            self.post.refuse(to);
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.post.close();
    }
}
