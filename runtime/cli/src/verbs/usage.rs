//! `sublet usage`: what was used, and what was removed of the jobs that used it.

use clap::{Args, ValueEnum};
use sublet_api::{Page, RemovedQuery, UsageBy, UsageQuery};

use super::Session;
use crate::arguments::{moment, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::show;

/// Show what was used, in sums of whole days (UTC); operators see everybody's
#[derive(Args, Debug)]
pub(crate) struct Usage {
    /// From this day on: 2026-11-22, or the day of a time such as 2026-11-22T14:30:00Z
    #[arg(long, value_name = "DATE|TIME", value_parser = moment::day_or_time)]
    from: Option<String>,
    /// Until the end of this day; or of the last day that begins before this time
    #[arg(long, value_name = "DATE|TIME", value_parser = moment::day_or_time)]
    to: Option<String>,
    /// What to add up
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = By::User)]
    by: By,
    /// For operators: only what this user used, or '*' for everybody [default: everybody]
    #[arg(long, value_name = "NAME", value_parser = word::user)]
    user: Option<String>,
    /// At most so many rows by job
    #[arg(long, value_name = "N", default_value_t = 1_000, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Show instead how many old jobs the server has removed
    #[arg(long, conflicts_with_all = ["from", "to", "by", "limit"])]
    removed: bool,
}

/// What a row is the sum of.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// All that a user used
    User,
    /// What a job used on a day
    Job,
    /// All that was used on a day
    Day,
}

pub(super) async fn usage(usage: Usage, session: &Session) -> Result<Exit, Failure> {
    if usage.removed {
        return removed(usage.user, session).await;
    }
    let output = &session.output;
    let query = UsageQuery {
        from: usage.from,
        to: usage.to,
        by: Some(match usage.by {
            By::User => UsageBy::User,
            By::Job => UsageBy::Job,
            By::Day => UsageBy::Day,
        }),
        user: usage.user,
        ..UsageQuery::default()
    };
    let mut report = session.client()?.usage(query, usage.limit).await?;
    match output.format() {
        // The document of these sums has more than a page has.
        Format::Json => output.json(&report)?,
        Format::Csv => output.csv(&report.items)?,
        Format::Table => output.text(&show::usage::table(&report))?,
        Format::Ndjson | Format::Name => {
            let page = Page {
                items: std::mem::take(&mut report.items),
                next_cursor: None,
            };
            output.list(&page, |_| String::new())?;
        }
    }
    if report.next_cursor.is_some() {
        output.talk("there are more: --limit shows them");
    } else if report.total.attempts == 0 {
        output.talk("nothing was used");
    }
    Ok(Exit::DONE)
}

async fn removed(user: Option<String>, session: &Session) -> Result<Exit, Failure> {
    let output = &session.output;
    let page = session
        .client()?
        .removed_jobs(&RemovedQuery { user })
        .await?;
    match output.format() {
        Format::Csv => output.csv(&page.items)?,
        _ => output.list(&page, show::usage::removed)?,
    }
    if page.items.is_empty() {
        output.talk("nothing was removed");
    }
    Ok(Exit::DONE)
}
