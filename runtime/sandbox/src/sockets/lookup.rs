//! `wasi:sockets/ip-name-lookup`: names as the nic knows them. The resolver of the host is never asked.

use std::future::poll_fn;
use std::net::IpAddr;
use std::task::{Context, Poll, Waker, ready};
use std::vec;

use sublet_network::{LookupError, Pending};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};
use wasmtime_wasi::p2::{DynPollable, Network, Pollable, SocketResult, subscribe};

use crate::sockets::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use crate::sockets::refusals::lookup_code;
use crate::sockets::view::SocketsView;

/// The answer to one question, told address by address.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum Lookup {
    Underway(Pending<Result<Vec<IpAddr>, LookupError>>),
    Over(Answer),
}

type Answer = Result<vec::IntoIter<IpAddr>, ErrorCode>;

impl Lookup {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<&mut Answer> {
        if let Self::Underway(work) = self {
            let answer = ready!(work.as_mut().poll(cx));
            *self = Self::Over(answer.map(Vec::into_iter).map_err(lookup_code));
        }
        match self {
            Self::Over(answer) => Poll::Ready(answer),
            Self::Underway(_) => Poll::Pending,
        }
    }

    /// The answer, if there is one already. Whoever is told to wait asks again through the pollable, which leaves a waker.
    fn answer(&mut self) -> Option<&mut Answer> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    fn next(&mut self) -> Result<Option<IpAddress>, ErrorCode> {
        match self.answer() {
            Some(Ok(addresses)) => Ok(addresses.next().map(IpAddress::from)),
            Some(Err(code)) => Err(*code),
            None => Err(ErrorCode::WouldBlock),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        poll_fn(|cx| self.poll(cx).map(|_| ())).await;
    }
}

impl Host for SocketsView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<Lookup>> {
        self.check(&network)?;
        let nic = self
            .nic()
            .map_err(|_| ErrorCode::PermanentResolverFailure)?;
        let mut lookup = Lookup::Underway(nic.resolve(&name));
        // What is not a name is the mistake of this call; all else is told by the stream.
        if let Some(Err(code @ ErrorCode::InvalidArgument)) = lookup.answer() {
            return Err((*code).into());
        }
        Ok(self.table.push(lookup)?)
    }
}

impl HostResolveAddressStream for SocketsView<'_> {
    fn resolve_next_address(&mut self, this: Resource<Lookup>) -> SocketResult<Option<IpAddress>> {
        Ok(self.table.get_mut(&this)?.next()?)
    }

    fn subscribe(&mut self, this: Resource<Lookup>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, this)
    }

    fn drop(&mut self, this: Resource<Lookup>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
