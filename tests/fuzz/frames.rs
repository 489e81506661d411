//! Frames between front and worker: what is read is what could have been sent, or the link is given up.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use sublet_scheduler::{AttemptId, JobId};
use sublet_simulator::random::Random;
use sublet_worker::frame::{FrameReader, FrameWriter};
use sublet_worker::protocol::{FromWorker, Question, Stream, ToWorker};

use super::campaign::Campaign;
use super::mutation::{mutated, noise};

const HEADER_BYTES: usize = 4;

#[test]
fn what_a_worker_sends_is_a_batch_or_the_end_of_the_link() {
    let corpus = corpus();
    let frames = Campaign {
        name: "frames",
        cases: 20_000,
    };
    let make = |random: &mut Random| {
        if random.percent(10) {
            return noise(random, 64);
        }
        let mut bytes = mutated(random, &corpus, &["stderr", "\u{1}", "\u{0}"]);
        if random.percent(80) {
            tell_length(&mut bytes);
        }
        bytes
    };
    frames.play(make, |bytes| {
        // To the worker, only what cannot be read is of interest: that nothing panics.
        drop(read::<ToWorker>(bytes));
        for message in read::<FromWorker>(bytes) {
            let again = read::<FromWorker>(&written(std::slice::from_ref(&message)));
            assert_eq!(again, [message], "it is not read as it was written");
        }
    });
}

/// The messages of the frames up to the first that is none.
fn read<M: serde::de::DeserializeOwned>(bytes: &[u8]) -> Vec<M> {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut reader = FrameReader::new(theirs);
    ours.write_all(bytes).unwrap();
    drop(ours);
    let mut messages = Vec::new();
    while let Ok(Some(batch)) = reader.receive() {
        messages.extend::<Vec<M>>(batch);
    }
    messages
}

fn written(batch: &[FromWorker]) -> Vec<u8> {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut writer = FrameWriter::new(ours);
    writer.send(batch, &[]).unwrap();
    drop(writer);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut theirs, &mut bytes).unwrap();
    bytes
}

/// Lets the first frame be as long as all there is.
fn tell_length(bytes: &mut [u8]) {
    if let Some((header, rest)) = bytes.split_first_chunk_mut::<HEADER_BYTES>() {
        *header = u32::try_from(rest.len()).unwrap().to_le_bytes();
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let attempt = AttemptId {
        job: JobId(7),
        task: 3,
        number: 1,
    };
    let batches = [
        vec![FromWorker::Ready {
            engine: "wasmtime".to_owned(),
            wall: Vec::new(),
        }],
        vec![FromWorker::Loaded([7; 32]), FromWorker::Started(attempt)],
        vec![FromWorker::LoadFailed {
            module: [9; 32],
            reason: "damaged".to_owned(),
        }],
        vec![FromWorker::Output {
            attempt,
            stream: Stream::Stderr,
            bytes: b"hello".to_vec(),
        }],
        vec![FromWorker::Asked {
            number: 1,
            question: Question::Neighbours("name".to_owned()),
        }],
        vec![
            FromWorker::HungUp(5),
            FromWorker::Traffic {
                number: 2,
                nics: Vec::new(),
            },
        ],
    ];
    batches.iter().map(|batch| written(batch)).collect()
}
