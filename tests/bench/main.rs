//! What Sublet costs, each time beside the floor under it: bare wasmtime in the same configuration, and for what is
//! durable the one write that durability takes. Both are measured in the same run, in turns, so the ratio says something
//! on any machine; the absolute numbers only speak of the one they were measured on.
//!
//! ```text
//!   cargo bench -p sublet --bench figures -- [--quick] [throughput] [latency] [density] [idle] [flood] [slowdown]
//!     [requests] [pages] [fanout] [wall] [siege] [soak] [recovery]
//! ```

mod density;
mod fanout;
mod flood;
mod idle;
mod latency;
mod pages;
mod recovery;
mod requests;
mod siege;
mod slowdown;
mod soak;
mod throughput;
mod wall;

mod bare;
mod handler;
mod processes;
mod records;
mod report;
mod server;

use anyhow::bail;

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

const FIGURES: [(&str, Figure); 13] = [
    ("throughput", throughput::measure),
    ("latency", latency::measure),
    ("density", density::measure),
    ("idle", idle::measure),
    ("flood", flood::measure),
    ("slowdown", slowdown::measure),
    ("requests", requests::measure),
    ("pages", pages::measure),
    ("fanout", fanout::measure),
    ("wall", wall::measure),
    ("siege", siege::measure),
    ("soak", soak::measure),
    ("recovery", recovery::measure),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [word, count] = arguments.as_slice()
        && word == density::HOLD
    {
        return density::hold(count.parse()?);
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
                None => {
                    let names = FIGURES.map(|(name, _)| name).join(", ");
                    bail!("there is no figure `{name}`: {names}")
                }
            },
        }
    }
    if chosen.is_empty() {
        chosen = FIGURES.iter().map(|(_, figure)| figure).collect();
    }
    report::machine()?;
    chosen.into_iter().try_for_each(|figure| figure(scale))
}
