//! A million short tasks with every kind of end: what the server's processes hold on to afterwards.
//!
//! Nothing is timed. After each round the server is idle and what it has is counted: descriptors, threads, memory,
//! processes, files. The floor of each count is the same after the first round, when every cache is warm.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::process::{Pid, Signal, kill_process};
use sublet_api::{Job, Limits, Restart, SubmitJob, TaskCounts};

use crate::report::{self, Pairs};
use crate::server::{Client, Server};
use crate::{Scale, processes};

/// How long a round may take to be over.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(20);
/// Tasks that sleep until somebody ends them.
const SLEEPERS: u32 = 10;

/// An array whose tasks all end in one way.
struct Kind {
    name: &'static str,
    wat: &'static str,
    /// Of a thousand tasks.
    share: u32,
    limits: Limits,
    count: fn(&TaskCounts) -> u64,
}

const SMALL: Limits = Limits {
    cpu_millis: None,
    memory_bytes: Some(1 << 20),
    timeout_ms: None,
    cpu_time_ms: None,
    output_bytes: None,
    scratch_bytes: None,
    open_files: None,
};

const KINDS: [Kind; 6] = [
    Kind {
        name: "succeeded",
        wat: include_str!("guests/noop.wat"),
        share: 597,
        limits: SMALL,
        count: |tasks| tasks.succeeded,
    },
    Kind {
        name: "failed",
        wat: include_str!("guests/fail.wat"),
        share: 200,
        limits: SMALL,
        count: |tasks| tasks.failed,
    },
    Kind {
        name: "trapped",
        wat: include_str!("guests/trap.wat"),
        share: 100,
        limits: SMALL,
        count: |tasks| tasks.trapped,
    },
    Kind {
        name: "without memory",
        wat: include_str!("guests/hoard.wat"),
        share: 100,
        limits: SMALL,
        count: |tasks| tasks.limit_exceeded,
    },
    Kind {
        name: "out of processor time",
        wat: include_str!("guests/spin.wat"),
        share: 1,
        limits: Limits {
            cpu_time_ms: Some(1),
            ..SMALL
        },
        count: |tasks| tasks.limit_exceeded,
    },
    Kind {
        name: "out of wall time",
        wat: include_str!("guests/sleep.wat"),
        share: 2,
        limits: Limits {
            timeout_ms: Some(50),
            ..SMALL
        },
        count: |tasks| tasks.limit_exceeded,
    },
];

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let tasks_of_a_round = scale.of(100_000, 1_000);
    let server = Server::start()?;
    let mut client = server.connect()?;
    let mut first = None;
    let mut sums = 0;
    let mut drift: [Pairs; Held::NAMES.len()] = Default::default();
    for round in 0..scale.of(11, 2) {
        sums += arrays(&mut client, tasks_of_a_round)?;
        let held = Held::by(&server)?;
        let before = *first.get_or_insert(held);
        report::print(&format!("soak: after {sums} tasks: {held:?}"));
        if round > 0 {
            for (pairs, (now, then)) in drift.iter_mut().zip(held.0.into_iter().zip(before.0)) {
                pairs.push(now, then);
            }
        }
        // Last, because the next round has another worker.
        sums += sleepers(&server, &mut client, round)?;
    }
    for (name, pairs) in Held::NAMES.into_iter().zip(drift) {
        pairs.show(
            &format!("soak: {name}, after each round and after the first"),
            "",
        );
    }
    Ok(())
}

/// One array of each kind, all at once; returns how many tasks came to their end.
fn arrays(client: &mut Client, tasks: u32) -> anyhow::Result<u64> {
    let mut jobs = Vec::new();
    for kind in &KINDS {
        let count = (tasks / 1_000 * kind.share).max(1);
        let job = SubmitJob {
            module: client.push(kind.wat)?,
            array: Some((0, count - 1)),
            limits: kind.limits,
            ..SubmitJob::default()
        };
        jobs.push((kind, client.submit(&job)?));
    }
    let mut sum = 0;
    for (kind, job) in jobs {
        let counts = finished(client, &job)?;
        ensure!(
            (kind.count)(&counts) == counts.total,
            "not all are {}: {counts:?}",
            kind.name
        );
        sum += counts.total;
    }
    Ok(sum)
}

/// Some that are cancelled, and some that are lost with their worker: of another module in each round, for one whose workers
/// die again and again is in quarantine.
fn sleepers(server: &Server, client: &mut Client, round: u32) -> anyhow::Result<u64> {
    let marked = format!("(module (data (i32.const 1024) \"round {round}\")");
    let asleep = SubmitJob {
        module: client.push(&include_str!("guests/sleep.wat").replacen("(module", &marked, 1))?,
        array: Some((0, SLEEPERS - 1)),
        limits: SMALL,
        restart: Some(Restart::Never),
        ..SubmitJob::default()
    };
    let job = running(client, &asleep)?;
    client.post(&format!("/v1/jobs/{}/cancel", job.id), b"{}")?;
    let counts = finished(client, &job)?;
    ensure!(
        counts.cancelled == counts.total,
        "not all are cancelled: {counts:?}"
    );
    let job = running(client, &asleep)?;
    let worker = i32::try_from(server.worker()?)?;
    if let Some(worker) = Pid::from_raw(worker) {
        kill_process(worker, Signal::KILL)?;
    }
    let lost = finished(client, &job)?;
    ensure!(lost.lost == lost.total, "not all are lost: {lost:?}");
    Ok(counts.total + lost.total)
}

fn running(client: &mut Client, job: &SubmitJob) -> anyhow::Result<Job> {
    let job = client.submit(job)?;
    until(client, &job, |job| job.tasks.running == u64::from(SLEEPERS))?;
    Ok(job)
}

fn finished(client: &mut Client, job: &Job) -> anyhow::Result<TaskCounts> {
    until(client, job, |job| job.end.is_some())
}

fn until(
    client: &mut Client,
    job: &Job,
    holds: impl Fn(&Job) -> bool,
) -> anyhow::Result<TaskCounts> {
    let began = Instant::now();
    loop {
        let now = client.job(job)?;
        if holds(&now) {
            return Ok(now.tasks);
        }
        ensure!(began.elapsed() < PATIENCE, "nothing moves: {now:?}");
        thread::sleep(PAUSE);
    }
}

/// What an idle server holds.
#[derive(Clone, Copy)]
struct Held([f64; 8]);

impl Held {
    const NAMES: [&'static str; 8] = [
        "descriptors of the front",
        "descriptors of the worker",
        "threads of the front",
        "threads of the worker",
        "MiB of the front",
        "MiB of the worker",
        "processes",
        "files",
    ];

    fn by(server: &Server) -> anyhow::Result<Self> {
        let (front, worker) = (server.process(), server.worker()?);
        let entries = |path: String| -> anyhow::Result<f64> {
            Ok(f64::from(u32::try_from(fs::read_dir(path)?.count())?))
        };
        let mebibytes = |process| -> anyhow::Result<f64> {
            Ok(processes::memory_bytes(process)? as f64 / f64::from(1 << 20))
        };
        Ok(Self([
            entries(format!("/proc/{front}/fd"))?,
            entries(format!("/proc/{worker}/fd"))?,
            entries(format!("/proc/{front}/task"))?,
            entries(format!("/proc/{worker}/task"))?,
            mebibytes(front)?,
            mebibytes(worker)?,
            f64::from(processes::children(front)?),
            f64::from(files(&server.data())?),
        ]))
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = self.0.map(f64::round);
        f.debug_map()
            .entries(Self::NAMES.into_iter().zip(rounded))
            .finish()
    }
}

/// All below a folder that are no folders.
fn files(folder: &Path) -> anyhow::Result<u32> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        count += if entry.file_type()?.is_dir() {
            files(&entry.path())?
        } else {
            1
        };
    }
    Ok(count)
}
