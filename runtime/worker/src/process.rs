//! The worker process: [`Slots`] behind a socket. It lives as long as the link does and not a moment longer.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use crate::frame::{FrameReader, FrameWriter};
use crate::outbox::Outbox;
use crate::protocol::{Configuration, FromWorker, ToWorker};
use crate::shares::Shares;
use crate::slots::{Cut, Slots};

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
    let outbox = Outbox::default();
    let mut slots = make_slots(configuration, outbox.clone())?;
    outbox.push(FromWorker::Ready {
        engine: sublet_sandbox::engine_identity(),
    });
    thread::Builder::new()
        .name("answers".into())
        .spawn(move || send_answers(&outbox, writer))?;
    obey(&mut slots, &mut reader, batch)
}

fn make_slots(configuration: Configuration, outbox: Outbox) -> io::Result<Slots> {
    let cut = Cut {
        instances_max: configuration.instances_max,
        memory_bytes_max: configuration.memory_bytes_max,
        shares: Shares::of(configuration.cpu_millis, configuration.burst),
    };
    Slots::new(cut, PathBuf::from(configuration.directory), outbox)
}

/// Ends when the link is broken: then the reader sees it as well and the process ends.
fn send_answers(outbox: &Outbox, mut writer: FrameWriter) {
    while writer.send(&outbox.drain(), &[]).is_ok() {}
}

fn obey(
    slots: &mut Slots,
    reader: &mut FrameReader,
    first: impl Iterator<Item = ToWorker>,
) -> io::Result<()> {
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
