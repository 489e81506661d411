//! `wasi:sockets/tcp` and `tcp-create-socket`: from handles to sockets, and nothing else.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{IpAddressFamily, IpSocketAddress};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, Network, SocketResult, subscribe,
};

use crate::sockets::bindings::wasi::sockets::tcp::{Host, HostTcpSocket, ShutdownType};
use crate::sockets::bindings::wasi::sockets::tcp_create_socket;
use crate::sockets::streams::{Reader, Writer};
use crate::sockets::tcp::Tcp;
use crate::sockets::view::SocketsView;
use crate::sockets::{addresses, options};

type Socket = Resource<Tcp>;
type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

impl tcp_create_socket::Host for SocketsView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Socket> {
        let place = self.place()?;
        let socket = Tcp::new(addresses::from_guest(family), place);
        Ok(self.table.push(socket)?)
    }
}

impl SocketsView<'_> {
    /// Streams are children of their socket: it cannot be dropped before them.
    fn push_streams(
        &mut self,
        this: &Socket,
        reader: Reader,
        writer: Writer,
    ) -> SocketResult<Streams> {
        let reader: DynInputStream = Box::new(reader);
        let writer: DynOutputStream = Box::new(writer);
        Ok((
            self.table.push_child(reader, this)?,
            self.table.push_child(writer, this)?,
        ))
    }
}

impl Host for SocketsView<'_> {}

impl HostTcpSocket for SocketsView<'_> {
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

    fn start_connect(
        &mut self,
        this: Socket,
        network: Resource<Network>,
        remote_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.check(&network)?;
        let nic = self.nic()?;
        Ok(self
            .table
            .get_mut(&this)?
            .start_connect(nic, remote_address)?)
    }

    fn finish_connect(&mut self, this: Socket) -> SocketResult<Streams> {
        let (reader, writer) = self.table.get_mut(&this)?.finish_connect()?;
        self.push_streams(&this, reader, writer)
    }

    fn start_listen(&mut self, this: Socket) -> SocketResult<()> {
        let nic = self.nic()?;
        Ok(self.table.get_mut(&this)?.start_listen(nic)?)
    }

    fn finish_listen(&mut self, this: Socket) -> SocketResult<()> {
        Ok(self.table.get_mut(&this)?.finish_listen()?)
    }

    fn accept(
        &mut self,
        this: Socket,
    ) -> SocketResult<(Socket, Resource<DynInputStream>, Resource<DynOutputStream>)> {
        let connection = self.table.get_mut(&this)?.next()?;
        let place = self.place()?;
        let (socket, reader, writer) = self.table.get(&this)?.accepted(connection, place);
        let socket = self.table.push(socket)?;
        let (reader, writer) = self.push_streams(&socket, reader, writer)?;
        Ok((socket, reader, writer))
    }

    fn local_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.table.get(&this)?.local()?.into())
    }

    fn remote_address(&mut self, this: Socket) -> SocketResult<IpSocketAddress> {
        Ok(self.table.get(&this)?.peer()?.into())
    }

    fn is_listening(&mut self, this: Socket) -> wasmtime::Result<bool> {
        Ok(self.table.get(&this)?.is_listening())
    }

    fn address_family(&mut self, this: Socket) -> wasmtime::Result<IpAddressFamily> {
        Ok(addresses::to_guest(self.table.get(&this)?.family))
    }

    fn set_listen_backlog_size(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        let backlog = options::backlog(value)?;
        Ok(self.table.get_mut(&this)?.set_backlog(backlog)?)
    }

    fn keep_alive_enabled(&mut self, this: Socket) -> SocketResult<bool> {
        Ok(self.table.get(&this)?.keep_alive.enabled)
    }

    fn set_keep_alive_enabled(&mut self, this: Socket, value: bool) -> SocketResult<()> {
        self.table.get_mut(&this)?.keep_alive.enabled = value;
        Ok(())
    }

    fn keep_alive_idle_time(&mut self, this: Socket) -> SocketResult<u64> {
        Ok(self.table.get(&this)?.keep_alive.idle_ns)
    }

    fn set_keep_alive_idle_time(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.table.get_mut(&this)?.keep_alive.idle_ns = options::keep_alive_ns(value)?;
        Ok(())
    }

    fn keep_alive_interval(&mut self, this: Socket) -> SocketResult<u64> {
        Ok(self.table.get(&this)?.keep_alive.interval_ns)
    }

    fn set_keep_alive_interval(&mut self, this: Socket, value: u64) -> SocketResult<()> {
        self.table.get_mut(&this)?.keep_alive.interval_ns = options::keep_alive_ns(value)?;
        Ok(())
    }

    fn keep_alive_count(&mut self, this: Socket) -> SocketResult<u32> {
        Ok(self.table.get(&this)?.keep_alive.probes)
    }

    fn set_keep_alive_count(&mut self, this: Socket, value: u32) -> SocketResult<()> {
        self.table.get_mut(&this)?.keep_alive.probes = options::keep_alive_probes(value)?;
        Ok(())
    }

    fn hop_limit(&mut self, this: Socket) -> SocketResult<u8> {
        Ok(self.table.get(&this)?.options.hop_limit)
    }

    fn set_hop_limit(&mut self, this: Socket, value: u8) -> SocketResult<()> {
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

    fn shutdown(&mut self, this: Socket, direction: ShutdownType) -> SocketResult<()> {
        let directions = self.table.get(&this)?.directions()?;
        if matches!(direction, ShutdownType::Receive | ShutdownType::Both) {
            directions.shut_receiving();
        }
        if matches!(direction, ShutdownType::Send | ShutdownType::Both) {
            directions.shut_sending();
        }
        Ok(())
    }

    fn drop(&mut self, this: Socket) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
