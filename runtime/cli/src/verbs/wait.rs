//! `sublet wait`: until jobs are over; the exit code is the fate of the first that did not succeed.

use clap::Args;
use sublet_api::{Job, Page};

use super::Session;
use crate::arguments::FateFlags;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::JobSelector;
use crate::show::{self, table};
use crate::watch::{self, Watched};

/// Wait until jobs are over
#[derive(Args, Debug)]
#[command(after_help = "The exit code is the job's own fate: `sublet help exit-codes`.")]
pub(crate) struct Wait {
    /// The jobs (see `sublet help selectors`)
    #[arg(value_name = "JOB", required = true, allow_negative_numbers = true)]
    jobs: Vec<JobSelector>,
    #[command(flatten)]
    fate: FateFlags,
}

pub(super) async fn wait(wait: Wait, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    match watch::or_interrupt(all(&client, &wait.jobs, session)).await? {
        Watched::Done(jobs) => tell(jobs, wait.fate, session),
        Watched::Interrupted => {
            session.output.talk("stopped watching; the jobs go on");
            Ok(Exit::INTERRUPTED)
        }
    }
}

/// All are known before the first is waited for: a misspelt one is told at once.
async fn all(
    client: &Client,
    selectors: &[JobSelector],
    session: &Session,
) -> Result<Vec<Job>, Failure> {
    let mut jobs = Vec::new();
    for selector in selectors {
        jobs.push(client.job(selector).await?);
    }
    let mut over = Vec::new();
    for job in jobs {
        over.push(watch::until_over(client, job, &session.output).await?);
    }
    Ok(over)
}

fn tell(jobs: Vec<Job>, fate: FateFlags, session: &Session) -> Result<Exit, Failure> {
    let page = Page {
        items: jobs,
        next_cursor: None,
    };
    match page.items.as_slice() {
        [job] => session.output.one(job, line)?,
        _ => session.output.list(&page, |jobs| {
            jobs.iter().map(line).collect::<Vec<_>>().join("\n")
        })?,
    }
    for job in &page.items {
        watch::tell_fate(&session.output, job);
    }
    let mut exits = page.items.iter().map(|job| fate.exit_of(job));
    Ok(exits.find(|exit| *exit != Exit::DONE).unwrap_or(Exit::DONE))
}

/// `#412 render  succeeded 99  failed 1   2m 11s   cpu 24m   peak 180 MiB`
fn line(job: &Job) -> String {
    let name = job
        .name
        .as_deref()
        .map(|name| format!(" {}", table::plain(name)))
        .unwrap_or_default();
    format!("#{}{name}  {}", job.number, show::job::summary(job))
}
