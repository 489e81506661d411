//! A hostile world from the outside: one kind of attack after the other on the built binary, while a neighbour works.
//!
//! Each case names a limit. [`besiege`](siege::besiege) has an attacker run into it, several times at once, and looks at
//! the whole server: the limit acted, its counter moved, another user's jobs and questions were answered all the while,
//! and everything that was taken is back. What a limit does in detail is tested beside the code that keeps it.

#[cfg(test)]
#[path = "../harness/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the plumbing is that of the other tests, which use more of it"
)]
mod harness;

#[cfg(test)]
#[path = "../../runtime/sandbox/tests/sandbox/guests.rs"]
#[expect(
    dead_code,
    reason = "the guests are those of the sandbox's tests, which use more of them"
)]
mod text;

#[cfg(test)]
mod held;
#[cfg(test)]
mod neighbour;
#[cfg(test)]
mod siege;

#[cfg(test)]
mod planted;

#[cfg(test)]
mod api;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod compile;
#[cfg(test)]
mod cpu;
#[cfg(test)]
mod crossing;
#[cfg(test)]
mod filesystem;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod job_interface;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod scheduler;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod stdio;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod upload;
