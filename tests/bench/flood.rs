//! How long small jobs take while one user's flood of long ones fills the host: all slots in one sub-cluster, and the same
//! slots in eight, one of which is for small jobs.
//!
//! The floor is the same small jobs, on the same division, without the flood.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sublet_api::{Job, Limits, SubmitJob};

use crate::Scale;
use crate::report::{Pairs, quantile};
use crate::server::{Client, Server};

const SMALL: &str = include_str!("guests/noop.wat");
/// A tenth of a second in which it only waits, so that slots are what is short, and not processors.
const LONG: &str = include_str!("guests/wait.wat");
/// Slots of the host.
const SLOTS: u32 = 16;
/// What tells small jobs from long ones.
const SMALL_TIMEOUT_MS: u64 = 1_000;
const LONG_TIMEOUT_MS: u64 = 600_000;
/// Between two small jobs.
const PACE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    for subclusters in [1, 8] {
        let (mut medians, mut slow) = (Pairs::default(), Pairs::default());
        for _ in 0..scale.of(3, 1) {
            let quiet = latencies(subclusters, 0, scale)?;
            let flooded = latencies(subclusters, scale.of(800, 64), scale)?;
            medians.push(quantile(&flooded, 0.5), quantile(&quiet, 0.5));
            slow.push(quantile(&flooded, 0.99), quantile(&quiet, 0.99));
        }
        let what = format!(
            "flood: small jobs beside long ones, {SLOTS} slots, sub-clusters: {subclusters}"
        );
        medians.show(&format!("{what}, median"), "ms");
        slow.show(&format!("{what}, slowest of 100"), "ms");
    }
    Ok(())
}

/// Milliseconds from the submission of each small job to its end, as the records have it.
fn latencies(subclusters: u32, flood: u32, scale: Scale) -> anyhow::Result<Vec<f64>> {
    let server = Server::configured(&configuration(subclusters))?;
    let mut client = server.connect()?;
    let (small, long) = (client.push(SMALL)?, client.push(LONG)?);
    let warm = client.submit(&job(&small, SMALL_TIMEOUT_MS, 1))?;
    client.wait(&warm)?;
    if flood > 0 {
        let flood = client.submit(&job(&long, LONG_TIMEOUT_MS, flood))?;
        until_running(&mut client, &flood)?;
    }
    let mut jobs = Vec::new();
    for _ in 0..scale.of(100, 10) {
        jobs.push(client.submit(&job(&small, SMALL_TIMEOUT_MS, 1))?);
        thread::sleep(PACE);
    }
    jobs.iter().map(|job| took(&client.wait(job)?)).collect()
}

fn job(module: &str, timeout_ms: u64, tasks: u32) -> SubmitJob {
    SubmitJob {
        module: module.to_owned(),
        array: (tasks > 1).then(|| (0, tasks - 1)),
        limits: Limits {
            timeout_ms: Some(timeout_ms),
            ..Limits::default()
        },
        ..SubmitJob::default()
    }
}

fn until_running(client: &mut Client, flood: &Job) -> anyhow::Result<()> {
    let began = Instant::now();
    while client.job(flood)?.tasks.running == 0 {
        ensure!(began.elapsed() < PATIENCE, "the flood does not begin");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn took(job: &Job) -> anyhow::Result<f64> {
    ensure!(
        job.tasks.succeeded == 1,
        "a small job did not succeed: {job:?}"
    );
    let finished_at = job.finished_at.context("a finished job has an end")?;
    let took: Duration = finished_at.duration_since(job.submitted_at).try_into()?;
    Ok(took.as_secs_f64() * 1e3)
}

/// A node for each sub-cluster, with its part of the slots. The first is for small jobs where there is more than one.
fn configuration(subclusters: u32) -> String {
    let slots = SLOTS / subclusters;
    let mut text = format!(
        "[pool]\nreserve = {{ cpu = 0.5, memory = \"256MiB\" }}\nnodes = [{{ count = {subclusters}, cpu = 0.{:03}, \
         memory = \"{}MiB\" }}]\n",
        slots * 50,
        slots * 64,
    );
    for number in 0..subclusters {
        text.push_str(&format!(
            "[[subcluster]]\nname = \"part-{number}\"\nslot = {{ cpu = 0.05, memory = \"64MiB\" }}\n\
             nodes = {{ max = 1 }}\n"
        ));
        if subclusters > 1 {
            let order = if number == 0 { "<=" } else { ">" };
            text.push_str(&format!(
                "accept = 'job.timeout {order} {SMALL_TIMEOUT_MS}ms'\n"
            ));
        }
    }
    text
}
