//! What a worker says is heard on a thread of its own. Output goes straight to the log, so that it is there before the
//! end of the attempt is known; everything else goes to the driver.
//!
//! The worker is not trusted: what it says of attempts that it was not given is dropped by the driver, and a frame that
//! does not decode ends it.

use std::collections::HashMap;
use std::io;
use std::process::Child;
use std::sync::Arc;

use sublet_scheduler::{AttemptId, UnixMillis};
use sublet_store::{Digest, Logs};
use sublet_worker::frame::FrameReader;
use sublet_worker::protocol::{Ended, FromWorker, Stream};
use tokio::sync::watch;

use super::{Surroundings, WorkerId};
use crate::clock;
use crate::driver::{Command, DriverHandle, Report};

/// Where the reports of one worker arrive.
pub(super) struct Desk {
    worker: WorkerId,
    logs: Arc<Logs>,
    driver: DriverHandle,
    output: watch::Sender<u64>,
    engine: String,
    /// Output that could not be kept, by attempt: it is reported as cut.
    unkept: HashMap<AttemptId, u64>,
}

impl Desk {
    pub(super) fn new(surroundings: &Surroundings, worker: WorkerId) -> Self {
        Self {
            worker,
            logs: Arc::clone(&surroundings.logs),
            driver: surroundings.driver.clone(),
            output: surroundings.output.clone(),
            engine: surroundings.artifacts.engine().to_owned(),
            unkept: HashMap::new(),
        }
    }

    /// Listens until the worker is gone, and says so.
    pub(super) fn listen(mut self, mut frames: FrameReader, mut child: Child) {
        if let Err(error) = self.hear_all(&mut frames) {
            tracing::warn!(worker = self.worker.0, %error, "a worker is ended for what it said");
        }
        drop(frames);
        if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
            tracing::debug!(%error, "a worker had ended by itself");
        }
        self.driver.tell(Command::WorkerGone(self.worker));
    }

    fn hear_all(&mut self, frames: &mut FrameReader) -> io::Result<()> {
        while let Some(batch) = frames.receive::<FromWorker>()? {
            if frames.next_descriptor().is_some() {
                return Err(io::Error::other("a worker has no descriptor to pass"));
            }
            self.hear(batch)?;
        }
        Ok(())
    }

    fn hear(&mut self, batch: Vec<FromWorker>) -> io::Result<()> {
        let now = clock::now();
        let mut reports = Vec::new();
        let mut wrote = false;
        for message in batch {
            match message {
                FromWorker::Output {
                    attempt,
                    stream,
                    bytes,
                } => {
                    self.keep(attempt, stream, now, &bytes);
                    wrote = true;
                }
                FromWorker::Ready { engine } if engine != self.engine => {
                    return Err(io::Error::other(format!(
                        "its engine is {engine}, ours is {}",
                        self.engine
                    )));
                }
                FromWorker::Ready { .. } | FromWorker::Loaded(_) => {}
                FromWorker::LoadFailed { module, reason } => {
                    reports.push(Report::LoadFailed {
                        module: Digest::from_bytes(module),
                        reason,
                    });
                }
                FromWorker::Started(attempt) => reports.push(Report::Started(attempt)),
                FromWorker::Ended(ended) => {
                    reports.push(Report::Ended(Box::new(self.account(*ended))));
                }
            }
        }
        if wrote {
            self.output.send_modify(|count| *count += 1);
        }
        if !reports.is_empty() {
            self.driver.tell(Command::Reports(self.worker, reports));
        }
        Ok(())
    }

    /// A log that cannot be written loses output, which is counted, and not the attempt.
    fn keep(&mut self, attempt: AttemptId, stream: Stream, at: UnixMillis, bytes: &[u8]) {
        let stream = match stream {
            Stream::Stdout => sublet_store::Stream::Stdout,
            Stream::Stderr => sublet_store::Stream::Stderr,
        };
        if let Err(error) = self.logs.append(attempt, stream, at, bytes) {
            let unkept = self.unkept.entry(attempt).or_default();
            if *unkept == 0 {
                tracing::error!(%attempt, error = &error as &dyn std::error::Error, "output cannot be kept");
            }
            *unkept += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        }
    }

    fn account(&mut self, mut ended: Ended) -> Ended {
        let unkept = self.unkept.remove(&ended.attempt).unwrap_or_default();
        ended.usage.output_cut_bytes = ended.usage.output_cut_bytes.saturating_add(unkept);
        ended
    }
}
