//! The worker process: [`Slots`] behind a socket. It lives as long as the link does and not a moment longer.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crate::carrier::Hold;
use crate::fault;
use crate::frame::{FrameReader, FrameWriter};
use crate::network::Networking;
use crate::outbox::Outbox;
use crate::protocol::{Answer, Configuration, FromWorker, Isolation, ToWorker};
use crate::questions::Questions;
use crate::shares::Shares;
use crate::slots::{Cut, Slots};
use crate::stage::{Stage, stage};
use crate::threads::step_back;
use crate::wall::{Begun, Room, Standing};

/// Serves the link until the other end closes it. The wall, where there is one, is closed before the first guest.
///
/// # Errors
/// When the link breaks, says what does not decode, the engine cannot be made, or the wall cannot be closed.
pub fn serve(link: UnixStream, wall: Option<Begun>) -> io::Result<()> {
    let writer = FrameWriter::new(link.try_clone()?);
    let mut reader = FrameReader::new(link);
    let Some(first) = reader.receive::<ToWorker>()? else {
        return Ok(());
    };
    let mut batch = first.into_iter();
    let Some(ToWorker::Configure(configuration)) = batch.next() else {
        return Err(io::Error::other(
            "the first message does not configure the worker",
        ));
    };
    // Held, never read: a later front waits for this lock before it takes over.
    let _alive = reader.next_descriptor();
    let link = Link {
        reader,
        writer,
        batch: batch.collect(),
    };
    match configuration.isolation {
        Isolation::User => serve_many(configuration, link, wall),
        Isolation::Process => serve_one(configuration, link, wall),
    }
}

/// The link, and what came with the configuration.
struct Link {
    reader: FrameReader,
    writer: FrameWriter,
    batch: Vec<ToWorker>,
}

fn serve_many(configuration: Configuration, mut link: Link, wall: Option<Begun>) -> io::Result<()> {
    let outbox = Outbox::default();
    let (mut orders, wall) = Orders::behind(wall, configuration, None, &outbox)?;
    let mut writer = link.writer;
    // Heard before the first guest, so that nobody takes a death before it for a guest's doing, or the other way round.
    writer.send(&[ready(Isolation::User, wall)], &[])?;
    thread::Builder::new()
        .name("answers".into())
        .spawn(move || send_answers(&outbox, writer))?;
    orders.obey(&mut link.reader, link.batch)
}

/// The guest gets this thread, and nothing may wait for it: with the end of its attempt, or of the link, the process ends
/// where it stands.
fn serve_one(configuration: Configuration, mut link: Link, wall: Option<Begun>) -> io::Result<()> {
    let outbox = Outbox::default();
    let (stage, performance) = stage();
    let (mut orders, wall) = Orders::behind(wall, configuration, Some(stage), &outbox)?;
    let mut writer = link.writer;
    writer.send(&[ready(Isolation::Process, wall)], &[])?;
    thread::Builder::new()
        .name("answers".into())
        .spawn(move || {
            send_until_the_end(&outbox, writer);
            end_now();
        })?;
    thread::Builder::new()
        .name("orders".into())
        .spawn(move || {
            let _all_or_nothing = Together;
            if let Err(error) = orders.obey(&mut link.reader, link.batch) {
                tracing::warn!(%error, "the link to the front is given up");
            }
            end_now();
        })?;
    step_back();
    performance.run();
    Ok(())
}

fn ready(isolation: Isolation, wall: Vec<Standing>) -> FromWorker {
    FromWorker::Ready {
        engine: sublet_sandbox::engine_identity(isolation.preemption()),
        wall,
    }
}

/// Ends when the link is broken: then the reader sees it as well and the process ends.
fn send_answers(outbox: &Outbox, mut writer: FrameWriter) {
    let _all_or_nothing = Together;
    while send(&mut writer, &outbox.drain()).is_ok() {}
}

/// Until the end of the one attempt is on its way, with all that the guest wrote before it.
fn send_until_the_end(outbox: &Outbox, mut writer: FrameWriter) {
    let _all_or_nothing = Together;
    loop {
        let batch = outbox.drain();
        let is_last = batch
            .iter()
            .any(|message| matches!(message, FromWorker::Ended(_)));
        if send(&mut writer, &batch).is_err() || is_last {
            return;
        }
    }
}

fn send(writer: &mut FrameWriter, batch: &[FromWorker]) -> io::Result<()> {
    let tells_an_end = batch
        .iter()
        .any(|message| matches!(message, FromWorker::Ended(_)));
    let subjects: &[&str] = if tells_an_end { &["report"] } else { &[] };
    fault::step_of("worker", subjects, "before");
    writer.send(batch, &[])?;
    fault::step_of("worker", subjects, "after");
    #[cfg(debug_assertions)]
    if tells_an_end {
        lie(writer, batch)?;
    }
    Ok(())
}

/// What a worker might say in which somebody else gives the orders.
#[cfg(debug_assertions)]
fn lie(writer: &mut FrameWriter, truth: &[FromWorker]) -> io::Result<()> {
    if fault::is_due("worker.lies") {
        writer.send(&fault::lies::about(truth), &[])?;
        writer.send(truth, &[])?;
    }
    if fault::is_due("worker.garbage") {
        // No message begins like this one.
        writer.send(&[u64::MAX], &[])?;
    }
    Ok(())
}

/// A worker that hears and cannot answer is worse than none: a thread of the link that panics ends the process.
struct Together;

impl Drop for Together {
    fn drop(&mut self) {
        if thread::panicking() {
            end_now();
        }
    }
}

#[expect(
    clippy::exit,
    reason = "the main thread is inside the guest and cannot be asked to return"
)]
fn end_now() -> ! {
    std::process::exit(0)
}

/// What the front has this worker do, and what it answers to its questions.
struct Orders {
    slots: Slots,
    questions: Questions,
    outbox: Outbox,
}

impl Orders {
    /// Makes the engine and its threads, with the rest of the wall around them.
    fn behind(
        wall: Option<Begun>,
        configuration: Configuration,
        stage: Option<Stage>,
        outbox: &Outbox,
    ) -> io::Result<(Self, Vec<Standing>)> {
        let directory = PathBuf::from(&configuration.directory);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let make = || Self::new(configuration, (threads, stage), outbox);
        match wall {
            Some(begun) => begun.around(Room::Worker(&directory), make),
            None => Ok((make()?, Vec::new())),
        }
    }

    fn new(
        configuration: Configuration,
        (threads, stage): (usize, Option<Stage>),
        outbox: &Outbox,
    ) -> io::Result<Self> {
        let shares = match configuration.isolation {
            Isolation::User => Shares::of(configuration.cpu_millis, configuration.burst),
            // The front keeps it: nothing in here can hold the guest back.
            Isolation::Process => Shares::unlimited(),
        };
        let questions = Questions::new(outbox.clone());
        let cut = Cut {
            instances_max: configuration.instances_max,
            memory_bytes_max: configuration.memory_bytes_max,
            shares,
            threads,
            stage,
            network: Networking::new(configuration.network, Arc::new(questions.clone())),
            questions: Some(questions.clone()),
        };
        let directory = PathBuf::from(configuration.directory);
        Ok(Self {
            slots: Slots::new(cut, directory, outbox.clone())?,
            questions,
            outbox: outbox.clone(),
        })
    }

    fn obey(&mut self, reader: &mut FrameReader, first: Vec<ToWorker>) -> io::Result<()> {
        for message in first {
            self.obey_one(reader, message)?;
        }
        while let Some(batch) = reader.receive::<ToWorker>()? {
            for message in batch {
                self.obey_one(reader, message)?;
            }
        }
        Ok(())
    }

    fn obey_one(&mut self, reader: &mut FrameReader, message: ToWorker) -> io::Result<()> {
        match message {
            ToWorker::Configure(_) => {
                return Err(io::Error::other("the worker is configured twice"));
            }
            ToWorker::Load {
                module,
                artifact_sha256,
                length,
            } => {
                let artifact = read_artifact(descriptor(reader)?, length)?;
                self.slots.load(module, &artifact, &artifact_sha256);
            }
            ToWorker::Unload(module) => self.slots.unload(&module),
            ToWorker::Define(definition) => self.slots.define(*definition),
            ToWorker::Forget(job) => self.slots.forget(job),
            ToWorker::Start { attempt, nic } => self.slots.start(attempt, nic),
            ToWorker::Stop { attempt, cause } => self.slots.stop(attempt, cause),
            ToWorker::Answered { number, answer } => {
                let connected = match &answer {
                    Answer::Connected { .. } => Some(descriptor(reader)?),
                    Answer::Neighbours(_) | Answer::Relatives(_) | Answer::Refused(_) => None,
                };
                self.questions.answered(number, answer, connected);
            }
            ToWorker::TellTraffic(number) => self.slots.tell_traffic(number),
            ToWorker::AreYouThere => self.outbox.push(FromWorker::Here),
            ToWorker::Incoming {
                connection,
                protocol,
                to,
                from,
            } => {
                let hold = Hold::new(self.questions.clone(), connection);
                let connected = descriptor(reader)?;
                self.slots
                    .deliver((connection, protocol), (to, from), connected, hold);
            }
        }
        Ok(())
    }
}

/// The next descriptor: each message that needs one comes with one.
fn descriptor(reader: &mut FrameReader) -> io::Result<OwnedFd> {
    reader
        .next_descriptor()
        .ok_or_else(|| io::Error::other("a message came without its descriptor"))
}

fn read_artifact(descriptor: OwnedFd, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
    File::from(descriptor)
        .take(length)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
