//! How fast guests reach each other over the virtual network, each time beside its floor: the sockets of the host, over
//! the kernel's 127.0.0.1, as wasmtime offers them. One and the same guest is run on both, in one process and in turns.
//!
//! ```text
//!   cargo bench -p sublet-sandbox --features compile --bench network -- [--quick] [figure...]
//!
//!   bulk         bytes per second, with large writes and with small ones
//!   rounds       what one byte there and back takes
//!   connections  connections per second: connect, one byte each way, close
//!   memory       what an idle connection keeps
//! ```
//!
//! A developer's build copies bytes in and out of guests one by one on both sides, so its bulk figures say little.

mod ground;
mod guest;
mod kernel;
mod switch;
mod words;

mod memory;
mod pairs;
mod rates;

#[expect(dead_code, reason = "other benchmarks use the rest of it")]
#[path = "../../../../tests/bench/processes.rs"]
mod processes;
#[expect(dead_code, reason = "other benchmarks use the rest of it")]
#[path = "../../../../tests/bench/report.rs"]
mod report;

use std::thread;

use anyhow::bail;
use tokio::runtime::{Builder, Runtime};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// Enough to mean something.
    Full,
    /// Enough to show that the figure can still be measured.
    Quick,
}

impl Scale {
    fn of<T>(self, full: T, quick: T) -> T {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}

type Figure = fn(Scale) -> anyhow::Result<()>;

const FIGURES: [(&str, Figure); 4] = [
    ("bulk", rates::bulk),
    ("rounds", rates::rounds),
    ("connections", rates::connections),
    ("memory", memory::measure),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [word, kind, count] = arguments.as_slice()
        && word == memory::HOLD
    {
        return memory::hold(kind, count.parse()?);
    }
    let mut scale = Scale::Full;
    let mut chosen = Vec::new();
    for argument in &arguments {
        match argument.as_str() {
            "--quick" => scale = Scale::Quick,
            // What cargo adds.
            "--bench" => {}
            name => match FIGURES.iter().find(|(known, _)| *known == name) {
                Some((_, figure)) => chosen.push(figure),
                None => bail!("there is no figure `{name}`: bulk, rounds, connections, memory"),
            },
        }
    }
    if chosen.is_empty() {
        chosen = FIGURES.iter().map(|(_, figure)| figure).collect();
    }
    report::machine()?;
    report::print(
        "the floor is the same guest with the sockets of the host, over the kernel's 127.0.0.1",
    );
    chosen.into_iter().try_for_each(|figure| figure(scale))
}

/// Threads as a worker has them for its guests: as many as processors.
fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_multi_thread()
        .worker_threads(thread::available_parallelism()?.get())
        .enable_all()
        .build()?)
}
