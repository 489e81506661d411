//! The worker process: [`Slots`] behind a socket. It lives as long as the link does and not a moment longer.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use crate::frame::{FrameReader, FrameWriter};
use crate::outbox::Outbox;
use crate::protocol::{Configuration, FromWorker, Isolation, ToWorker};
use crate::shares::Shares;
use crate::slots::{Cut, Slots, step_back};
use crate::stage::{Stage, stage};

/// Serves the link until the other end closes it.
///
/// # Errors
/// When the link breaks, says what does not decode, or the engine cannot be made.
pub fn serve(link: UnixStream) -> io::Result<()> {
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
        Isolation::User => serve_many(configuration, link),
        Isolation::Process => serve_one(configuration, link),
    }
}

/// The link, and what came with the configuration.
struct Link {
    reader: FrameReader,
    writer: FrameWriter,
    batch: Vec<ToWorker>,
}

fn serve_many(configuration: Configuration, mut link: Link) -> io::Result<()> {
    let outbox = Outbox::default();
    let mut slots = make_slots(configuration, None, outbox.clone())?;
    let writer = link.writer;
    outbox.push(ready(Isolation::User));
    thread::Builder::new()
        .name("answers".into())
        .spawn(move || send_answers(&outbox, writer))?;
    obey(&mut slots, &mut link.reader, link.batch)
}

/// The guest gets this thread, and nothing may wait for it: with the end of its attempt, or of the link, the process ends
/// where it stands.
fn serve_one(configuration: Configuration, mut link: Link) -> io::Result<()> {
    let outbox = Outbox::default();
    let (stage, performance) = stage();
    let mut slots = make_slots(configuration, Some(stage), outbox.clone())?;
    let writer = link.writer;
    outbox.push(ready(Isolation::Process));
    thread::Builder::new()
        .name("answers".into())
        .spawn(move || {
            send_until_the_end(&outbox, writer);
            end_now();
        })?;
    thread::Builder::new()
        .name("orders".into())
        .spawn(move || {
            if let Err(error) = obey(&mut slots, &mut link.reader, link.batch) {
                tracing::warn!(%error, "the link to the front is given up");
            }
            end_now();
        })?;
    step_back();
    performance.run();
    Ok(())
}

fn ready(isolation: Isolation) -> FromWorker {
    FromWorker::Ready {
        engine: sublet_sandbox::engine_identity(isolation.preemption()),
    }
}

fn make_slots(
    configuration: Configuration,
    stage: Option<Stage>,
    outbox: Outbox,
) -> io::Result<Slots> {
    let shares = match configuration.isolation {
        Isolation::User => Shares::of(configuration.cpu_millis, configuration.burst),
        // The front keeps it: nothing in here can hold the guest back.
        Isolation::Process => Shares::unlimited(),
    };
    let cut = Cut {
        instances_max: configuration.instances_max,
        memory_bytes_max: configuration.memory_bytes_max,
        shares,
        stage,
    };
    Slots::new(cut, PathBuf::from(configuration.directory), outbox)
}

/// Ends when the link is broken: then the reader sees it as well and the process ends.
fn send_answers(outbox: &Outbox, mut writer: FrameWriter) {
    while writer.send(&outbox.drain(), &[]).is_ok() {}
}

/// Until the end of the one attempt is on its way, with all that the guest wrote before it.
fn send_until_the_end(outbox: &Outbox, mut writer: FrameWriter) {
    loop {
        let batch = outbox.drain();
        let is_last = batch
            .iter()
            .any(|message| matches!(message, FromWorker::Ended(_)));
        if writer.send(&batch, &[]).is_err() || is_last {
            return;
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

fn obey(slots: &mut Slots, reader: &mut FrameReader, first: Vec<ToWorker>) -> io::Result<()> {
    for message in first {
        obey_one(slots, reader, message)?;
    }
    while let Some(batch) = reader.receive::<ToWorker>()? {
        for message in batch {
            obey_one(slots, reader, message)?;
        }
    }
    Ok(())
}

fn obey_one(slots: &mut Slots, reader: &mut FrameReader, message: ToWorker) -> io::Result<()> {
    match message {
        ToWorker::Configure(_) => return Err(io::Error::other("the worker is configured twice")),
        ToWorker::Load {
            module,
            artifact_sha256,
            length,
        } => {
            let descriptor = reader
                .next_descriptor()
                .ok_or_else(|| io::Error::other("a module came without its descriptor"))?;
            let artifact = read_artifact(descriptor, length)?;
            slots.load(module, &artifact, &artifact_sha256);
        }
        ToWorker::Unload(module) => slots.unload(&module),
        ToWorker::Define(definition) => slots.define(*definition),
        ToWorker::Forget(job) => slots.forget(job),
        ToWorker::Start(attempt) => slots.start(attempt),
        ToWorker::Stop { attempt, cause } => slots.stop(attempt, cause),
    }
    Ok(())
}

fn read_artifact(descriptor: OwnedFd, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
    File::from(descriptor)
        .take(length)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
