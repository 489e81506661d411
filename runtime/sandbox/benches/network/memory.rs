//! What an open connection costs in memory while nothing is sent over it: resident pages of the process and the page
//! tables for them, for both ends together, with what the two guests keep for it in their own memories.
//!
//! The floor is a process with the sockets of the host. What the kernel keeps for them, which is more, is in no process
//! and is not counted: ours is all there is, the floor is a part.

use std::process::Command;

use anyhow::{bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::ground::{Ground, Running};
use crate::kernel::Kernel;
use crate::pairs::words;
use crate::report::{self, Pairs};
use crate::switch::Switch;
use crate::{Scale, guest, processes, runtime};

/// The word that makes this program the process that holds connections.
pub(crate) const HOLD: &str = "--hold-connections";

const OURS: &str = "virtual";
const FLOOR: &str = "real";
/// Connections that are there before it is measured, so that what is made once is made.
const FIRST: u32 = 100;
const INSTANCES_MAX: u32 = 4;

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(1_000, 200);
    let mut sizes = Pairs::default();
    for _ in 0..scale.of(5, 1) {
        sizes.push(kibibytes_each(OURS, count)?, kibibytes_each(FLOOR, count)?);
    }
    sizes.show(
        &format!("memory: one of {count} idle connections, both ends, less is better"),
        "KiB",
    );
    report::print("  resident pages and page tables of the process; what the kernel keeps for the");
    report::print("  sockets of the floor is in no process and is not counted");
    Ok(())
}

/// In a process of its own, so that nothing else is in its memory.
fn kibibytes_each(kind: &str, count: u32) -> anyhow::Result<f64> {
    let output = Command::new(std::env::current_exe()?)
        .args([HOLD, kind, &count.to_string()])
        .output()?;
    ensure!(
        output.status.success(),
        "connections are not held: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(bytes / 1024.0 / f64::from(count))
}

/// What that process does: it prints by how many bytes it grew, and ends.
pub(crate) fn hold(kind: &str, count: u32) -> anyhow::Result<()> {
    allow_descriptors()?;
    let artifact = guest::artifact()?;
    let ground: Box<dyn Ground> = match kind {
        OURS => Box::new(Switch::new(&artifact, INSTANCES_MAX)?),
        FLOOR => Box::new(Kernel::new(&artifact, INSTANCES_MAX)?),
        _ => bail!("there are connections on `{OURS}` and on `{FLOOR}` ground"),
    };
    drop(artifact);
    let runtime = runtime()?;
    let grown = runtime.block_on(growth(&*ground, count))?;
    report::print(&grown.to_string());
    runtime.shutdown_background();
    Ok(())
}

async fn growth(ground: &dyn Ground, count: u32) -> anyhow::Result<u64> {
    let at = format!("{}:0", ground.address(0));
    let mut server = Running::start(ground, 0, words(&["keep", &at], &[FIRST + count]))?;
    let (_, at) = server.line().await?;
    let mut client = Running::start(ground, 1, words(&["open", &at], &[FIRST, count]))?;
    client.says("ready").await?;
    let before = processes::memory_bytes(std::process::id())?;
    client.go_on().await?;
    client.says("done").await?;
    let after = processes::memory_bytes(std::process::id())?;
    Ok(after.saturating_sub(before))
}

/// Real sockets are descriptors, two for a connection. As many as may be.
fn allow_descriptors() -> anyhow::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    )?;
    Ok(())
}
