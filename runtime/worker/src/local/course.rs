//! The course of a local run: start tasks as slots get free, pass their output on, collect their endings.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::Arc;

use sublet_scheduler::{AttemptId, Outcome};

use super::{JOB, Scratch, TaskEnding};
use crate::outbox::Outbox;
use crate::protocol::{Ended, FromWorker, StopCause, Stream};
use crate::slots::Slots;

/// A run on its way.
pub(super) struct Course {
    slots: Arc<Slots>,
    outbox: Outbox,
    scratch: Scratch,
    /// Tasks that were not started yet.
    fresh: RangeInclusive<u32>,
    running: u32,
    endings: Vec<TaskEnding>,
    /// The user, or a reader of our output that went away, ended it: nothing further is started.
    stopped: bool,
}

impl Course {
    pub(super) const fn new(
        slots: Arc<Slots>,
        outbox: Outbox,
        scratch: Scratch,
        tasks: RangeInclusive<u32>,
    ) -> Self {
        Self {
            slots,
            outbox,
            scratch,
            fresh: tasks,
            running: 0,
            endings: Vec::new(),
            stopped: false,
        }
    }

    /// Until every task that was started is over.
    pub(super) fn follow(&mut self, at_once: u32) -> io::Result<()> {
        for _ in 0..at_once {
            self.start_next()?;
        }
        while self.running > 0 {
            for message in self.outbox.drain() {
                self.take(message)?;
            }
        }
        Ok(())
    }

    pub(super) fn into_endings(mut self) -> Vec<TaskEnding> {
        self.endings.sort_by_key(|ending| ending.task);
        self.endings
    }

    fn start_next(&mut self) -> io::Result<()> {
        if self.stopped {
            return Ok(());
        }
        let Some(task) = self.fresh.next() else {
            return Ok(());
        };
        self.scratch.make(attempt(task))?;
        self.slots.start(attempt(task));
        self.running += 1;
        Ok(())
    }

    fn take(&mut self, message: FromWorker) -> io::Result<()> {
        match message {
            FromWorker::Output { stream, bytes, .. } => self.pass_on(stream, &bytes),
            FromWorker::Ended(ended) => self.note(*ended),
            FromWorker::LoadFailed { reason, .. } => Err(io::Error::other(reason)),
            FromWorker::Ready { .. } | FromWorker::Loaded(_) | FromWorker::Started(_) => Ok(()),
        }
    }

    /// A reader that went away (`sublet run … | head`) ends the run, quietly.
    fn pass_on(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let passed = match stream {
            Stream::Stdout => write_through(io::stdout().lock(), bytes),
            Stream::Stderr => write_through(io::stderr().lock(), bytes),
        };
        match passed {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.stopped = true;
                self.slots.stop_all(StopCause::Cancel);
                Ok(())
            }
            other => other,
        }
    }

    fn note(&mut self, ended: Ended) -> io::Result<()> {
        self.running -= 1;
        self.scratch.remove(ended.attempt)?;
        self.endings.push(TaskEnding {
            task: ended.attempt.task,
            outcome: ended.outcome,
            usage: ended.usage,
            detail: ended.detail,
        });
        if matches!(ended.outcome, Outcome::Cancelled(_)) {
            self.stopped = true;
        }
        self.start_next()
    }
}

const fn attempt(task: u32) -> AttemptId {
    AttemptId {
        job: JOB,
        task,
        number: 1,
    }
}

fn write_through(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
