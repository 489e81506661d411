//! What tasks left: the list of it, each file by its name, and the one that is the task's result.
//!
//! What was once kept under a digest never changes, so the digest is the entity tag. Files are a guest's: they are to be
//! saved and not to be shown, whatever they say they are.

use std::io::{Seek as _, SeekFrom};
use std::ops::Range;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sublet_api::{Artifact, Code, Page};
use sublet_scheduler::JobId;
use sublet_store::{
    Error, JobArtifact, LogFound, LogPosition, LogSelection, OwnedJob, Stream, TaskFilter,
    TaskState,
};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::answer::Stored;
use super::caller::Caller;
use super::extract::Path;
use super::problem::{Answer, ApiError};
use super::tasks;
use crate::front::Front;

/// The artifact that is the result of a task, where there is one: the second is one that is no JSON.
const RESULTS: [&str; 2] = ["result.json", "result"];
/// Bytes that are read ahead of the one who receives.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces of output read at a time, and those rounds that wait for a slow reader.
const ENTRIES_PER_ROUND: usize = 256;
const ROUNDS_WAITING_MAX: usize = 4;

pub(super) async fn list(
    caller: Caller,
    Path((job, index)): Path<(String, u32)>,
) -> Answer<Json<Page<Artifact>>> {
    let id = tasks::known(&caller, &job, index).await?;
    let found = ask(&caller, id, move |job| job.artifacts(index)).await?;
    Ok(Json(Page {
        items: found.into_iter().map(artifact).collect(),
        next_cursor: None,
    }))
}

pub(super) async fn show(
    caller: Caller,
    Path((job, index, name)): Path<(String, u32, String)>,
    headers: HeaderMap,
) -> Answer<Stored> {
    let id = tasks::known(&caller, &job, index).await?;
    let shown: String = name.chars().take(80).collect();
    let found = ask(&caller, id, move |job| job.artifact(index, &name)).await?;
    let artifact = found.ok_or_else(|| {
        let shown = shown.escape_debug();
        ApiError::new(
            Code::ArtifactNotFound,
            format!("task {index} left no artifact `{shown}`"),
        )
        .with_help(format!("sublet jobs artifacts {job}/{index}"))
    })?;
    serve(&caller, (id, index), artifact, &headers)
        .await
        .map(Stored)
}

/// `/out/result.json`, or what the last attempt wrote to its standard output.
pub(super) async fn output(
    caller: Caller,
    Path((job, index)): Path<(String, u32)>,
    headers: HeaderMap,
) -> Answer<Stored> {
    let id = tasks::known(&caller, &job, index).await?;
    if let Some(result) = ask(&caller, id, move |job| result(job, index)).await? {
        let served = serve(&caller, (id, index), result, &headers).await;
        return served.map(Stored);
    }
    let attempt = ask(&caller, id, move |job| last_attempt(job, index)).await?;
    let attempt = attempt.ok_or_else(|| {
        ApiError::new(
            Code::ArtifactNotFound,
            format!("task {index} has not run yet, so it has no output"),
        )
    })?;
    let selection = printed_by(index, attempt);
    let (pieces, reader) = mpsc::channel(ROUNDS_WAITING_MAX);
    tokio::spawn(say_output(caller, id, selection, pieces));
    let body = Body::from_stream(futures_util::stream::unfold(reader, async |mut reader| {
        let piece: std::io::Result<Bytes> = reader.recv().await?;
        Some((piece, reader))
    }));
    let kind = [(CONTENT_TYPE, "application/octet-stream")];
    Ok(Stored((kind, body).into_response()))
}

/// The result that a task handed over, if it did.
pub(super) fn result(job: &OwnedJob<'_>, task: u32) -> Result<Option<JobArtifact>, Error> {
    for name in RESULTS {
        if let Some(result) = job.artifact(task, name)? {
            return Ok(Some(result));
        }
    }
    Ok(None)
}

/// What the last attempt of a task wrote to its standard output; nothing where that is longer than so many bytes.
pub(super) async fn printed(
    caller: &Caller,
    id: JobId,
    task: u32,
    bytes_max: usize,
) -> Answer<Option<Vec<u8>>> {
    let attempt = ask(caller, id, move |job| last_attempt(job, task)).await?;
    let selection = printed_by(task, attempt.unwrap_or_default());
    let read = caller.on_disk(move |front| {
        let (mut printed, mut position) = (Vec::new(), LogPosition::default());
        loop {
            let (bytes, end) = round(front, id, selection, position)?;
            printed.extend(bytes);
            if printed.len() > bytes_max {
                return Ok(None);
            }
            if end == position {
                return Ok(Some(printed));
            }
            position = end;
        }
    });
    Ok(read.await?)
}

const fn printed_by(task: u32, attempt: u32) -> LogSelection {
    LogSelection {
        task: Some(task),
        attempt: Some(attempt),
        stream: Some(Stream::Stdout),
    }
}

pub(super) async fn ask<T: Send + 'static>(
    caller: &Caller,
    job: JobId,
    question: impl FnOnce(&OwnedJob<'_>) -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    let whose = caller.reached();
    let asked = caller.read(move |reader| {
        let job = reader.job(whose, job)?;
        job.map(|job| question(&job)).transpose()
    });
    asked
        .await?
        .ok_or_else(|| ApiError::new(Code::JobNotFound, "the job is gone"))
}

/// The attempt that runs, or else the last one that did.
fn last_attempt(job: &OwnedJob<'_>, index: u32) -> Result<Option<u32>, Error> {
    let rows = job.tasks(TaskFilter::All, index.checked_sub(1), 1)?;
    Ok(rows.first().and_then(|row| match row.state {
        TaskState::Started { number, .. } => Some(number),
        _ => row.latest.as_ref().map(|latest| latest.number),
    }))
}

fn artifact(kept: JobArtifact) -> Artifact {
    Artifact {
        name: kept.name,
        size_bytes: kept.size_bytes,
        digest: kept.digest.to_string(),
        media_type: kept.media_type,
        attempt: kept.number,
    }
}

async fn serve(
    caller: &Caller,
    (job, task): (JobId, u32),
    artifact: JobArtifact,
    headers: &HeaderMap,
) -> Answer<Response> {
    let tag = format!("\"{}\"", artifact.digest);
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let (size, media_type) = (artifact.size_bytes, artifact.media_type.clone());
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let (status, wanted) = match asked.map(|asked| part(asked, size)) {
        None | Some(Part::All) => (StatusCode::OK, 0..size),
        Some(Part::Of(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Part::Beyond) => {
            let range = [(CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let from = wanted.start;
    let is_all = wanted == (0..size);
    let opened = caller.on_disk(move |front| {
        let mut file = if is_all {
            front.outputs.open_whole(job, task, &artifact)?
        } else {
            front.outputs.open(job, task, &artifact)?
        };
        Ok(file.seek(SeekFrom::Start(from)).map(|_| file))
    });
    let file = opened.await?.map_err(|error| ApiError::fault(&error))?;
    let length = wanted.end - wanted.start;
    let rest = tokio::fs::File::from_std(file).take(length);
    let pieces = Body::from_stream(ReaderStream::with_capacity(rest, PIECE_BYTES));
    let mut answer = (status, pieces).into_response();
    let mut said = vec![
        (CONTENT_TYPE, media_type),
        (CONTENT_LENGTH, length.to_string()),
        (ETAG, tag),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_DISPOSITION, "attachment".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (wanted.start, wanted.end - 1);
        said.push((CONTENT_RANGE, format!("bytes {first}-{last}/{size}")));
    }
    for (name, value) in said {
        let value = value.parse().map_err(|error| ApiError::fault(&error))?;
        answer.headers_mut().insert(name, value);
    }
    Ok(answer)
}

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// All of it, also where we do not understand what is wanted: whoever asks is told.
    All,
    /// These bytes.
    Of(Range<u64>),
    /// None that there are.
    Beyond,
}

/// `bytes=2-5`, `bytes=2-`, `bytes=-5`; of several ranges none.
fn part(asked: &str, size: u64) -> Part {
    let Some((first, last)) = asked
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Part::All;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let range = match (first, last) {
        ("", last) => match number(last) {
            Some(length) => size.saturating_sub(length)..size,
            None => return Part::All,
        },
        (first, "") => match number(first) {
            Some(first) => first..size,
            None => return Part::All,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
            _ => return Part::All,
        },
    };
    if range.start >= range.end {
        return Part::Beyond;
    }
    Part::Of(range)
}

/// Until all is said, or the reader has gone.
async fn say_output(
    caller: Caller,
    job: JobId,
    selection: LogSelection,
    pieces: mpsc::Sender<std::io::Result<Bytes>>,
) {
    let mut position = LogPosition::default();
    loop {
        let read = caller.on_disk(move |front| round(front, job, selection, position));
        let (bytes, end) = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a log cannot be read"
                );
                let broken = std::io::Error::other("the log cannot be read");
                return drop(pieces.send(Err(broken)).await);
            }
        };
        let is_all = end == position;
        position = end;
        if !bytes.is_empty() && pieces.send(Ok(bytes.into())).await.is_err() || is_all {
            return;
        }
    }
}

fn round(
    front: &Front,
    job: JobId,
    selection: LogSelection,
    from: LogPosition,
) -> Result<(Vec<u8>, LogPosition), Error> {
    let mut bytes = Vec::new();
    let mut log = front.logs.read(job, selection, from)?;
    for found in log.by_ref().take(ENTRIES_PER_ROUND) {
        if let LogFound::Chunk(chunk) = found?.found {
            bytes.extend(chunk.bytes);
        }
    }
    Ok((bytes, log.position()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_it_was_meant() {
        for (asked, expected) in [
            ("bytes=2-5", Part::Of(2..6)),
            ("bytes=2-", Part::Of(2..10)),
            ("bytes=-3", Part::Of(7..10)),
            ("bytes=-30", Part::Of(0..10)),
            ("bytes=0-99", Part::Of(0..10)),
            ("bytes=10-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=5-2", Part::All),
            ("bytes=0-1,4-5", Part::All),
            ("bytes=0-18446744073709551615", Part::Of(0..10)),
            ("bytes=99999999999999999999-", Part::All),
            ("lines=1-2", Part::All),
        ] {
            assert_eq!(part(asked, 10), expected, "{asked}");
        }
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert_eq!(part("bytes=0-", 0), Part::Beyond);
    }
}
