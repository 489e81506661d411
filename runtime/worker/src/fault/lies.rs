//! What a worker says that keeps to no rules: of attempts that it was not given, of those that are over or never were.

use sublet_scheduler::{AttemptId, JobId, Outcome};

use crate::protocol::{Ended, FromWorker, Progress, Stream};

/// How far a liar looks: tasks, attempts and jobs beside one that it knows.
const NEIGHBOURS: u32 = 4;
/// What it has others say.
const WORDS: &[u8] = b"a lie\n";

/// Lies about everybody near the attempts whose end is told here.
pub(crate) fn about(batch: &[FromWorker]) -> Vec<FromWorker> {
    let told = batch.iter().filter_map(|message| match message {
        FromWorker::Ended(ended) => Some(&**ended),
        _ => None,
    });
    told.flat_map(of_others).collect()
}

fn of_others(truth: &Ended) -> Vec<FromWorker> {
    let of = |attempt| {
        [
            FromWorker::Started(attempt),
            FromWorker::Output {
                attempt,
                stream: Stream::Stdout,
                bytes: WORDS.to_vec(),
            },
            FromWorker::Told {
                attempt,
                progress: Progress {
                    millionths: Some(1),
                    message: "a lie".to_owned(),
                },
            },
            FromWorker::Ended(Box::new(Ended {
                attempt,
                started_at_ms: truth.started_at_ms,
                ended_at_ms: truth.ended_at_ms,
                outcome: Outcome::Succeeded,
                usage: truth.usage,
                detail: Some("a lie".to_owned()),
                denied: Vec::new(),
                progress: None,
                summary: None,
                media_types: Vec::new(),
                is_final: true,
            })),
        ]
    };
    let others = neighbours(truth.attempt);
    let others = others.filter(|attempt| *attempt != truth.attempt);
    others.flat_map(of).collect()
}

fn neighbours(attempt: AttemptId) -> impl Iterator<Item = AttemptId> {
    let AttemptId { job, .. } = attempt;
    let jobs = (1..=u64::from(NEIGHBOURS))
        .flat_map(move |far| [job.0.saturating_sub(far), job.0, job.0.saturating_add(far)]);
    jobs.flat_map(|job| {
        (0..NEIGHBOURS).flat_map(move |task| {
            (1..=NEIGHBOURS).map(move |number| AttemptId {
                job: JobId(job),
                task,
                number,
            })
        })
    })
}
