//! What a neighbour notices of an attacker who has all slots but one: how long a small job of another user takes, and an
//! answer of the API, while each kind of hostile guest runs.
//!
//! The floor is the same neighbour, on the same server, without the attacker, in turns.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use sublet_api::{Job, SubmitJob};

use crate::Scale;
use crate::latency::{repeated, submit_and_wait};
use crate::report::{Pairs, quantile};
use crate::server::{Client, Server};

const NOOP: &str = include_str!("guests/noop.wat");
/// Slots of the host, of which the attacker may have all but one.
const SLOTS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two rounds of a neighbour, who is no attacker.
const PACE: Duration = Duration::from_millis(10);

/// What an attacker's guest does for as long as it is let.
struct Kind {
    name: &'static str,
    /// The body of its `_start`.
    body: &'static str,
    /// More tasks than there are slots: each is over at once.
    many: bool,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "computing",
        body: "(loop (br 0))",
        many: false,
    },
    Kind {
        name: "filling memory",
        body: "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 62914560)) (br 0))",
        many: false,
    },
    Kind {
        name: "calling the host",
        body: "(loop (drop (call $sched_yield)) (br 0))",
        many: false,
    },
    Kind {
        name: "drawing random bytes",
        body: "(loop (drop (call $random_get (i32.const 0) (i32.const 65536))) (br 0))",
        many: false,
    },
    Kind {
        name: "writing output",
        body: "(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 60000))
            (loop (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))",
        many: false,
    },
    Kind {
        name: "trapping",
        body: "unreachable",
        many: true,
    },
    Kind {
        name: "running out of stack",
        body: "(call $start) (call $start)",
        many: true,
    },
];

/// The module of a kind.
fn text(kind: &Kind) -> String {
    let Kind { body, .. } = kind;
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 960)
            (func $start (export "_start") {body}))"#
    )
}

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let server = Server::configured(&configuration()?)?;
    let attacker = server.add_user("attacker")?;
    let mut neighbour = Neighbour::of(&server)?;
    for kind in &KINDS {
        let module = server.file("hostile.wat", &text(kind))?;
        let (mut jobs, mut answers) = (Pairs::default(), Pairs::default());
        for _ in 0..scale.of(5, 1) {
            let quiet = neighbour.works(scale)?;
            let attack = Attack::begin(&server, &attacker, &module, kind.many)?;
            let besieged = neighbour.works(scale)?;
            attack.end(&mut neighbour.client)?;
            jobs.push(besieged.job_ms, quiet.job_ms);
            answers.push(besieged.answer_ms, quiet.answer_ms);
        }
        let beside = format!("beside {} of {SLOTS} slots {}", SLOTS - 1, kind.name);
        jobs.show(&format!("siege: a small job {beside}, p99"), "ms");
        answers.show(&format!("siege: an answer of the API {beside}, p99"), "ms");
    }
    Ok(())
}

/// What the slowest of a hundred took.
struct Tail {
    job_ms: f64,
    answer_ms: f64,
}

/// The one user who has work to do.
struct Neighbour {
    client: Client,
    job: SubmitJob,
}

impl Neighbour {
    fn of(server: &Server) -> anyhow::Result<Self> {
        let mut client = server.connect()?;
        let job = SubmitJob {
            module: client.push(NOOP)?,
            ..SubmitJob::default()
        };
        // The first jobs of all start the worker and fill caches.
        repeated(20, || submit_and_wait(&mut client, &job))?;
        Ok(Self { client, job })
    }

    fn works(&mut self, scale: Scale) -> anyhow::Result<Tail> {
        let Self { client, job } = self;
        let (mut jobs, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..scale.of(300, 10) {
            let begun = Instant::now();
            submit_and_wait(client, job)?;
            jobs.push(begun.elapsed().as_secs_f64() * 1e3);
            let begun = Instant::now();
            client.bytes("/v1/pool")?;
            answers.push(begun.elapsed().as_secs_f64() * 1e3);
            thread::sleep(PACE);
        }
        Ok(Tail {
            job_ms: quantile(&jobs, 0.99),
            answer_ms: quantile(&answers, 0.99),
        })
    }
}

/// A job of the attacker's that has all slots it may have.
struct Attack(Job);

impl Attack {
    fn begin(server: &Server, user: &Path, module: &str, many: bool) -> anyhow::Result<Self> {
        let last = if many { 999_999 } else { SLOTS - 2 };
        let array = format!("0-{last}");
        let flags = [
            "--array",
            &array,
            "--timeout",
            "10m",
            "--output-limit",
            "1MiB",
        ];
        let attack = Self(server.submit_as(user, &[&flags[..], &[module]].concat())?);
        let mut client = server.connect()?;
        let wanted = u64::from(SLOTS - 1);
        attack.until(&mut client, |job| {
            job.tasks.running == wanted || many && job.tasks.finished > 0
        })?;
        Ok(attack)
    }

    fn end(self, client: &mut Client) -> anyhow::Result<()> {
        client.post(&format!("/v1/jobs/{}/cancel", self.0.id), b"{}")?;
        self.until(client, |job| job.end.is_some())
    }

    fn until(&self, client: &mut Client, holds: impl Fn(&Job) -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !holds(&client.job(&self.0)?) {
            ensure!(begun.elapsed() < PATIENCE, "nothing moves: {:?}", self.0);
            thread::sleep(PACE);
        }
        Ok(())
    }
}

/// Slots of an equal share, of which one user has all but one at most.
fn configuration() -> anyhow::Result<String> {
    let processors = u32::try_from(thread::available_parallelism()?.get())?;
    let millis = (processors * 1_000 - 500) / SLOTS;
    Ok(format!(
        "[listen]\napi = \"127.0.0.1:0\"\n[pool]\nreserve = {{ cpu = 0.5, memory = \"256MiB\" }}\n\
         [[subcluster]]\nname = \"default\"\nslot = {{ cpu = {}.{:03}, memory = \"64MiB\" }}\n\
         [defaults.quota]\nslots = {}\n",
        millis / 1_000,
        millis % 1_000,
        SLOTS - 1
    ))
}
