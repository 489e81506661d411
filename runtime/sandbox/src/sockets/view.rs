//! What the functions of sockets may touch of an instance: its place on the network and its table of resources.

use std::io;

use sublet_network::{Nic, Place};
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, Host, HostNetwork};
use wasmtime_wasi::p2::{IoError, Network, SocketError};

use crate::sockets::refusals::code;
use crate::state::State;

/// Names [`SocketsView`] to the linker.
pub(crate) struct Sockets;

impl HasData for Sockets {
    type Data<'a> = SocketsView<'a>;
}

pub(crate) struct SocketsView<'a> {
    nic: Option<&'a Nic>,
    pub(crate) table: &'a mut ResourceTable,
}

impl State {
    pub(crate) fn network(&mut self) -> SocketsView<'_> {
        SocketsView {
            nic: self.reach.nic(),
            table: self.wasi.ctx().table,
        }
    }
}

impl<'a> SocketsView<'a> {
    /// The nic; without one nothing of the network is to be had.
    pub(crate) fn nic(&self) -> Result<&'a Nic, ErrorCode> {
        self.nic.ok_or(ErrorCode::AccessDenied)
    }

    /// Room for one more socket.
    pub(crate) fn place(&self) -> Result<Place, ErrorCode> {
        self.nic()?.place().map_err(|refusal| code(&refusal))
    }

    /// A guest shows its handle of the network wherever it wants to use it. The handle allows nothing: the nic does.
    pub(crate) fn check(&self, network: &Resource<Network>) -> Result<(), SocketError> {
        self.table.get(network)?;
        Ok(())
    }
}

/// The generated traits turn errors into codes with this. It is not linked: guests get wasmtime's own.
impl Host for SocketsView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        error: Resource<IoError>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error: Option<&io::Error> = self.table.get(&error)?.downcast_ref();
        Ok(error.map(ErrorCode::from))
    }
}

impl HostNetwork for SocketsView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}
