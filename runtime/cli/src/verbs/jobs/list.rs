//! `sublet jobs list`, and `sublet ps`, which is the same for jobs that are not over.

use clap::Args;
use jiff::Timestamp;
use sublet_api::JobQuery;

use crate::arguments::moment::{Moment, moment};
use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::selector::JobSelector;
use crate::show;
use crate::verbs::Session;

/// List jobs, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only jobs that are not over
    #[arg(long)]
    active: bool,
    #[command(flatten)]
    filter: Filter,
}

/// Which jobs.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// For operators: only jobs of this user, or '*' for everybody's [default: your own]
    #[arg(long, value_name = "NAME", value_parser = word::user)]
    user: Option<String>,
    /// Only jobs of this name
    #[arg(long, value_name = "NAME", value_parser = word::job_name)]
    name: Option<String>,
    /// Only jobs in this state: queued, running, finished
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only jobs with a task that ended so: succeeded, failed, trapped, `limit_exceeded`, cancelled, lost
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Only jobs with this label; said several times, with all of them
    #[arg(long, value_name = "K=V", value_parser = word::label)]
    label: Vec<(String, String)>,
    /// Only jobs of this module: its digest, the beginning of it, or NAME@TAG
    #[arg(long, value_name = "MODULE")]
    module: Option<String>,
    /// Only jobs that this job submitted
    #[arg(long, value_name = "JOB", allow_negative_numbers = true)]
    parent: Option<JobSelector>,
    /// Only jobs submitted within this time (5m), or from this day or time on (2026-11-22)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = moment)]
    since: Option<Moment>,
    /// Only jobs submitted longer ago than this, or before this day or time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = moment)]
    until: Option<Moment>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    if list.active {
        active(list.filter, session).await
    } else {
        let hint = "no jobs yet; `sublet submit FILE` makes one";
        shown(list.filter, None, hint, session).await
    }
}

/// Jobs that are not over.
pub(crate) async fn active(filter: Filter, session: &Session) -> Result<Exit, Failure> {
    let hint = "no jobs are waiting or running; `sublet jobs list` shows those that are over";
    shown(filter, Some(true), hint, session).await
}

async fn shown(
    filter: Filter,
    active: Option<bool>,
    hint: &str,
    session: &Session,
) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let query = JobQuery {
        user: filter.user,
        active,
        name: filter.name,
        state: filter.state,
        outcome: filter.outcome,
        labels: filter
            .label
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        module: filter.module,
        parent: filter.parent.map(|job| job.as_str().to_owned()),
        since: filter.since.map(|since| since.seen_from(now)),
        until: filter.until.map(|until| until.seen_from(now)),
        ..JobQuery::default()
    };
    let page = session.client()?.jobs(query, filter.limit).await?;
    let output = &session.output;
    match output.format() {
        Format::Csv => output.csv(&page.items)?,
        _ => output.list(&page, |jobs| show::job::table(jobs, now))?,
    }
    if page.items.is_empty() {
        session.output.talk(hint);
    } else if page.next_cursor.is_some() {
        session.output.talk("there are more: --limit shows them");
    }
    Ok(Exit::DONE)
}
