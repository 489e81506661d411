//! One user's virtual network, as much of it as lies in this process: who is on it, under which names, what reaches whom.
//!
//! Knows nothing of wasmtime, of frames and of other users: there is one network, and no path to another. It makes no
//! socket: whoever leaves the network goes through [`Outside`].
//!
//! ```text
//!  Nic ── route ─┬─ Local      127.0.0.0/8, ::1, its own addresses
//!                ├─ Virtual    another nic of this network, in this process: two pipes
//!                ├─ Outside    a sibling process of this user, or the world: a carrier, spliced with two pipes
//!                └─ Deny       with the reason that a user reads
//! ```
//!
//! * [`Network`] knows who is attached, by address and by name.
//! * [`Nic`] is the place of one instance: ports, sockets, lookups, limits, counters. What it holds goes with it.
//! * [`Connection`], [`Listener`] and [`Mailbox`] are what sockets are made of. None of them keeps a nic alive.
//! * [`policy`] says what may be dialled; the process that dials asks the same code once more.
//! * [`Allocator`] and [`Directory`] are for the front, which gives out addresses and knows who is where.

#![deny(clippy::indexing_slicing)]

mod network;
mod nic;
mod terms;

mod outside;
mod refusal;
mod route;

mod connection;
mod listener;
mod mailbox;
mod pipe;
mod places;
mod ports;
mod splice;

pub mod names;
pub mod policy;
mod range;
mod synthetic;

mod lock;
mod meter;
mod rate;

mod addresses;
mod directory;

pub use addresses::{Allocator, NoAddress};
pub use connection::{Connection, Ended, Sink, Source, Stream};
pub use directory::{Directory, Taken};
pub use listener::Listener;
pub use mailbox::{Datagram, Mailbox};
pub use meter::{Meter, Usage};
pub use network::{Census, Network};
pub use nic::Nic;
pub use outside::{Carrier, DatagramCarrier, Dialled, DialledDatagrams, Outside, Pending, Target};
pub use places::Place;
pub use ports::Port;
pub use range::Range;
pub use refusal::{AttachError, Denial, DenialReason, LookupError, Refusal};
pub use terms::{Addresses, Family, Limits, Plan, Protocol, Terms};
