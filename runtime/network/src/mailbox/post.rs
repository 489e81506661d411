//! What a port for datagrams has: its queue, its one peer if there is one, and its flows to peers outside.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use super::Datagram;
use super::queue::Queue;
use crate::Refusal;
use crate::lock::lock;
use crate::meter::{Meter, count};

/// One port for datagrams.
#[derive(Debug)]
pub(crate) struct Post {
    inbox: Queue,
    state: Mutex<State>,
    meter: Arc<Meter>,
}

#[derive(Debug, Default)]
struct State {
    peer: Option<SocketAddr>,
    /// The peer's port is closed, and nobody was told yet.
    refused: bool,
    /// What goes to peers outside, by their addresses as the instance knows them.
    flows: HashMap<SocketAddr, Arc<Queue>>,
}

impl Post {
    pub(super) fn new(meter: Arc<Meter>) -> Self {
        Self {
            inbox: Queue::default(),
            state: Mutex::default(),
            meter,
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        lock(&self.state).peer
    }

    pub(super) fn set_peer(&self, peer: Option<SocketAddr>) {
        let mut state = lock(&self.state);
        state.peer = peer;
        state.refused = false;
    }

    /// Queues a datagram. False means that for this sender the port is closed; a queue that is full is not.
    pub(super) fn deliver(&self, datagram: Datagram) -> bool {
        let stranger = self.peer().is_some_and(|peer| peer != datagram.from);
        if stranger || self.inbox.is_closed() {
            return false;
        }
        if !self.inbox.push(datagram) {
            count(&self.meter.datagrams_dropped, 1);
        }
        true
    }

    /// The port of a peer is closed: it is said once, if this is the one peer.
    pub(super) fn refuse(&self, peer: SocketAddr) {
        let mut state = lock(&self.state);
        if state.peer == Some(peer) {
            state.refused = true;
            drop(state);
            self.inbox.wake();
        }
    }

    pub(super) fn take(&self) -> Result<Option<Datagram>, Refusal> {
        if std::mem::take(&mut lock(&self.state).refused) {
            return Err(Refusal::ConnectionRefused);
        }
        if self.inbox.is_closed() {
            return Err(Refusal::ConnectionReset);
        }
        let peer = self.peer();
        // What came before the mailbox was connected may be from others.
        loop {
            match self.inbox.pop() {
                Some(datagram) if peer.is_some_and(|peer| peer != datagram.from) => {}
                next => return Ok(next),
            }
        }
    }

    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // The queue first: its waker is there before the flag is looked at, so that no refusal is missed.
        let ready = self.inbox.poll(cx);
        if lock(&self.state).refused {
            return Poll::Ready(());
        }
        ready
    }

    /// What goes to a peer outside, and whether this is the first of it.
    pub(super) fn flow_to(
        &self,
        peer: SocketAddr,
        begin: impl FnOnce() -> Result<Arc<Queue>, Refusal>,
    ) -> Result<Arc<Queue>, Refusal> {
        let mut state = lock(&self.state);
        if self.inbox.is_closed() {
            return Err(Refusal::ConnectionReset);
        }
        if let Some(flow) = state.flows.get(&peer) {
            return Ok(Arc::clone(flow));
        }
        let flow = begin()?;
        state.flows.insert(peer, Arc::clone(&flow));
        Ok(flow)
    }

    /// A flow is over.
    pub(super) fn forget_flow(&self, peer: SocketAddr, flow: &Arc<Queue>) {
        let mut state = lock(&self.state);
        if state
            .flows
            .get(&peer)
            .is_some_and(|own| Arc::ptr_eq(own, flow))
        {
            state.flows.remove(&peer);
        }
    }

    /// Drops what waits and ends all flows.
    pub(crate) fn close(&self) {
        self.inbox.close();
        let flows = std::mem::take(&mut lock(&self.state).flows);
        flows.into_values().for_each(|flow| flow.close());
    }

    /// Memory that waits, as it is charged.
    pub(crate) fn held_bytes(&self) -> usize {
        let flows: usize = {
            let state = lock(&self.state);
            state.flows.values().map(|flow| flow.held_bytes()).sum()
        };
        self.inbox.held_bytes() + flows
    }
}
