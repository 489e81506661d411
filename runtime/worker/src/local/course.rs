//! The course of a local run: start tasks as slots get free, pass their output on, collect their endings.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::sync::Arc;

use sublet_network::Addresses;
use sublet_scheduler::{AttemptId, Outcome};

use super::{JOB, LocalJob, NETWORK, Scratch, TaskEnding};
use crate::outbox::Outbox;
use crate::protocol::{Ended, FromWorker, StopCause, Stream};
use crate::slots::Slots;

/// A run on its way.
pub(super) struct Course {
    slots: Arc<Slots>,
    outbox: Outbox,
    scratch: Scratch,
    has_network: bool,
    /// Tasks that were not started yet.
    fresh: RangeInclusive<u32>,
    tasks: usize,
    running: u32,
    endings: Vec<TaskEnding>,
    /// The user, or a reader of our output that went away, ended it: nothing further is started.
    stopped: bool,
}

impl Course {
    pub(super) fn new(slots: Arc<Slots>, outbox: Outbox, scratch: Scratch, job: &LocalJob) -> Self {
        Self {
            slots,
            outbox,
            scratch,
            has_network: job.network.is_some(),
            fresh: job.tasks.clone(),
            tasks: job.tasks.clone().count(),
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
        let nic = self.has_network.then(|| addresses(task));
        self.slots.start(attempt(task), nic);
        self.running += 1;
        Ok(())
    }

    fn take(&mut self, message: FromWorker) -> io::Result<()> {
        match message {
            FromWorker::Output { stream, bytes, .. } => self.pass_on(stream, &bytes),
            FromWorker::Ended(ended) => self.note(*ended),
            FromWorker::LoadFailed { reason, .. } => Err(io::Error::other(reason)),
            // Nothing is asked of anybody: what leaves this process is dialled in it.
            FromWorker::Ready { .. }
            | FromWorker::Loaded(_)
            | FromWorker::Started(_)
            | FromWorker::Asked { .. }
            | FromWorker::HungUp(_)
            | FromWorker::Taken { .. }
            | FromWorker::Told { .. }
            | FromWorker::Traffic { .. }
            | FromWorker::Here => Ok(()),
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
        let is_alone = self.tasks == 1;
        self.scratch
            .remove(ended.attempt, ended.outcome, is_alone)?;
        self.endings.push(TaskEnding {
            task: ended.attempt.task,
            outcome: ended.outcome,
            usage: ended.usage,
            detail: ended.detail,
            denied: ended.denied,
            progress: ended.progress,
            summary: ended.summary,
        });
        if matches!(ended.outcome, Outcome::Cancelled(_)) {
            self.stopped = true;
        }
        self.start_next()
    }
}

/// Each task has an address of its own; that of number 0 is the network itself.
pub(super) fn addresses(task: u32) -> Addresses {
    let number = task.saturating_add(1);
    Addresses {
        v4: Ipv4Addr::from(u32::from(NETWORK.v4) | number),
        v6: Ipv6Addr::from(u128::from(NETWORK.v6) | u128::from(number)),
    }
}

const fn attempt(task: u32) -> AttemptId {
    AttemptId {
        job: JOB,
        task,
        number: 1,
    }
}

pub(super) fn write_through(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
