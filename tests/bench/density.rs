//! What an instance that sleeps costs in memory: resident pages of the worker and the page tables for them.
//!
//! The floor is a process that holds as many instances of the same module, and nothing else.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use sublet_api::{Limits, SubmitJob};

use crate::bare::Bare;
use crate::report::{self, Pairs};
use crate::server::{Client, Server};
use crate::{Scale, processes};

/// The word that makes this program the process that holds instances.
pub(crate) const HOLD: &str = "--hold-sleepers";

pub(crate) const SLEEP: &str = include_str!("guests/sleep.wat");
const MEMORY_BYTES: usize = 1 << 20;
/// How long they are watched while they sleep.
const WINDOW: Duration = Duration::from_secs(3);
/// How long the instances may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(1_000, 50);
    let mut sizes = Pairs::default();
    let mut front = Vec::new();
    let mut busy = Vec::new();
    for _ in 0..scale.of(3, 1) {
        let ours = sublet(count)?;
        sizes.push(
            kibibytes_each(ours.worker, count),
            kibibytes_each(floor(count)?, count),
        );
        front.push(kibibytes_each(ours.front, count));
        busy.push(ours.busy);
    }
    sizes.show(
        &format!("density: worker memory per sleeping instance, {count} at once"),
        "KiB",
    );
    report::print(&format!(
        "  the front grew by {:.1} KiB per instance",
        report::quantile(&front, 0.5)
    ));
    report::print(&format!(
        "  while all sleep the worker takes {:.2} % of a processor",
        report::quantile(&busy, 0.5) * 100.0
    ));
    Ok(())
}

/// Bytes by which processes grew while all instances but the first came to be.
struct Growth {
    worker: u64,
    front: u64,
    /// The part of a processor that the worker took while all of them slept.
    busy: f64,
}

fn sublet(count: u32) -> anyhow::Result<Growth> {
    let server = Server::configured(&configuration(count)?)?;
    let mut client = server.connect()?;
    let module = client.push(SLEEP)?;
    run_sleepers(&mut client, &module, 1)?;
    let worker = server.worker()?;
    let before = (
        processes::memory_bytes(worker)?,
        processes::memory_bytes(server.process())?,
    );
    run_sleepers(&mut client, &module, count - 1)?;
    let spent = processes::processor_time(worker)?;
    thread::sleep(WINDOW);
    let spent = processes::processor_time(worker)?.saturating_sub(spent);
    Ok(Growth {
        busy: spent.as_secs_f64() / WINDOW.as_secs_f64(),
        worker: processes::memory_bytes(worker)?.saturating_sub(before.0),
        front: processes::memory_bytes(server.process())?.saturating_sub(before.1),
    })
}

/// As many slots as instances, and a few more, whatever the machine.
pub(crate) fn configuration(count: u32) -> anyhow::Result<String> {
    let reserved = 500;
    let offered = u32::try_from(thread::available_parallelism()?.get())? * 1_000 - reserved;
    let millis = (offered / count).max(1);
    Ok(format!(
        "[pool]\nreserve = {{ cpu = 0.{reserved}, memory = \"256MiB\" }}\n\
         [[subcluster]]\nname = \"default\"\nslot = {{ cpu = {}.{:03}, memory = \"{}MiB\" }}\n\
         [defaults.job]\ncpu = 0.001\n",
        millis / 1_000,
        millis % 1_000,
        MEMORY_BYTES >> 20,
    ))
}

/// Starts so many and returns once all of them sleep.
pub(crate) fn run_sleepers(client: &mut Client, module: &str, count: u32) -> anyhow::Result<()> {
    let job = client.submit(&SubmitJob {
        module: module.to_owned(),
        array: Some((0, count - 1)),
        limits: Limits {
            memory_bytes: Some(u64::try_from(MEMORY_BYTES)?),
            timeout_ms: Some(3_600_000),
            ..Limits::default()
        },
        ..SubmitJob::default()
    })?;
    let began = Instant::now();
    loop {
        let tasks = client.job(&job)?.tasks;
        if tasks.running == u64::from(count) {
            // Running is said before the first instruction: the last of them still has to come to its sleep.
            thread::sleep(Duration::from_millis(500));
            return Ok(());
        }
        ensure!(
            began.elapsed() < PATIENCE,
            "not all instances are there: {tasks:?}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// In a process of its own, so that nothing else is in its memory.
fn floor(count: u32) -> anyhow::Result<u64> {
    let output = Command::new(std::env::current_exe()?)
        .args([HOLD, &count.to_string()])
        .output()?;
    ensure!(
        output.status.success(),
        "the floor failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// What that process does: it prints by how many bytes it grew, and ends.
pub(crate) fn hold(count: u32) -> anyhow::Result<()> {
    let bare = Bare::new(SLEEP, count, MEMORY_BYTES)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let sleep = |sleepers: u32| {
        for task in 0..sleepers {
            let bare = bare.clone();
            drop(runtime.spawn(async move { bare.run(task).await }));
        }
        thread::sleep(Duration::from_millis(1_000));
        processes::memory_bytes(std::process::id())
    };
    let before = sleep(1)?;
    let after = sleep(count - 1)?;
    report::print(&after.saturating_sub(before).to_string());
    runtime.shutdown_background();
    Ok(())
}

fn kibibytes_each(bytes: u64, count: u32) -> f64 {
    bytes as f64 / 1024.0 / f64::from(count - 1)
}
