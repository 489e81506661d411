//! From the start of a server after `kill -9` to its first true answers, beside jobs of every state.
//!
//! The floor reads every row of the same store, with bare `SQLite` and from a copy, right before the server does. An
//! answer is true when a finished job is as it was to the last field, and no task of any other has ended but by the kill.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sublet_api::{Job, Limits, SubmitJob};

use crate::Scale;
use crate::report::{self, Pairs};
use crate::server::{self, Client, Server};

const NOOP: &str = include_str!("guests/noop.wat");
const FAIL: &str = include_str!("guests/fail.wat");
const SLEEP: &str = include_str!("guests/sleep.wat");
/// No submission is refused for coming too fast or for being one too many.
const CONFIGURATION: &str = "[defaults.quota]\nqueued = 10_000_000\n";
const CLIENTS: usize = 8;
/// Jobs that are looked at before and after.
const SAMPLES: usize = 200;
/// Those who sleep do not end meanwhile.
const HOUR_MS: u64 = 60 * 60 * 1000;
/// How long anything may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(2);

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    for count in scale.of(&[1_000, 10_000, 100_000][..], &[50, 200][..]) {
        let mut server = Server::configured(CONFIGURATION)?;
        let jobs = mixed(&server, *count)?;
        let mut times = Pairs::default();
        for _ in 0..scale.of(5, 2) {
            let before = sample(&mut server.connect()?, &jobs)?;
            server.kill9()?;
            let floor = read_all(&server.data())?;
            times.push_times(start(&mut server, &before)?, floor);
        }
        times.show(&format!("recovery: to true answers, {count} jobs"), "s");
        let each = times.median_of_sublet() * 10_000.0 / *count as f64;
        report::print(&format!("  for each 10,000 jobs: {each:.2} s"));
    }
    Ok(())
}

/// Half of them succeeded, each tenth failed, each tenth was cancelled; of the rest some run and the others wait. Each
/// tenth is an array. Answers with their ids.
fn mixed(server: &Server, count: usize) -> anyhow::Result<Vec<String>> {
    let mut client = server.connect()?;
    let [noop, fail, sleep] = [NOOP, FAIL, SLEEP].map(|wat| client.push(wat));
    let mut over = submit(server, &noop?, count / 2)?;
    over.extend(submit(server, &fail?, count / 10)?);
    // A connection that nobody uses for a while is closed, and submitting took a while.
    let mut client = server.connect()?;
    for job in &over {
        finished(&mut client, job)?;
    }
    let waiting = submit(server, &sleep?, count - over.len())?;
    let cancelled = &waiting[waiting.len() - count / 10..];
    let mut client = server.connect()?;
    for job in cancelled {
        client.post(&format!("/v1/jobs/{job}/cancel"), b"{}")?;
    }
    for job in cancelled {
        finished(&mut client, job)?;
    }
    Ok([over, waiting].concat())
}

fn submit(server: &Server, module: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let some = |count: usize| -> anyhow::Result<Vec<String>> {
        let mut client = server.connect()?;
        let job = |number: usize| SubmitJob {
            module: module.to_owned(),
            array: number.is_multiple_of(10).then_some((0, 9)),
            limits: Limits {
                timeout_ms: Some(HOUR_MS),
                ..Limits::default()
            },
            ..SubmitJob::default()
        };
        (0..count)
            .map(|number| Ok(client.submit(&job(number))?.id))
            .collect()
    };
    let share = |client: usize| count / CLIENTS + usize::from(client < count % CLIENTS);
    thread::scope(|scope| {
        let some = &some;
        let each: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || some(share(client))))
            .collect();
        let mut ids = Vec::new();
        for one in each {
            ids.extend(one.join().expect("no client panics")?);
        }
        Ok(ids)
    })
}

fn job(client: &mut Client, id: &str) -> anyhow::Result<Job> {
    client.get(&format!("/v1/jobs/{id}"))
}

fn finished(client: &mut Client, id: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    while job(client, id)?.end.is_none() {
        ensure!(began.elapsed() < PATIENCE, "{id} does not end");
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Some jobs as they are, from the first to the last.
fn sample(client: &mut Client, ids: &[String]) -> anyhow::Result<Vec<Job>> {
    let step = (ids.len() / SAMPLES).max(1);
    let some = ids.iter().step_by(step);
    some.map(|id| job(client, id)).collect()
}

/// Starts the server anew, and takes the time until it has answered truly for each of these.
fn start(server: &mut Server, before: &[Job]) -> anyhow::Result<Duration> {
    let began = Instant::now();
    server.start_again()?;
    let mut client = loop {
        if let Ok(mut client) = server.connect()
            && client.bytes("/readyz").is_ok()
        {
            break client;
        }
        ensure!(began.elapsed() < PATIENCE, "the server is not ready");
        thread::sleep(PAUSE);
    };
    for then in before {
        let now = job(&mut client, &then.id)?;
        let is_true = match then.end {
            Some(_) => now == *then,
            None => {
                let tasks = now.tasks;
                let unsettled = tasks.queued + tasks.starting + tasks.running;
                // Who was lost three times in a row is not tried again.
                unsettled + tasks.lost == then.tasks.total
            }
        };
        ensure!(is_true, "it was {then:?} and is {now:?}");
    }
    Ok(began.elapsed())
}

/// How long it takes to read every row of every table.
fn read_all(data: &Path) -> anyhow::Result<Duration> {
    let copy = server::directory()?;
    for name in ["sublet.db", "sublet.db-wal"] {
        let from = data.join("sublet").join(name);
        if from.exists() {
            fs::copy(from, copy.path().join(name))?;
        }
    }
    let began = Instant::now();
    let database = Connection::open(copy.path().join("sublet.db"))?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> = database
        .prepare(tables)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut bytes = 0;
    for table in tables {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                bytes += match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                };
            }
        }
    }
    ensure!(bytes > 0, "nothing was read");
    Ok(began.elapsed())
}
