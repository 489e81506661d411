//! A worker behind its link, without a front: what it is told, what it answers, and what it does when it is told nonsense.

#![cfg(feature = "compile")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sublet_network::Plan;
use sublet_scheduler::{AttemptId, CancelReason, JobId, Limits, LossReason, Outcome};
use sublet_worker::frame::{FRAME_BYTES_MAX, FrameReader, FrameWriter};
use sublet_worker::protocol::{
    Configuration, Definition, Ended, FromWorker, NetworkTerms, Stdin, StopCause, ToWorker,
};
use sublet_worker::{Burst, Isolation, Preemption};

const MODULE: [u8; 32] = [7; 32];
const JOB: JobId = JobId(1);
const NETWORK: Plan = Plan {
    v4: Ipv4Addr::new(10, 0, 0, 0),
    v4_bits: 18,
    v6: Ipv6Addr::new(0xfd53, 0x7562, 0x6c65, 0, 0, 0, 0, 0),
    v6_bits: 64,
};

const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#;
const SPIN: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

/// A worker on a thread, and our end of its link.
struct Worker {
    to: FrameWriter,
    from: FrameReader,
    thread: JoinHandle<std::io::Result<()>>,
    _directory: tempfile::TempDir,
}

impl Worker {
    fn start() -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let thread = thread::spawn(move || sublet_worker::process::serve(theirs, None));
        let configuration = Configuration {
            instances_max: 4,
            memory_bytes_max: 1 << 20,
            isolation: Isolation::User,
            cpu_millis: 1000,
            burst: Burst::Allowed,
            directory: directory.path().to_str().unwrap().to_owned(),
            network: NETWORK,
        };
        let mut worker = Self {
            to: FrameWriter::new(ours.try_clone().unwrap()),
            from: FrameReader::new(ours),
            thread,
            _directory: directory,
        };
        worker
            .to
            .send(&[ToWorker::Configure(configuration)], &[])
            .unwrap();
        assert!(matches!(worker.next(), FromWorker::Ready { .. }));
        worker
    }

    fn load(&mut self, text: &str, sha256: impl FnOnce(&[u8]) -> [u8; 32]) {
        let artifact = sublet_sandbox::compile(&wat::parse_str(text).unwrap(), Preemption::Checks)
            .unwrap()
            .artifact;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&artifact).unwrap();
        let file = rewound(file);
        let load = ToWorker::Load {
            module: MODULE,
            artifact_sha256: sha256(&artifact),
            length: u64::try_from(artifact.len()).unwrap(),
        };
        self.to
            .send(
                &[load, ToWorker::Define(Box::new(definition()))],
                &[file.as_fd()],
            )
            .unwrap();
    }

    fn next(&mut self) -> FromWorker {
        self.all_next().remove(0)
    }

    fn all_next(&mut self) -> Vec<FromWorker> {
        self.from.receive().unwrap().expect("the worker goes on")
    }

    /// Everything up to the end of one attempt.
    fn until_ended(&mut self) -> (Vec<FromWorker>, Ended) {
        let mut before = Vec::new();
        loop {
            for message in self.all_next() {
                match message {
                    FromWorker::Ended(ended) => return (before, *ended),
                    other => before.push(other),
                }
            }
        }
    }

    fn ends_well(self) {
        drop((self.to, self.from));
        self.thread.join().unwrap().unwrap();
    }
}

fn rewound(mut file: File) -> File {
    std::io::Seek::rewind(&mut file).unwrap();
    file
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn attempt(task: u32) -> AttemptId {
    AttemptId {
        job: JOB,
        task,
        number: 1,
    }
}

fn definition() -> Definition {
    Definition {
        job: JOB,
        public_id: "job_1".to_owned(),
        name: None,
        module: MODULE,
        program: "main.wasm".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        limits: Limits {
            memory_bytes: 1 << 20,
            ..Limits::default()
        },
        grace_ms: 0,
        speaks_job: false,
        parent: None,
        labels: std::collections::BTreeMap::new(),
        task_count: 1,
        stdin: Stdin::Empty,
        mounts: Vec::new(),
        network: NetworkTerms::default(),
    }
}

/// Of a program without sockets.
fn start(task: u32) -> ToWorker {
    ToWorker::Start {
        attempt: attempt(task),
        nic: None,
    }
}

#[test]
fn an_attempt_is_started_heard_and_ended() {
    let mut worker = Worker::start();
    worker.load(HELLO, sha256);
    worker.to.send(&[start(0)], &[]).unwrap();
    let (before, ended) = worker.until_ended();
    let output: Vec<u8> = before
        .iter()
        .filter_map(|message| match message {
            FromWorker::Output { bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    assert!(before.contains(&FromWorker::Loaded(MODULE)));
    assert!(before.contains(&FromWorker::Started(attempt(0))));
    assert_eq!(output, b"hello\n");
    assert_eq!(
        (ended.attempt, ended.outcome),
        (attempt(0), Outcome::Succeeded)
    );
    worker.ends_well();
}

#[test]
fn a_spinning_attempt_is_stopped_and_its_neighbour_runs_to_its_end() {
    let mut worker = Worker::start();
    worker.load(SPIN, sha256);
    worker.to.send(&[start(0), start(1)], &[]).unwrap();
    let stop = |task, cause| ToWorker::Stop {
        attempt: attempt(task),
        cause,
    };
    worker.to.send(&[stop(1, StopCause::Cancel)], &[]).unwrap();
    let (_, ended) = worker.until_ended();
    assert_eq!(
        (ended.attempt, ended.outcome),
        (attempt(1), Outcome::Cancelled(CancelReason::Asked))
    );
    worker
        .to
        .send(&[stop(0, StopCause::Shutdown)], &[])
        .unwrap();
    let (_, ended) = worker.until_ended();
    assert_eq!(
        (ended.attempt, ended.outcome),
        (attempt(0), Outcome::Cancelled(CancelReason::Shutdown))
    );
    worker.ends_well();
}

#[test]
fn machine_code_that_is_not_what_was_announced_is_not_loaded_and_its_attempts_say_so() {
    let mut worker = Worker::start();
    worker.load(HELLO, |_| [0; 32]);
    worker.to.send(&[start(0)], &[]).unwrap();
    let (before, ended) = worker.until_ended();
    assert!(
        matches!(&before[0], FromWorker::LoadFailed { module: MODULE, .. }),
        "{before:?}"
    );
    assert_eq!(ended.outcome, Outcome::Lost(LossReason::Setup));
    worker.ends_well();
}

#[test]
fn an_attempt_of_an_unknown_job_ends_and_a_stop_of_one_is_nothing() {
    let mut worker = Worker::start();
    let stop = ToWorker::Stop {
        attempt: attempt(9),
        cause: StopCause::Cancel,
    };
    worker.to.send(&[stop, start(0)], &[]).unwrap();
    let (_, ended) = worker.until_ended();
    assert_eq!(
        (ended.attempt, ended.outcome),
        (attempt(0), Outcome::Lost(LossReason::Setup))
    );
    worker.ends_well();
}

#[test]
fn a_worker_that_is_told_nonsense_gives_up_the_link() {
    for nonsense in [
        &b"\x03\0\0\0\xff\xff\xff"[..],
        &u32::MAX.to_le_bytes(),
        b"\x10\0\0\0short",
    ] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(nonsense).unwrap();
        drop(ours);
        let ended = sublet_worker::process::serve(theirs, None);
        assert!(ended.is_err(), "{nonsense:?}");
    }
}

#[test]
fn a_frame_beyond_the_limit_is_not_sent() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let huge = FromWorker::LoadFailed {
        module: MODULE,
        reason: "x".repeat(FRAME_BYTES_MAX + 1),
    };
    let refused = FrameWriter::new(ours).send(&[huge], &[]);
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("the limit is 67108864")
    );
}

#[test]
fn more_descriptors_than_may_stand_beside_one_frame_are_not_sent() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (mut writer, mut frames) = (FrameWriter::new(ours), FrameReader::new(theirs));
    let file = tempfile::tempfile().unwrap();
    let batch = [FromWorker::HungUp(1)];
    writer.send(&batch, &[file.as_fd(); 32]).unwrap();
    frames.receive::<FromWorker>().unwrap();
    let received = std::iter::from_fn(|| frames.next_descriptor()).count();
    assert_eq!(received, 32);
    let refused = writer.send(&batch, &[file.as_fd(); 33]).unwrap_err();
    assert!(refused.to_string().contains("the limit is 32"), "{refused}");
}

#[test]
fn a_batch_of_many_messages_arrives_whole_and_in_order() {
    const MESSAGES: u64 = 150_000;
    let (ours, theirs) = UnixStream::pair().unwrap();
    let batch: Vec<_> = (0..MESSAGES).map(FromWorker::HungUp).collect();
    let sending = thread::spawn(move || FrameWriter::new(ours).send(&batch, &[]));
    let mut frames = FrameReader::new(theirs);
    let mut expected = (0..MESSAGES).map(FromWorker::HungUp);
    while let Some(frame) = frames.receive::<FromWorker>().unwrap() {
        assert!(frame.len() <= 1 << 16, "{} in one frame", frame.len());
        assert!(frame.into_iter().all(|one| Some(one) == expected.next()));
    }
    assert_eq!(expected.next(), None);
    sending.join().unwrap().unwrap();
}

#[test]
fn who_waits_for_a_frame_is_told_of_silence_also_within_one_and_loses_nothing() {
    const SILENCE: Duration = Duration::from_millis(5);
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let (copy, mut copied) = UnixStream::pair().unwrap();
    let batch = [FromWorker::HungUp(7)];
    FrameWriter::new(copy).send(&batch, &[]).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut copied, &mut bytes).unwrap();

    let mut frames = FrameReader::new(ours);
    frames.notice_after(SILENCE).unwrap();
    // One byte more each time that nothing came.
    let mut rest = bytes.iter();
    let mut send = || theirs.write_all(&[*rest.next().unwrap()]).unwrap();
    let received = frames.receive_or_notice::<FromWorker>(&mut send).unwrap();
    assert_eq!(received.as_deref(), Some(&batch[..]));
    assert_eq!(rest.next(), None);
}

#[test]
fn a_worker_says_that_it_is_there_while_guests_spin() {
    let mut worker = Worker::start();
    worker.load(SPIN, sha256);
    let starts: Vec<ToWorker> = (0..4).map(start).collect();
    worker.to.send(&starts, &[]).unwrap();
    worker.to.send(&[ToWorker::AreYouThere], &[]).unwrap();
    while !worker.all_next().contains(&FromWorker::Here) {}
    worker.ends_well();
}

#[test]
fn a_worker_ends_with_its_link_while_guests_spin() {
    let mut worker = Worker::start();
    worker.load(SPIN, sha256);
    worker.to.send(&[start(0)], &[]).unwrap();
    while !worker.all_next().contains(&FromWorker::Started(attempt(0))) {}
    worker.ends_well();
}
