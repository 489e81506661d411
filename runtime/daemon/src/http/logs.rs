//! What the tasks of a job wrote, as a stream of lines of JSON; followed to the job's end where that is asked for.

use std::time::Duration;

use axum::body::{Body, Bytes};
use sublet_api::{LogEntry, LogQuery};
use sublet_scheduler::{JobId, UnixMillis};
use sublet_store::{LogPosition, LogSelection};
use tokio::sync::mpsc;

use super::answer::Lines;
use super::caller::Caller;
use super::extract::{Path, Query};
use super::problem::Answer;
use super::selector;
use crate::convert;
use crate::front::Front;

/// Pieces of output read at a time.
const ENTRIES_PER_ROUND: usize = 256;
/// Rounds that wait for a slow reader; reading stops until it catches up.
const ROUNDS_WAITING_MAX: usize = 4;
/// The least time between two looks while following: output arrives in bursts.
const FOLLOW_PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn logs(
    caller: Caller,
    Path(job): Path<String>,
    Query(query): Query<LogQuery>,
) -> Answer<Lines<LogEntry>> {
    let job = selector::job(&caller, &job).await?.id;
    let (lines, reader) = mpsc::channel(ROUNDS_WAITING_MAX);
    let course = Course {
        selection: LogSelection {
            task: query.task,
            attempt: query.attempt,
            stream: query.stream.map(convert::stream_wanted),
        },
        since: query.since.map(convert::unix_millis),
        follow: query.follow,
        job,
        lines,
    };
    tokio::spawn(course.run(caller));
    let body = Body::from_stream(futures_util::stream::unfold(reader, async |mut reader| {
        let piece: std::io::Result<Bytes> = reader.recv().await?;
        Some((piece, reader))
    }));
    Ok(Lines::new(body))
}

/// One answer on its way. It ends when all is said, or when the reader has gone.
struct Course {
    job: JobId,
    selection: LogSelection,
    since: Option<UnixMillis>,
    follow: bool,
    lines: mpsc::Sender<std::io::Result<Bytes>>,
}

impl Course {
    async fn run(self, caller: Caller) {
        if let Err(error) = self.say_all(&caller).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a log cannot be read"
            );
            let broken = std::io::Error::other("the log cannot be read");
            if self.lines.send(Err(broken)).await.is_err() {
                tracing::debug!("and nobody reads it any more");
            }
        }
    }

    async fn say_all(&self, caller: &Caller) -> Result<(), sublet_store::Error> {
        let (mut output, mut finished) = (caller.output.clone(), caller.finished.clone());
        let mut position = LogPosition::default();
        loop {
            output.mark_unchanged();
            finished.mark_unchanged();
            // Asked before the reading: what was written before the end is then certainly read after it.
            let is_last = !self.follow || self.is_finished(caller).await?;
            let Some(end) = self.say_what_is_there(caller, position).await? else {
                return Ok(());
            };
            position = end;
            if is_last {
                return Ok(());
            }
            tokio::select! {
                _ = output.changed() => {}
                _ = finished.changed() => {}
                () = self.lines.closed() => return Ok(()),
            }
            tokio::time::sleep(FOLLOW_PAUSE).await;
        }
    }

    /// Nothing when the reader has gone.
    async fn say_what_is_there(
        &self,
        caller: &Caller,
        mut position: LogPosition,
    ) -> Result<Option<LogPosition>, sublet_store::Error> {
        loop {
            let (job, selection, since) = (self.job, self.selection, self.since);
            let (lines, end) = caller
                .on_disk(move |front| round(front, job, selection, since, position))
                .await?;
            if end == position {
                return Ok(Some(position));
            }
            position = end;
            if !lines.is_empty() && self.lines.send(Ok(lines.into())).await.is_err() {
                return Ok(None);
            }
        }
    }

    async fn is_finished(&self, caller: &Caller) -> Result<bool, sublet_store::Error> {
        let (whose, id) = (caller.reached(), self.job);
        caller
            .read(move |reader| {
                Ok(reader
                    .job(whose, id)?
                    .is_none_or(|job| job.summary.finished_at.is_some()))
            })
            .await
    }
}

/// Some entries as lines, and the position behind them.
fn round(
    front: &Front,
    job: JobId,
    selection: LogSelection,
    since: Option<UnixMillis>,
    from: LogPosition,
) -> Result<(Vec<u8>, LogPosition), sublet_store::Error> {
    let mut lines = Vec::new();
    let mut log = front.logs.read(job, selection, from)?;
    for found in log.by_ref().take(ENTRIES_PER_ROUND) {
        if let Some(entry) = convert::log_entry(found?.found, since) {
            lines.extend(serde_json::to_vec(&entry).unwrap_or_default());
            lines.push(b'\n');
        }
    }
    Ok((lines, log.position()))
}
