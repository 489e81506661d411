//! One user's network as its instances see it, without sockets and without wasm.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this is tests, also what lies outside of the functions that are marked so"
)]

mod abuse;
mod apart;
mod carriers;
mod connecting;
mod datagrams;
mod egress;
mod front;
mod limits;
mod lookups;
mod patterns;
mod ports;
mod release;
mod streams;
mod support;
mod threads;
mod tidy;
