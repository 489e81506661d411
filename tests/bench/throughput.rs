//! No-op tasks per second of one large array, from its acknowledgement to its end: durable, front and worker included.
//!
//! The floor runs the same module on as many threads and records one row per task, many rows per commit.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sublet_api::Job;

use crate::bare::{self, Bare};
use crate::report::{self, Pairs, quantile};
use crate::server::Server;
use crate::{Scale, processes, records, server};

const NOOP: &str = include_str!("guests/noop.wat");
/// Records on their way to the disk.
const WAITING_MAX: usize = 4096;

/// All of the host in one sub-cluster, its slots as large as a job that says nothing.
const UNDIVIDED: &str = r#"
[[subcluster]]
name = "whole"
slot = { cpu = 0.05, memory = "64MiB" }
"#;

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    measure_on("", "as the server divides the host", scale)?;
    measure_on(UNDIVIDED, "in one sub-cluster", scale)
}

fn measure_on(configuration: &str, where_it_runs: &str, scale: Scale) -> anyhow::Result<()> {
    let tasks = scale.of(100_000, 2_000);
    let server = Server::configured(configuration)?;
    let module = server.file("noop.wat", NOOP)?;
    server.submit_and_wait(&[&module])?;
    let threads = u32::try_from(thread::available_parallelism()?.get())?;
    let bare = Bare::new(NOOP, threads, 64 << 20)?;

    let (mut rates, mut front, mut worker) = (Pairs::default(), Vec::new(), Vec::new());
    for _ in 0..scale.of(5, 1) {
        let before = Spent::so_far(&server)?;
        let job = server.submit_and_wait(&["--array", &format!("0-{}", tasks - 1), &module])?;
        let spent = Spent::so_far(&server)?.since(before);
        ensure!(
            job.tasks.succeeded == u64::from(tasks),
            "not all tasks succeeded: {:?}",
            job.tasks
        );
        front.push(spent.front.as_secs_f64() * 1e6 / f64::from(tasks));
        worker.push(spent.worker.as_secs_f64() * 1e6 / f64::from(tasks));
        rates.push(
            f64::from(tasks) / duration(&job)?.as_secs_f64(),
            f64::from(tasks) / floor(&bare, tasks, threads)?.as_secs_f64(),
        );
    }
    rates.show(
        &format!("throughput: no-op tasks of an array of {tasks}, {where_it_runs}"),
        "tasks/s",
    );
    report::print(&format!(
        "  processor time per task: front {:.1} us, worker {:.1} us",
        quantile(&front, 0.5),
        quantile(&worker, 0.5),
    ));
    Ok(())
}

/// From its submission to its end.
pub(crate) fn duration(job: &Job) -> anyhow::Result<Duration> {
    let finished_at = job.finished_at.context("a finished job has an end")?;
    Ok(finished_at.duration_since(job.submitted_at).try_into()?)
}

fn floor(bare: &Bare, tasks: u32, threads: u32) -> anyhow::Result<Duration> {
    let directory = server::directory()?;
    let began = Instant::now();
    thread::scope(|scope| {
        let (done, finished) = mpsc::sync_channel(WAITING_MAX);
        let file = directory.path().join("records.sqlite");
        let writer = scope.spawn(move || records::keep(Path::new(&file), &finished));
        let guests: Vec<_> = (0..threads)
            .map(|first| {
                let done = done.clone();
                scope.spawn(move || -> anyhow::Result<()> {
                    bare::runtime()?.block_on(async {
                        for task in (first..tasks).step_by(usize::try_from(threads)?) {
                            bare.run(task).await?;
                            done.send(task)?;
                        }
                        Ok(())
                    })
                })
            })
            .collect();
        drop(done);
        for guest in guests {
            guest.join().expect("no guest thread panics")?;
        }
        writer.join().expect("the writer does not panic")?;
        Ok(began.elapsed())
    })
}

/// Processor time of the server's processes.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    front: Duration,
    worker: Duration,
}

impl Spent {
    fn so_far(server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            front: processes::processor_time(server.process())?,
            worker: processes::processor_time(server.worker()?)?,
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            front: self.front.saturating_sub(before.front),
            worker: self.worker.saturating_sub(before.worker),
        }
    }
}
