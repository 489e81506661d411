//! What a UDP socket receives and sends, as the two streams of `wasi:sockets/udp`.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use bytes::Bytes;
use sublet_network::Family;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;
use wasmtime_wasi::p2::{DynPollable, Pollable, SocketError, SocketResult, subscribe};

use crate::sockets::addresses;
use crate::sockets::bindings::wasi::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, IncomingDatagram, OutgoingDatagram,
};
use crate::sockets::refusals::code;
use crate::sockets::udp::SharedMailbox;
use crate::sockets::view::SocketsView;

/// Datagrams of one call.
const DATAGRAMS_MAX: usize = 16;
/// Bytes of one call, after which no further datagram is added. It bounds what a guest can make us allocate at once.
const CHUNK_BYTES: usize = 64 << 10;

#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Incoming {
    mailbox: SharedMailbox,
    /// Came up behind datagrams that had to be told first.
    failed: Option<ErrorCode>,
}

#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Outgoing {
    mailbox: SharedMailbox,
    family: Family,
    /// Datagrams that the guest was told it may send.
    permit: usize,
}

impl Incoming {
    pub(crate) const fn new(mailbox: SharedMailbox) -> Self {
        Self {
            mailbox,
            failed: None,
        }
    }

    pub(crate) fn receive(&mut self, max: usize) -> Result<Vec<IncomingDatagram>, ErrorCode> {
        if let Some(code) = self.failed.take() {
            return Err(code);
        }
        let mut received = Vec::new();
        let mut bytes = 0;
        while received.len() < max && bytes < CHUNK_BYTES {
            match self.mailbox.lock().receive() {
                Ok(Some(datagram)) => {
                    bytes += datagram.payload.len();
                    received.push(IncomingDatagram {
                        data: datagram.payload.into(),
                        remote_address: datagram.from.into(),
                    });
                }
                Ok(None) => break,
                Err(refusal) if received.is_empty() => return Err(code(&refusal)),
                Err(refusal) => {
                    self.failed = Some(code(&refusal));
                    break;
                }
            }
        }
        Ok(received)
    }
}

impl Outgoing {
    pub(crate) const fn new(mailbox: SharedMailbox, family: Family) -> Self {
        Self {
            mailbox,
            family,
            permit: 0,
        }
    }

    fn check(&mut self) -> u64 {
        self.permit = self.mailbox.lock().permit().min(DATAGRAMS_MAX);
        u64::try_from(self.permit).unwrap_or(u64::MAX)
    }

    /// How many were sent. An error is told only when none was.
    pub(crate) fn send(&self, datagrams: Vec<OutgoingDatagram>) -> Result<u64, ErrorCode> {
        let mut sent = 0;
        for datagram in datagrams {
            match self.send_one(datagram) {
                Ok(()) => sent += 1,
                Err(code) if sent == 0 => return Err(code),
                Err(_) => break,
            }
        }
        Ok(sent)
    }

    fn send_one(&self, datagram: OutgoingDatagram) -> Result<(), ErrorCode> {
        let mut mailbox = self.mailbox.lock();
        let named = datagram
            .remote_address
            .map(|address| addresses::destination(address, self.family))
            .transpose()?;
        let to: SocketAddr = match (mailbox.peer(), named) {
            (Some(peer), None) => peer,
            (Some(peer), Some(named)) if named == peer => peer,
            (None, Some(named)) => named,
            (Some(_), Some(_)) | (None, None) => return Err(ErrorCode::InvalidArgument),
        };
        mailbox
            .send(to, Bytes::from(datagram.data))
            .map_err(|refusal| code(&refusal))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Incoming {
    async fn ready(&mut self) {
        poll_fn(|cx| match self.failed {
            Some(_) => Poll::Ready(()),
            None => self.mailbox.lock().poll_receivable(cx),
        })
        .await;
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Outgoing {
    async fn ready(&mut self) {
        poll_fn(|cx| self.mailbox.lock().poll_sendable(cx)).await;
    }
}

impl HostIncomingDatagramStream for SocketsView<'_> {
    fn receive(
        &mut self,
        this: Resource<Incoming>,
        max_results: u64,
    ) -> SocketResult<Vec<IncomingDatagram>> {
        let max = usize::try_from(max_results).unwrap_or(usize::MAX);
        Ok(self.table.get_mut(&this)?.receive(max.min(DATAGRAMS_MAX))?)
    }

    fn subscribe(&mut self, this: Resource<Incoming>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl HostOutgoingDatagramStream for SocketsView<'_> {
    fn check_send(&mut self, this: Resource<Outgoing>) -> SocketResult<u64> {
        Ok(self.table.get_mut(&this)?.check())
    }

    fn send(
        &mut self,
        this: Resource<Outgoing>,
        datagrams: Vec<OutgoingDatagram>,
    ) -> SocketResult<u64> {
        let outgoing = self.table.get_mut(&this)?;
        if datagrams.is_empty() {
            return Ok(0);
        }
        // A permit serves once.
        if datagrams.len() > std::mem::take(&mut outgoing.permit) {
            let message = "more datagrams are sent than were permitted";
            return Err(SocketError::trap(wasmtime::Error::msg(message)));
        }
        Ok(outgoing.send(datagrams)?)
    }

    fn subscribe(&mut self, this: Resource<Outgoing>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<Outgoing>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
