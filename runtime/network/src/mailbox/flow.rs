//! Datagrams to and from one peer beyond this process.

use std::future::{Future, poll_fn};
use std::io::ErrorKind::ConnectionRefused;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep};

use super::post::Post;
use super::queue::Queue;
use super::{Datagram, PAYLOAD_BYTES_MAX};
use crate::Refusal;
use crate::nic::NicState;
use crate::outside::{DatagramCarrier, Target};
use crate::places::Place;

/// A flow in which nothing was said for so long is over: datagrams have no end of their own.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// How long a dial may take at most.
const DIAL_WAIT: Duration = Duration::from_secs(60);

/// Datagrams before others get their turn.
const ROUNDS_MAX: usize = 64;

/// Sends to a peer outside; the first datagram begins the flow.
pub(super) fn send(
    nic: &Arc<NicState>,
    post: &Arc<Post>,
    (peer, target): (SocketAddr, Target),
    payload: Bytes,
) -> Result<(), Refusal> {
    let flow = post.flow_to(peer, || {
        let places = nic.flow()?;
        let outgoing = Arc::<Queue>::default();
        let dialling = nic.network.outside.dial_datagrams(nic.id(), target);
        let ends = Ends::new(post, &outgoing, peer, places);
        let meter = Arc::clone(nic.meter());
        spawn(async move {
            let answer = tokio::time::timeout(DIAL_WAIT, dialling).await;
            match answer.unwrap_or(Err(Refusal::TimedOut)) {
                Ok(dialled) => Flow::new(ends, dialled.carrier).run().await,
                Err(refusal) => {
                    meter.note(&refusal);
                    ends.refuse();
                }
            }
        });
        Ok(outgoing)
    })?;
    let datagram = Datagram {
        from: peer,
        payload,
    };
    // A queue that is full loses it.
    let _lost = !flow.push(datagram);
    Ok(())
}

/// Begins a flow that a peer outside began.
pub(crate) fn accept_flow(
    nic: &Arc<NicState>,
    post: &Arc<Post>,
    peer: SocketAddr,
    carrier: Box<dyn DatagramCarrier>,
) -> Result<(), Refusal> {
    let places = nic.flow()?;
    let outgoing = Arc::<Queue>::default();
    let ends = Ends::new(post, &outgoing, peer, places);
    // If both began at once, answers go the way of the first; the carrier still brings what the peer sends.
    let _first = post.flow_to(peer, || Ok(outgoing))?;
    spawn(Flow::new(ends, carrier).run());
    Ok(())
}

/// Not awaited: a flow ends with its mailbox.
fn spawn(flow: impl Future<Output = ()> + Send + 'static) {
    drop(Handle::current().spawn(flow));
}

/// What a flow connects. Dropped, the flow is over.
struct Ends {
    post: Weak<Post>,
    outgoing: Arc<Queue>,
    peer: SocketAddr,
    _places: [Place; 2],
}

impl Ends {
    fn new(post: &Arc<Post>, outgoing: &Arc<Queue>, peer: SocketAddr, places: [Place; 2]) -> Self {
        Self {
            post: Arc::downgrade(post),
            outgoing: Arc::clone(outgoing),
            peer,
            _places: places,
        }
    }

    fn refuse(&self) {
        if let Some(post) = self.post.upgrade() {
            post.refuse(self.peer);
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.outgoing.close();
        if let Some(post) = self.post.upgrade() {
            post.forget_flow(self.peer, &self.outgoing);
        }
    }
}

struct Flow {
    ends: Ends,
    carrier: Box<dyn DatagramCarrier>,
    /// Taken from the queue, but not sent yet.
    unsent: Option<Bytes>,
    buffer: Box<[u8]>,
    idle: Pin<Box<Sleep>>,
}

impl Flow {
    fn new(ends: Ends, carrier: Box<dyn DatagramCarrier>) -> Self {
        Self {
            ends,
            carrier,
            unsent: None,
            buffer: vec![0; PAYLOAD_BYTES_MAX].into_boxed_slice(),
            idle: Box::pin(sleep(IDLE_MAX)),
        }
    }

    async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS_MAX {
            if self.ends.outgoing.is_closed() {
                return Poll::Ready(());
            }
            let sent = self.poll_send(cx).is_ready();
            let received = match self.poll_receive(cx) {
                Poll::Ready(Err(Over)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            if !sent && !received {
                // Also registers for the next end of silence.
                return self.idle.as_mut().poll(cx);
            }
            self.idle.as_mut().reset(Instant::now() + IDLE_MAX);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when one was sent.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.unsent.is_none() {
            self.unsent = self.ends.outgoing.pop().map(|datagram| datagram.payload);
        }
        // Asked also while one is unsent, so that the end of the mailbox is noticed behind a slow carrier.
        let waits = self.ends.outgoing.poll(cx);
        let Some(payload) = &self.unsent else {
            // One may have come in between.
            return waits;
        };
        match self.carrier.poll_send(cx, payload) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) if error.kind() == ConnectionRefused => self.ends.refuse(),
            // Lost, as datagrams are.
            Poll::Ready(Ok(()) | Err(_)) => {}
        }
        self.unsent = None;
        Poll::Ready(())
    }

    /// Ready when one was received, or none will be any more.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Over>> {
        let length = match self.carrier.poll_receive(cx, &mut self.buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(length)) => length,
            Poll::Ready(Err(error)) if error.kind() == ConnectionRefused => {
                self.ends.refuse();
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Over)),
        };
        let (Some(post), Some(payload)) = (self.ends.post.upgrade(), self.buffer.get(..length))
        else {
            return Poll::Ready(Err(Over));
        };
        let datagram = Datagram {
            from: self.ends.peer,
            payload: Bytes::copy_from_slice(payload),
        };
        // A mailbox that talks to another peer does not want it.
        let _unwanted = !post.deliver(datagram);
        Poll::Ready(Ok(()))
    }
}

/// The carrier brings nothing more.
struct Over;
