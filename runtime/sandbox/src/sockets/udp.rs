//! `wasi:sockets/udp` and `udp-create-socket`: one UDP socket, which is bound before it does anything.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_network::{Family, Mailbox, Nic, Place, Protocol, Refusal};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasmtime_wasi::p2::{DynPollable, Network, Pollable, SocketError, SocketResult, subscribe};

use crate::sockets::bindings::wasi::sockets::udp::{Host, HostUdpSocket};
use crate::sockets::bindings::wasi::sockets::udp_create_socket;
use crate::sockets::datagrams::{Incoming, Outgoing};
use crate::sockets::options::Options;
use crate::sockets::refusals::code;
use crate::sockets::view::SocketsView;
use crate::sockets::{addresses, options};

#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Udp {
    family: Family,
    options: Options,
    stage: Stage,
    _place: Place,
}

/// The mailbox is there from the start of a bind on: what arrives before its finish is not lost.
enum Stage {
    Unbound,
    BindStarted(SharedMailbox),
    Bound(SharedMailbox),
}

/// A mailbox that a socket and both its streams use, in turns.
#[derive(Clone)]
pub(crate) struct SharedMailbox(Arc<Mutex<Mailbox>>);

impl SharedMailbox {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Mailbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Udp {
    pub(crate) fn new(family: Family, place: Place) -> Self {
        Self {
            family,
            options: Options::default(),
            stage: Stage::Unbound,
            _place: place,
        }
    }

    pub(crate) fn start_bind(&mut self, nic: &Nic, at: IpSocketAddress) -> Result<(), ErrorCode> {
        match self.stage {
            Stage::Unbound => {}
            Stage::BindStarted(_) => return Err(ErrorCode::ConcurrencyConflict),
            Stage::Bound(_) => return Err(ErrorCode::InvalidState),
        }
        let at = addresses::of_family(at, self.family)?;
        let mailbox = mailbox(nic, at).map_err(|refusal| code(&refusal))?;
        self.stage = Stage::BindStarted(SharedMailbox(Arc::new(Mutex::new(mailbox))));
        Ok(())
    }

    pub(crate) fn finish_bind(&mut self) -> Result<(), ErrorCode> {
        let Stage::BindStarted(mailbox) = &self.stage else {
            return Err(ErrorCode::NotInProgress);
        };
        self.stage = Stage::Bound(mailbox.clone());
        Ok(())
    }

    /// Both streams, to one peer or to everybody.
    pub(crate) fn streams(
        &self,
        peer: Option<IpSocketAddress>,
    ) -> Result<(Incoming, Outgoing), ErrorCode> {
        let mailbox = self.mailbox()?;
        let peer = peer
            .map(|peer| addresses::destination(peer, self.family))
            .transpose()?;
        let connected = mailbox.lock().connect(peer);
        connected.map_err(|refusal| code(&refusal))?;
        Ok((
            Incoming::new(mailbox.clone()),
            Outgoing::new(mailbox.clone(), self.family),
        ))
    }

    pub(crate) fn local(&self) -> Result<SocketAddr, ErrorCode> {
        Ok(self.mailbox()?.lock().local())
    }

    pub(crate) fn peer(&self) -> Result<SocketAddr, ErrorCode> {
        self.mailbox()?.lock().peer().ok_or(ErrorCode::InvalidState)
    }

    const fn mailbox(&self) -> Result<&SharedMailbox, ErrorCode> {
        match &self.stage {
            Stage::Bound(mailbox) => Ok(mailbox),
            Stage::Unbound | Stage::BindStarted(_) => Err(ErrorCode::InvalidState),
        }
    }
}

fn mailbox(nic: &Nic, at: SocketAddr) -> Result<Mailbox, Refusal> {
    nic.mailbox(nic.bind(Protocol::Udp, at)?)
}

#[wasmtime_wasi::async_trait]
impl Pollable for Udp {
    /// Nothing of the socket itself takes time; its streams have their own.
    async fn ready(&mut self) {}
}

type Socket = Resource<Udp>;

impl udp_create_socket::Host for SocketsView<'_> {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Socket> {
        let place = self.place()?;
        let socket = Udp::new(addresses::from_guest(family), place);
        Ok(self.table.push(socket)?)
    }
}

impl Host for SocketsView<'_> {}

impl HostUdpSocket for SocketsView<'_> {
    fn start_bind(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.check(&network)?;
        let nic = self.nic()?;
        Ok(self.table.get_mut(&this)?.start_bind(nic, local_address)?)
    }

    fn finish_bind(&mut self, this: Socket) -> SocketResult<()> {
        Ok(self.table.get_mut(&this)?.finish_bind()?)
    }

    fn stream(
        &mut self,
        this: Socket,
        remote_address: Option<IpSocketAddress>,
    ) -> SocketResult<(Resource<Incoming>, Resource<Outgoing>)> {
        let has_streams = self
            .table
            .iter_children(&this)?
            .any(|child| child.is::<Incoming>() || child.is::<Outgoing>());
        if has_streams {
            let message = "the streams of before are to be dropped first";
            return Err(SocketError::trap(wasmtime::Error::msg(message)));
        }
        let (incoming, outgoing) = self.table.get(&this)?.streams(remote_address)?;
        Ok((
            self.table.push_child(incoming, &this)?,
            self.table.push_child(outgoing, &this)?,
        ))
    }

    fn local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.table.get(&this)?.local()?.into())
    }

    fn remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.table.get(&this)?.peer()?.into())
    }

    fn address_family(&mut self, this: Socket) -> wasmtime::Result<IpAddressFamily> {
        Ok(addresses::to_guest(self.table.get(&this)?.family))
    }

    fn unicast_hop_limit(&mut self, this: Socket) -> SocketResult<u8> {
        Ok(self.table.get(&this)?.options.hop_limit)
    }

    fn set_unicast_hop_limit(&mut self, this: Socket, value: u8) -> SocketResult<()> {
        self.table.get_mut(&this)?.options.hop_limit = options::hop_limit(value)?;
        Ok(())
    }

    fn receive_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        Ok(self.table.get(&this)?.options.receive_buffer_bytes)
    }

    fn set_receive_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.table.get_mut(&this)?.options.receive_buffer_bytes = options::buffer_bytes(value)?;
        Ok(())
    }

    fn send_buffer_size(&mut self, this: Socket) -> SocketResult<u64> {
        Ok(self.table.get(&this)?.options.send_buffer_bytes)
    }

    fn set_send_buffer_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.table.get_mut(&this)?.options.send_buffer_bytes = options::buffer_bytes(value)?;
        Ok(())
    }

    fn subscribe(&mut self, this: Socket) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Socket) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
