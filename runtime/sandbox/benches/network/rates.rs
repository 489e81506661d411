//! How fast: bytes per second, a round trip, connections per second, each with one pair of guests, with some and with
//! many at once. The amount is the same for any number of pairs: they share it.

use crate::ground::Ground;
use crate::kernel::Kernel;
use crate::pairs::{Work, time};
use crate::report::Pairs;
use crate::switch::Switch;
use crate::{Scale, guest, runtime};

/// Pairs of guests at once.
const AT_ONCE: [u16; 3] = [1, 10, 100];
/// Both guests of each pair, and a few more: a place is cleaned after its guest has said its last word.
const INSTANCES_MAX: u32 = 208;

/// Bytes per second, with large writes and with small ones.
pub(crate) fn bulk(scale: Scale) -> anyhow::Result<()> {
    for (write_bytes, mebibytes) in [(64 << 10, scale.of(512, 128)), (4 << 10, scale.of(256, 32))] {
        let writes = (mebibytes << 20) / write_bytes;
        measure(scale, |count| {
            let writes = writes / u32::from(count);
            let bytes = f64::from(writes) * f64::from(write_bytes) * f64::from(count);
            Quantity {
                name: format!(
                    "bulk: {mebibytes} MiB in writes of {} KiB",
                    write_bytes >> 10
                ),
                unit: "MiB/s",
                work: Work::Bulk {
                    write_bytes,
                    writes,
                },
                of: Box::new(move |seconds| bytes / f64::from(1 << 20) / seconds),
            }
        })?;
    }
    Ok(())
}

/// What one pair waits for the answer to one byte.
pub(crate) fn rounds(scale: Scale) -> anyhow::Result<()> {
    measure(scale, |count| {
        let rounds = scale.of(20_000, 4_000) / u32::from(count);
        Quantity {
            name: "round trip of one byte, less is better".to_owned(),
            unit: "us",
            work: Work::Rounds(rounds),
            of: Box::new(move |seconds| seconds * 1e6 / f64::from(rounds)),
        }
    })
}

/// Connections per second: connect, one byte each way, close.
pub(crate) fn connections(scale: Scale) -> anyhow::Result<()> {
    measure(scale, |count| {
        let connections = scale.of(4_000, 800) / u32::from(count);
        let all = f64::from(connections) * f64::from(count);
        Quantity {
            name: "connections: connect, one byte each way, close".to_owned(),
            unit: "/s",
            work: Work::Connections(connections),
            of: Box::new(move |seconds| all / seconds),
        }
    })
}

/// What is measured with a number of pairs, and how it follows from the seconds that they took.
struct Quantity {
    name: String,
    unit: &'static str,
    work: Work,
    of: Box<dyn Fn(f64) -> f64>,
}

fn measure(scale: Scale, quantity: impl Fn(u16) -> Quantity) -> anyhow::Result<()> {
    let artifact = guest::artifact()?;
    let runtime = runtime()?;
    let ours = Switch::new(&artifact, INSTANCES_MAX)?;
    let floor = Kernel::new(&artifact, INSTANCES_MAX)?;
    for count in AT_ONCE {
        let Quantity {
            name,
            unit,
            work,
            of,
        } = quantity(count);
        let on = |ground: &dyn Ground| -> anyhow::Result<f64> {
            let took = runtime.block_on(time(ground, work, count))?;
            Ok(of(took.as_secs_f64()))
        };
        let mut pairs = Pairs::default();
        for _ in 0..scale.of(5, 1) {
            pairs.push(on(&ours)?, on(&floor)?);
        }
        let guests = if count == 1 { "pair" } else { "pairs" };
        pairs.show(&format!("{name}, {count} {guests} of guests"), unit);
    }
    Ok(())
}
