//! What was used: sums of whole days, by user, job or day, and what was removed of the jobs behind them.

use std::ops::RangeInclusive;

use axum::Json;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sublet_api::{
    Code, Page, RemovedJobs, RemovedQuery, UsageBy, UsageQuery, UsageReport, UsageRow,
};
use sublet_scheduler::{JobId, UnixMillis, UserId};
use sublet_store::{Day, Error, JobUsage, JobUsageCursor, Reader, Used, Whose};

use super::caller::Caller;
use super::extract::Query;
use super::problem::{Answer, ApiError};
use super::{users, validate};
use crate::convert;

pub(super) async fn show(
    caller: Caller,
    Query(query): Query<UsageQuery>,
) -> Answer<Json<UsageReport>> {
    let limit = validate::page_limit(query.limit)?;
    let after = query.cursor.as_deref().map(cursor).transpose()?;
    let days = Days::asked(&query)?;
    let whose = whose(&caller, query.user.as_deref())?;
    let by = query.by.unwrap_or_default();
    let range = days.range();
    let sums = caller
        .read(move |reader| Sums::read(reader, whose, (by, &range), (after, limit)))
        .await?;
    let is_full = sums.rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next_cursor = sums.end.filter(|_| is_full).map(cursor_text);
    let rows = sums.rows.into_iter();
    Ok(Json(UsageReport {
        by,
        from: days.first.map(|first| convert::timestamp(first.begins())),
        to: days
            .last
            .map(|last| convert::timestamp(Day(last.0 + 1).begins())),
        items: rows.map(|row| row.named(&caller)).collect(),
        total: convert::usage_sum(&sums.total),
        next_cursor,
    }))
}

/// What retention removed since the server began, by user and reason.
pub(super) async fn removed(
    caller: Caller,
    Query(query): Query<RemovedQuery>,
) -> Answer<Json<Page<RemovedJobs>>> {
    let whose = whose(&caller, query.user.as_deref())?;
    let rows = caller.read(move |reader| reader.removals(whose)).await?;
    let items = rows
        .iter()
        .map(|row| convert::removed_jobs(row, caller.people.name_of(row.user)))
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Whose sums: everybody's for operators, unless they name a user. Who was removed is still accounted for.
fn whose(caller: &Caller, user: Option<&str>) -> Answer<Whose> {
    let Some(name) = user else {
        return Ok(caller.reached());
    };
    match caller.people.named(name) {
        Some(gone) if gone.is_removed && caller.reaches(gone.id) => Ok(Whose::User(gone.id)),
        _ => users::whose(caller, Some(name)),
    }
}

/// The days that were asked for.
struct Days {
    first: Option<Day>,
    last: Option<Day>,
}

impl Days {
    fn asked(query: &UsageQuery) -> Answer<Self> {
        let first = query.from.as_deref().map(|text| instant("from", text));
        let last = query.to.as_deref().map(|text| instant("to", text));
        let days = Self {
            first: first.transpose()?.map(|(at, _)| Day::of(at)),
            last: last.transpose()?.map(last_day),
        };
        if days.range().is_empty() {
            return Err(
                ApiError::new(Code::OutOfRange, "no day lies between `from` and `to`")
                    .at("from", None, None)
                    .with_help("`from` is the first day and `to` the last one"),
            );
        }
        Ok(days)
    }

    fn range(&self) -> RangeInclusive<Day> {
        self.first.unwrap_or(Day(0))..=self.last.unwrap_or(Day(u64::MAX))
    }
}

/// A day is asked for as a whole; an instant is where the time ends, and so is not in it.
fn last_day((at, is_day): (UnixMillis, bool)) -> Day {
    Day::of(if is_day {
        at
    } else {
        UnixMillis(at.0.saturating_sub(1))
    })
}

/// The beginning of a day, or an instant; and whether it was a day.
fn instant(field: &str, text: &str) -> Answer<(UnixMillis, bool)> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok((convert::unix_millis(at), false));
    }
    let begins = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    match date.and_then(begins) {
        Some(at) => Ok((convert::unix_millis(at), true)),
        None => Err(ApiError::new(
            Code::RequestMalformed,
            format!("`{}` is neither a day nor a time", text.escape_debug()),
        )
        .at(field, None, None)
        .with_help("write a day such as 2026-11-22, or a time such as 2026-11-22T14:30:00Z")),
    }
}

/// What was asked for, with the numbers that the store has for users and jobs.
struct Sums {
    rows: Vec<Row>,
    total: Used,
    /// Where a list by job ended.
    end: Option<JobUsageCursor>,
}

#[derive(Default)]
struct Row {
    user: Option<UserId>,
    day: Option<Day>,
    /// Public id and number of a job that is still there.
    job: Option<(String, u64)>,
    used: Used,
}

impl Sums {
    fn read(
        reader: &Reader,
        whose: Whose,
        (by, days): (UsageBy, &RangeInclusive<Day>),
        (after, limit): (Option<JobUsageCursor>, u32),
    ) -> Result<Self, Error> {
        let (rows, end) = match by {
            UsageBy::User => (by_user(reader, whose, days)?, None),
            UsageBy::Day => (by_day(reader, whose, days)?, None),
            UsageBy::Job => {
                let page = reader.usage_by_job(whose, days, after, limit)?;
                let end = page.last().map(JobUsage::cursor);
                let rows = page.into_iter().map(|row| of_job(reader, whose, row));
                (rows.collect::<Result<_, _>>()?, end)
            }
        };
        // A page by job is not all of them.
        let total = match by {
            UsageBy::User | UsageBy::Day => add(&rows),
            UsageBy::Job => add(&by_user(reader, whose, days)?),
        };
        Ok(Self { rows, total, end })
    }
}

fn add(rows: &[Row]) -> Used {
    let used = rows.iter().map(|row| row.used);
    used.fold(Used::default(), Used::and)
}

fn by_user(reader: &Reader, whose: Whose, days: &RangeInclusive<Day>) -> Result<Vec<Row>, Error> {
    let sums = reader.usage_by_user(whose, days)?.into_iter();
    let row = |(user, used)| Row {
        user: Some(user),
        used,
        ..Row::default()
    };
    Ok(sums.map(row).collect())
}

fn by_day(reader: &Reader, whose: Whose, days: &RangeInclusive<Day>) -> Result<Vec<Row>, Error> {
    let sums = reader.usage_by_day(whose, days)?.into_iter();
    let row = |(day, used)| Row {
        // Of everybody it is nobody's.
        user: match whose {
            Whose::User(user) => Some(user),
            Whose::Everyone => None,
        },
        day: Some(day),
        used,
        ..Row::default()
    };
    Ok(sums.map(row).collect())
}

fn of_job(reader: &Reader, whose: Whose, row: JobUsage) -> Result<Row, Error> {
    let job = row.job.map(|id| reader.job(whose, id)).transpose()?;
    // One that was removed since its sum was read is one of those without a name.
    let job = job.flatten().map(|job| job.summary);
    Ok(Row {
        user: Some(row.user),
        day: Some(row.day),
        job: job.map(|job| (convert::job_id(job.public_id), job.number)),
        used: row.used,
    })
}

impl Row {
    fn named(self, caller: &Caller) -> UsageRow {
        let (job, number) = self.job.unzip();
        UsageRow {
            user: self.user.map(|user| caller.people.name_of(user)),
            day: self.day.map(convert::date),
            job,
            number,
            used: convert::usage_sum(&self.used),
        }
    }
}

fn cursor_text(cursor: JobUsageCursor) -> String {
    let JobUsageCursor { user, day, job } = cursor;
    let job = job.map_or(0, |job| job.0);
    format!("{}-{}-{job}", user.0, day.0)
}

fn cursor(text: &str) -> Answer<JobUsageCursor> {
    let number = |part: &str| part.parse().map_err(|_| validate::no_cursor(text));
    let parts: Vec<&str> = text.split('-').collect();
    let [user, day, job] = parts[..] else {
        return Err(validate::no_cursor(text));
    };
    Ok(JobUsageCursor {
        user: UserId(number(user)?),
        day: Day(number(day)?),
        job: Some(JobId(number(job)?)).filter(|job| job.0 != 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_where_it_was_made() {
        for job in [None, Some(JobId(7))] {
            let made = JobUsageCursor {
                user: UserId(3),
                day: Day(20_000),
                job,
            };
            assert_eq!(cursor(&cursor_text(made)).ok(), Some(made));
        }
        for bad in ["", "3", "3-4", "3-4-x", "3-4-5-6", "-1-2-3"] {
            assert!(cursor(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_whole_and_both_ends_are_in_them() {
        let days = |from: &str, to: &str| {
            let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let query = UsageQuery {
                from: said(from),
                to: said(to),
                ..UsageQuery::default()
            };
            let range = Days::asked(&query).ok()?.range();
            Some((range.start().0, range.end().0))
        };
        for (from, to, expected) in [
            ("", "", Some((0, u64::MAX))),
            ("1970-01-02", "1970-01-02", Some((1, 1))),
            ("1970-01-02T23:59:59Z", "1970-01-04T00:00:00Z", Some((1, 2))),
            ("1970-01-02", "1970-01-04T00:00:00.001Z", Some((1, 3))),
            // East of Greenwich the day has begun earlier.
            ("1970-01-03T00:30:00+01:00", "", Some((1, u64::MAX))),
            ("1970-01-03", "1970-01-02", None),
            ("1970-01-02T00:00:00Z", "1970-01-02T00:00:00Z", None),
            ("1970-01-02T10:00:00", "", None),
            ("yesterday", "", None),
            ("", "1970-02-30", None),
        ] {
            assert_eq!(days(from, to), expected, "{from} {to}");
        }
    }
}
