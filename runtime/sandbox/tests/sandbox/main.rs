//! The sandbox from outside: one guest for each limit, each attack and each way to end, with the exact outcome and the
//! counter that moved.
#![cfg(feature = "compile")]
#![expect(clippy::unwrap_used, reason = "what cannot be done fails the test")]

mod guests;
mod harness;

mod commands;
mod components;
mod traps;

mod handles;
mod memory;
mod tables;

mod scratch;
mod streams;
mod time;

mod directories;
mod stop;

mod fairness;
mod gate;
mod load;
mod reuse;
mod shares;

mod networks;

mod datagrams;
mod reach;
mod tcp;

mod answers;
mod requests;
mod tls;
mod web;

mod floor;
