//! `sublet logs`: what a job's tasks wrote. The log is the data asked for, so both of its streams go to stdout.

mod plain;
mod printer;

use clap::Args;
use jiff::Timestamp;
use sublet_api::{LogQuery, Stream};

use printer::Printer;
pub(super) use printer::follow;

use super::Session;
use crate::arguments::moment::Moment;
use crate::arguments::quantity;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::TaskSelector;
use crate::watch::{self, Watched};

/// Show what a job wrote
#[derive(Args, Debug)]
#[command(
    after_help = "Several tasks: each line begins with its task's index, unless --plain. With -o json: one entry per line."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Logs {
    /// The job, or JOB/TASK (see `sublet help selectors`)
    #[arg(value_name = "JOB[/TASK]", allow_negative_numbers = true)]
    job: TaskSelector,
    /// Go on until the job is over
    #[arg(short, long)]
    follow: bool,
    /// Only the last N lines of what is there
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    tail: Option<u32>,
    /// Only what was written within this time: 5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::milliseconds)]
    since: Option<u64>,
    /// Only this attempt, counted from 1
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// Only stdout
    #[arg(long)]
    stdout: bool,
    /// Only stderr
    #[arg(long)]
    stderr: bool,
    /// The bytes as they are, task after task in order of their index, from each task's latest attempt
    #[arg(long, conflicts_with_all = ["follow", "tail"])]
    plain: bool,
}

pub(super) async fn logs(logs: Logs, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let job = client.job(&logs.job.job).await?;
    let stream = match (logs.stdout, logs.stderr) {
        (true, false) => Some(Stream::Stdout),
        (false, true) => Some(Stream::Stderr),
        (true, true) | (false, false) => None,
    };
    let query = LogQuery {
        task: logs.job.task,
        attempt: logs.attempt,
        stream,
        since: logs
            .since
            .map(|millis| Moment::Ago(millis).seen_from(Timestamp::now())),
        after: None,
        follow: logs.follow,
    };
    let mut printer = Printer::of_logs(&job, &query, &session.output);
    let print = async {
        if logs.plain {
            return printer.print_plain(&client, &query).await;
        }
        let known = match logs.tail {
            Some(lines) => printer.tail(&client, &query, lines).await?,
            None => 0,
        };
        if logs.follow || logs.tail.is_none() {
            printer.print(&client, &query, known).await?;
        }
        printer.finish()
    };
    match watch::or_interrupt(print).await? {
        Watched::Done(()) => Ok(Exit::DONE),
        Watched::Interrupted => {
            if logs.follow {
                watch::way_back(&session.output, &job);
            }
            Ok(Exit::INTERRUPTED)
        }
    }
}
