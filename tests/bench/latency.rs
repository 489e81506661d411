//! How long one warm no-op job takes over the socket, from the first byte of its submission to the last of the answer
//! that it is over.
//!
//! The floor is one durable record in a file and one instance.

use std::time::{Duration, Instant};

use sublet_api::SubmitJob;

use crate::bare::{self, Bare};
use crate::records::Journal;
use crate::report::{self, Pairs, quantile};
use crate::server::{Client, Server};
use crate::{Scale, server};

const NOOP: &str = include_str!("guests/noop.wat");

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let jobs = scale.of(500, 20);
    let server = Server::start()?;
    let mut client = server.connect()?;
    let job = SubmitJob {
        module: client.push(NOOP)?,
        ..SubmitJob::default()
    };
    let directory = server::directory()?;
    let mut journal = Journal::create(&directory.path().join("journal"))?;
    let bare = Bare::new(NOOP, 1, 64 << 20)?;
    let runtime = bare::runtime()?;

    let mut medians = Pairs::default();
    let mut slow = Pairs::default();
    // The first jobs of all start the worker and fill caches.
    repeated(20, || submit_and_wait(&mut client, &job))?;
    for _ in 0..scale.of(5, 1) {
        let ours = repeated(jobs, || submit_and_wait(&mut client, &job))?;
        let floor = repeated(jobs, || {
            journal.append()?;
            runtime.block_on(bare.run(0)).map(drop)
        })?;
        medians.push(quantile(&ours, 0.5), quantile(&floor, 0.5));
        slow.push(quantile(&ours, 0.99), quantile(&floor, 0.99));
    }
    medians.show(
        &format!("latency: a warm no-op job, median of {jobs}"),
        "us",
    );
    slow.show(
        &format!("latency: the same, the slowest of 100 among {jobs}"),
        "us",
    );
    report::print("  the floor is one 300-byte record made durable, and one instance");
    Ok(())
}

pub(crate) fn submit_and_wait(client: &mut Client, job: &SubmitJob) -> anyhow::Result<()> {
    let submitted = client.submit(job)?;
    let finished = client.wait(&submitted)?;
    anyhow::ensure!(
        finished.tasks.succeeded == 1,
        "the job did not succeed: {finished:?}"
    );
    Ok(())
}

/// Microseconds of each call.
pub(crate) fn repeated(
    times: u32,
    mut act: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<f64>> {
    let timed = |_| {
        let began = Instant::now();
        act()?;
        Ok(micros(began.elapsed()))
    };
    (0..times).map(timed).collect()
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
