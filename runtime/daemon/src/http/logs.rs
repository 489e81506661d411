//! What the tasks of a job wrote, as a stream; followed to the job's end where that is asked for.

use std::time::Duration;

use sublet_api::{Code, LogEntry, LogQuery};
use sublet_scheduler::{JobId, UnixMillis};
use sublet_store::{LogPosition, LogSelection};

use super::caller::Caller;
use super::extract::{Path, Query};
use super::headers::LastEventId;
use super::problem::{Answer, ApiError};
use super::selector;
use super::stream::{BEAT, Framing, Speaker, Streamed, stream};
use crate::convert;
use crate::front::Front;

/// Pieces of output read at a time, and the bytes that are enough of them: a slow reader has a few such pieces waiting.
const ENTRIES_PER_ROUND: usize = 256;
const PIECE_BYTES: usize = 128 << 10;
/// The least time between two looks while following: output arrives in bursts.
const FOLLOW_PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn logs(
    caller: Caller,
    Path(job): Path<String>,
    Query(query): Query<LogQuery>,
    last: LastEventId,
    framing: Framing,
) -> Answer<Streamed<LogEntry>> {
    let job = selector::job(&caller, &job).await?.id;
    let after = query.after.as_deref().map(position).transpose()?;
    let (speaker, answer) = stream(framing);
    let course = Course {
        selection: LogSelection {
            task: query.task,
            attempt: query.attempt,
            stream: query.stream.map(convert::stream_wanted),
        },
        since: query.since.map(convert::unix_millis),
        after: last.or(after)?.unwrap_or_default(),
        follow: query.follow,
        job,
        speaker,
    };
    tokio::spawn(course.run(caller));
    Ok(answer)
}

fn position(text: &str) -> Answer<LogPosition> {
    text.parse().map_err(|_| {
        ApiError::new(
            Code::RequestMalformed,
            format!("`{}` is no mark of this log", text.escape_debug()),
        )
        .at("after", None, None)
    })
}

/// One answer on its way. It ends when all is said, or when the reader has gone.
struct Course {
    job: JobId,
    selection: LogSelection,
    since: Option<UnixMillis>,
    after: LogPosition,
    follow: bool,
    speaker: Speaker,
}

impl Course {
    async fn run(self, caller: Caller) {
        if let Err(error) = self.say_all(&caller).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a log cannot be read"
            );
            self.speaker.break_off("the log cannot be read").await;
        }
    }

    async fn say_all(&self, caller: &Caller) -> Result<(), sublet_store::Error> {
        let (mut output, mut finished) = (caller.output.clone(), caller.finished.clone());
        let mut position = self.after;
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
                _ = output.changed() => tokio::time::sleep(FOLLOW_PAUSE).await,
                _ = finished.changed() => tokio::time::sleep(FOLLOW_PAUSE).await,
                () = self.speaker.gone() => return Ok(()),
                () = tokio::time::sleep(BEAT) => {
                    if self.speaker.beat().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Nothing when the reader has gone.
    async fn say_what_is_there(
        &self,
        caller: &Caller,
        mut position: LogPosition,
    ) -> Result<Option<LogPosition>, sublet_store::Error> {
        loop {
            let (job, wanted) = (self.job, (self.selection, self.since));
            let framing = self.speaker.framing();
            let (pieces, end) = caller
                .on_disk(move |front| round(front, job, wanted, (position, framing)))
                .await?;
            if end == position {
                return Ok(Some(position));
            }
            position = end;
            if self.speaker.say(pieces).await.is_err() {
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

/// Some entries, and the position behind them.
fn round(
    front: &Front,
    job: JobId,
    (selection, since): (LogSelection, Option<UnixMillis>),
    (from, framing): (LogPosition, Framing),
) -> Result<(Vec<u8>, LogPosition), sublet_store::Error> {
    let mut pieces = Vec::new();
    let mut log = front.logs.read(job, selection, from)?;
    for found in log.by_ref().take(ENTRIES_PER_ROUND) {
        let sublet_store::LogEntry { after, found } = found?;
        let mark = after.to_string();
        if let Some(entry) = convert::log_entry(found, since, &mark) {
            framing.add(&mut pieces, &mark, &entry);
        }
        if pieces.len() >= PIECE_BYTES {
            break;
        }
    }
    Ok((pieces, log.position()))
}
