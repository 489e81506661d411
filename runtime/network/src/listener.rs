//! Who accepts, and who waits for that.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::connection::Connection;
use crate::lock::lock;
use crate::meter::count;
use crate::nic::NicState;
use crate::outside::Carrier;
use crate::ports::Port;
use crate::splice;

/// The most connections that wait at one listener, whatever the guest asks for.
pub(crate) const BACKLOG_MAX: usize = 4_096;

/// Who accepts. Dropped, it resets whoever still waits.
#[derive(Debug)]
pub struct Listener {
    backlog: Arc<Backlog>,
    nic: Weak<NicState>,
    port: Port,
}

impl Listener {
    pub(crate) fn new(backlog: Arc<Backlog>, nic: Weak<NicState>, port: Port) -> Self {
        Self { backlog, nic, port }
    }

    /// Where it listens.
    pub fn local(&self) -> SocketAddr {
        self.port.local()
    }

    /// The next connection, if one waits. Needs a tokio runtime: a connection from outside is carried from here on.
    pub fn accept(&mut self) -> Option<Connection> {
        loop {
            let waiting = self.backlog.pop()?;
            let nic = self.nic.upgrade()?;
            let connection = match waiting {
                Waiting::Connection(connection) => Some(connection),
                // Without a place the carrier is dropped, which is how its peer learns of it.
                Waiting::Carrier { carrier, to, from } => nic
                    .beyond()
                    .and_then(|place| splice::carry(&nic, None, (to, from), (carrier, place)))
                    .ok(),
            };
            if connection.is_some() {
                count(&nic.meter().connections_in, 1);
                return connection;
            }
        }
    }

    /// Ready when somebody waits, or nobody ever will.
    pub fn poll_acceptable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.backlog.poll(cx)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.backlog.close();
    }
}

/// Connections that wait to be accepted.
pub(crate) struct Backlog {
    queue: Mutex<Queue>,
    limit: usize,
    /// Somebody left the queue, or it is closed. It wakes all who wait, and they look again: a single one that is woken
    /// may never be polled again, since its guest decides that, and then nobody would take the place.
    changed: Notify,
}

struct Queue {
    waiting: VecDeque<Waiting>,
    /// Places of those who are about to wait.
    reserved: usize,
    open: bool,
    waker: Option<Waker>,
}

/// Somebody who waits.
pub(crate) enum Waiting {
    /// Both ends are there; the other one may write already.
    Connection(Connection),
    /// From beyond this process. Nothing is read before it is accepted, so it costs no window.
    Carrier {
        /// Its bytes.
        carrier: Box<dyn Carrier>,
        /// Whom it wants.
        to: SocketAddr,
        /// Who it is.
        from: SocketAddr,
    },
}

/// Why somebody cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// As many wait as may.
    Full,
    /// Nobody will accept.
    Closed,
}

impl Backlog {
    /// At least one may wait.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Queue {
                waiting: VecDeque::new(),
                reserved: 0,
                open: true,
                waker: None,
            }),
            limit: limit.clamp(1, BACKLOG_MAX),
            changed: Notify::new(),
        })
    }

    /// What a connector waits for where there is no room.
    pub(crate) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// Takes a place, so that two who see the last one do not both come.
    pub(crate) fn reserve(self: &Arc<Self>) -> Result<Reserved, NoRoom> {
        let mut queue = lock(&self.queue);
        if !queue.open {
            return Err(NoRoom::Closed);
        }
        if queue.waiting.len() + queue.reserved >= self.limit {
            return Err(NoRoom::Full);
        }
        queue.reserved += 1;
        Ok(Reserved {
            backlog: Arc::clone(self),
        })
    }

    /// Nobody accepts any more: who waits is reset, who would like to wait is refused.
    pub(crate) fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.open = false;
        let waiting = std::mem::take(&mut queue.waiting);
        let waker = queue.waker.take();
        drop(queue);
        drop(waiting);
        if let Some(waker) = waker {
            waker.wake();
        }
        self.changed.notify_waiters();
    }

    fn pop(&self) -> Option<Waiting> {
        let waiting = lock(&self.queue).waiting.pop_front();
        if waiting.is_some() {
            self.changed.notify_waiters();
        }
        waiting
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = lock(&self.queue);
        if !queue.open || !queue.waiting.is_empty() {
            return Poll::Ready(());
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backlog")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// A place in a backlog that nobody else gets. Given back when it is not used.
#[derive(Debug)]
pub(crate) struct Reserved {
    backlog: Arc<Backlog>,
}

impl Reserved {
    /// Queues who has the place. If nobody accepts any more it is dropped, and with it reset.
    pub(crate) fn fill(self, waiting: Waiting) {
        let mut queue = lock(&self.backlog.queue);
        if !queue.open {
            drop(queue);
            drop(waiting);
            return;
        }
        queue.waiting.push_back(waiting);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut queue = lock(&self.backlog.queue);
        queue.reserved -= 1;
        let has_room = queue.waiting.len() + queue.reserved < self.backlog.limit;
        drop(queue);
        if has_room {
            self.backlog.changed.notify_waiters();
        }
    }
}
