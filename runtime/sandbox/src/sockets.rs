//! Sockets of a guest: the five interfaces of `wasi:sockets` 0.2 that hold state, over the nic of its instance.
//!
//! ```text
//!   guest ── tcp, udp, ip-name-lookup ──► Tcp, Udp, Lookup ──► Nic ──► who else is on the network, or what lies beyond
//!              │ finish-connect, accept, stream                 │
//!              └──► Reader and Writer, Incoming and Outgoing ───┘   children of their socket in the table of resources
//! ```
//!
//! Here are the states of the standard and its error codes; what reaches whom is decided by the network alone. No
//! function waits: what takes time is a future, which is polled by its `finish-` function and by the socket's pollable.
//! No socket of the host is made, and nothing that could make one is linked.

mod bindings;
mod view;

mod addresses;
mod options;
mod refusals;

mod streams;
mod tcp;
mod tcp_host;

mod datagrams;
mod udp;

mod lookup;

#[cfg(test)]
mod tests;

use wasmtime::Result;
use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::sockets::{instance_network, network};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};

use crate::state::State;
use bindings::wasi::sockets::{ip_name_lookup, tcp_create_socket, udp_create_socket};
use bindings::wasi::sockets::{tcp as tcp_interface, udp as udp_interface};
use view::Sockets;

/// Adds all seven interfaces. Of wasmtime's own are the two that hold nothing: types, and a handle that allows nothing.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    network::add_to_linker::<State, WasiSockets>(
        linker,
        &network::LinkOptions::default(),
        State::sockets,
    )?;
    instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    tcp_interface::add_to_linker::<State, Sockets>(linker, State::network)?;
    tcp_create_socket::add_to_linker::<State, Sockets>(linker, State::network)?;
    udp_interface::add_to_linker::<State, Sockets>(linker, State::network)?;
    udp_create_socket::add_to_linker::<State, Sockets>(linker, State::network)?;
    ip_name_lookup::add_to_linker::<State, Sockets>(linker, State::network)
}
