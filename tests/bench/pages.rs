//! Pages of lists beside a million finished tasks, in a thousand jobs: how long the server takes for each.
//!
//! The floor is the smallest question that the same server answers on the same connection.

use std::time::Instant;

use anyhow::ensure;
use sublet_api::{Job, SubmitJob};

use crate::Scale;
use crate::report::Pairs;
use crate::server::{Client, Server};

const NOOP: &str = include_str!("guests/noop.wat");
const TASKS_OF_A_JOB: u32 = 1_000;
/// Every tenth job has the label.
const LABELLED: usize = 10;

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(1_000, 5);
    let server = Server::start()?;
    let mut client = server.connect()?;
    let jobs = finished_jobs(&mut client, count)?;
    let (first, middle) = (&jobs[0], &jobs[count / 2]);
    let deep = format!("cursor={}", count / 2);
    let pages = [
        ("the newest jobs", "/v1/jobs?limit=100".to_owned()),
        (
            "jobs from the middle on",
            format!("/v1/jobs?limit=100&{deep}"),
        ),
        (
            "finished jobs",
            "/v1/jobs?limit=100&state=finished".to_owned(),
        ),
        (
            "jobs with a label",
            "/v1/jobs?limit=100&label=tenth=yes".to_owned(),
        ),
        ("jobs of a name", "/v1/jobs?limit=100&name=first".to_owned()),
        (
            "tasks of a job",
            format!("/v1/jobs/{}/tasks?limit=100", middle.id),
        ),
        ("a job", format!("/v1/jobs/{}", first.id)),
        ("a task", format!("/v1/jobs/{}/tasks/999", middle.id)),
        ("usage by job", "/v1/usage?by=job&limit=100".to_owned()),
    ];
    let tasks = count as u64 * u64::from(TASKS_OF_A_JOB);
    for (what, target) in pages {
        let mut times = Pairs::default();
        for _ in 0..scale.of(200, 5) {
            let page = milliseconds(&mut client, &target)?;
            times.push(page, milliseconds(&mut client, "/version")?);
        }
        times.show(
            &format!("pages: {what}, beside {tasks} finished tasks"),
            "ms",
        );
    }
    Ok(())
}

fn finished_jobs(client: &mut Client, count: usize) -> anyhow::Result<Vec<Job>> {
    let module = client.push(NOOP)?;
    let mut jobs = Vec::new();
    for number in 0..count {
        let mut job = SubmitJob {
            module: module.clone(),
            array: Some((0, TASKS_OF_A_JOB - 1)),
            ..SubmitJob::default()
        };
        if number == 0 {
            job.name = Some("first".to_owned());
        }
        if number % LABELLED == 0 {
            job.labels = [("tenth".to_owned(), "yes".to_owned())].into();
        }
        jobs.push(client.submit(&job)?);
    }
    for job in &jobs {
        let mut end = client.wait(job)?;
        while end.finished_at.is_none() {
            end = client.wait(job)?;
        }
        ensure!(end.tasks.succeeded == u64::from(TASKS_OF_A_JOB), "{end:?}");
    }
    Ok(jobs)
}

fn milliseconds(client: &mut Client, target: &str) -> anyhow::Result<f64> {
    let asked = Instant::now();
    client.bytes(target)?;
    Ok(asked.elapsed().as_secs_f64() * 1e3)
}
