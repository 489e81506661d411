//! The API under 1, 16 and 256 clients that each ask again as soon as they are answered: requests per second, and the time
//! that 99 of 100 answers take at most; and what a connection costs that nobody uses.
//!
//! The floor of a read is a bare hyper handler that answers as many bytes. The floor of a submission is the same handler
//! in front of one writer, who makes durable with one commit whatever waits.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sublet_api::SubmitJob;

use crate::handler::{Answering, Handler};
use crate::report::{self, Pairs, quantile};
use crate::server::{Client, Server};
use crate::{Scale, processes, server};

const NOOP: &str = include_str!("guests/noop.wat");
const CLIENTS: [usize; 3] = [1, 16, 256];
/// Connections that nobody uses.
const IDLE: u32 = 400;
/// No submission is refused for coming too fast, nor starts while others are counted.
const CONFIGURATION: &str = "[defaults.quota]\nqueued = 10_000_000\n";

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    reads(scale)?;
    submissions(scale)?;
    idle_connections()
}

fn reads(scale: Scale) -> anyhow::Result<()> {
    let server = Server::start()?;
    let module = server.file("noop.wat", NOOP)?;
    let job = server.submit_and_wait(&[&module])?;
    let target = format!("/v1/jobs/{}", job.id);
    let answer = server.connect()?.bytes(&target)?;
    let floor = Handler::start(Answering::Bytes(answer))?;
    let ask = |client: &mut Client| client.bytes(&target).map(drop);
    compared("a job is read", scale, &server, (floor.socket(), &ask))
}

fn submissions(scale: Scale) -> anyhow::Result<()> {
    let server = Server::configured(CONFIGURATION)?;
    let module = server.connect()?.push(NOOP)?;
    // What is measured is how jobs are taken in, and not how they run beside.
    server.pause_everything()?;
    let directory = server::directory()?;
    let floor = Handler::start(Answering::Durably(directory.path().join("records.sqlite")))?;
    let job = SubmitJob {
        module,
        ..SubmitJob::default()
    };
    let body = serde_json::to_vec(&job)?;
    let ask = |client: &mut Client| client.post("/v1/jobs", &body).map(drop);
    compared(
        "a job is submitted, durably",
        scale,
        &server,
        (floor.socket(), &ask),
    )
}

type Ask<'a> = &'a (dyn Fn(&mut Client) -> anyhow::Result<()> + Sync);

fn compared(
    what: &str,
    scale: Scale,
    server: &Server,
    (floor, ask): (&Path, Ask<'_>),
) -> anyhow::Result<()> {
    for clients in CLIENTS {
        let (mut rates, mut tails) = (Pairs::default(), Pairs::default());
        for _ in 0..scale.of(5, 1) {
            let window = Duration::from_millis(scale.of(2_000, 200));
            let ours = round(clients, window, &|| server.connect(), ask)?;
            let theirs = round(clients, window, &|| Client::connect(floor), ask)?;
            rates.push(ours.rate, theirs.rate);
            tails.push(ours.tail_ms, theirs.tail_ms);
        }
        rates.show(
            &format!("requests: {what}, {clients} clients"),
            "requests/s",
        );
        tails.show(&format!("requests: {what}, {clients} clients, p99"), "ms");
    }
    Ok(())
}

struct Round {
    rate: f64,
    tail_ms: f64,
}

fn round(
    clients: usize,
    window: Duration,
    connect: &(dyn Fn() -> anyhow::Result<Client> + Sync),
    ask: Ask<'_>,
) -> anyhow::Result<Round> {
    let began = Instant::now();
    let taken = thread::scope(|scope| {
        let each: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| until(began + window, &mut connect()?, ask)))
            .collect();
        let mut taken = Vec::new();
        for one in each {
            taken.extend(one.join().expect("no client panics")?);
        }
        anyhow::Ok(taken)
    })?;
    ensure!(taken.len() >= clients, "a client was never answered");
    Ok(Round {
        rate: taken.len() as f64 / began.elapsed().as_secs_f64(),
        tail_ms: quantile(&taken, 0.99) * 1e3,
    })
}

/// Seconds that each answer took.
fn until(end: Instant, client: &mut Client, ask: Ask<'_>) -> anyhow::Result<Vec<f64>> {
    let mut taken = Vec::new();
    while Instant::now() < end || taken.is_empty() {
        let asked = Instant::now();
        ask(client)?;
        taken.push(asked.elapsed().as_secs_f64());
    }
    Ok(taken)
}

fn idle_connections() -> anyhow::Result<()> {
    let server = Server::start()?;
    let floor = Handler::start(Answering::Bytes(b"{}".to_vec()))?;
    let ours = bytes_of_each(server.process(), &|| server.connect())?;
    let theirs = bytes_of_each(std::process::id(), &|| Client::connect(floor.socket()))?;
    let mut bytes = Pairs::default();
    bytes.push(ours / 1024.0, theirs / 1024.0);
    bytes.show(
        &format!("requests: memory of a connection that was used once, of {IDLE}"),
        "KiB",
    );
    report::print("  the floor counts both ends of its connections, which are in one process");
    Ok(())
}

fn bytes_of_each(
    process: u32,
    connect: &dyn Fn() -> anyhow::Result<Client>,
) -> anyhow::Result<f64> {
    let used = || -> anyhow::Result<Client> {
        let mut client = connect()?;
        client.bytes("/v1/pool").context("it answers")?;
        Ok(client)
    };
    // What the first ones take is the server's own.
    let first = (0..IDLE / 4)
        .map(|_| used())
        .collect::<Result<Vec<_>, _>>()?;
    let before = processes::memory_bytes(process)?;
    let further = (0..IDLE).map(|_| used()).collect::<Result<Vec<_>, _>>()?;
    let after = processes::memory_bytes(process)?;
    drop((first, further));
    Ok(after.saturating_sub(before) as f64 / f64::from(IDLE))
}
