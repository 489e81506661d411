//! A front that has nothing but what workers meet of it, and workers that say whatever a test wants.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command as Program};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Receiver;
use std::thread;

use sublet_network::{Addresses, Pending, Plan, Protocol, Target};
use sublet_scheduler::{JobId, Limits, Outcome, UserId};
use sublet_store::{DataDirectory, LogFound, LogPosition, LogSelection};
use sublet_worker::Burst;
use sublet_worker::dial::Resolver;
use sublet_worker::frame::FrameWriter;
use sublet_worker::network::NicLimits;
use sublet_worker::protocol::{
    Answer, Definition, NetworkTerms, NotTaken, Question, Stdin, ToWorker,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::super::*;
use crate::broker::{Names, NicId};
use crate::http::relatives;
use crate::metrics::Reading;
use crate::workers::WorkerShape;
use crate::workers::writer;

pub(super) const DEADLINE: Duration = Duration::from_secs(120);
/// The connections of a nic that leave its worker.
pub(super) const CONNECTIONS: u32 = 4;
/// A number that nobody counts to.
pub(super) const NEVER: u64 = 1 << 40;

pub(super) const ADA: UserId = UserId(1);
pub(super) const BOB: UserId = UserId(2);

/// Names never resolve: whoever asks for one waits.
#[derive(Default)]
pub(super) struct Silent {
    pub(super) asked: AtomicUsize,
}

impl Resolver for Silent {
    fn resolve(&self, _name: &str) -> Pending<io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Relaxed);
        Box::pin(pending())
    }
}

/// A front that has nothing but what workers meet of it.
pub(super) struct Front {
    pub(super) broker: Broker,
    pub(super) resolver: Arc<Silent>,
    pub(super) logs: Arc<Logs>,
    /// What each of its workers was given.
    pub(super) given: Given,
    pub(super) metrics: Arc<Metrics>,
    pub(super) driver: DriverHandle,
    pub(super) reports: Receiver<Command>,
    pub(super) workers: AtomicUsize,
    /// What everybody may dial, and what nobody may.
    pub(super) open: TcpListener,
    pub(super) closed: TcpListener,
    pub(super) runtime: Runtime,
    relatives: ToRelatives,
    /// Questions about other jobs: whoever should answer them takes their time.
    pub(super) unanswered: mpsc::Receiver<Asked>,
    _directory: TempDir,
}

/// Our end of a worker's link: it says whatever the test wants.
pub(super) struct Hostile {
    pub(super) id: WorkerId,
    pub(super) nic: NicId,
    pub(super) speaker: Speaker,
    pub(super) socket: UnixStream,
    pub(super) to_front: FrameWriter,
    pub(super) from_front: FrameReader,
}

impl Front {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let resolver = Arc::new(Silent::default());
        let broker = Broker::new(
            runtime.handle().clone(),
            Arc::<Silent>::clone(&resolver),
            Ipv4Addr::LOCALHOST.into(),
        );
        for (user, second) in [(ADA, 1), (BOB, 2)] {
            broker.assign(user, plan(second));
        }
        let (driver, reports) = DriverHandle::of_a_new_driver();
        let (relatives, unanswered) = relatives::channel();
        let store = DataDirectory::open(directory.path()).unwrap();
        Self {
            broker,
            resolver,
            logs: Arc::new(store.logs().unwrap()),
            given: given_one(),
            metrics: Arc::new(Metrics::new()),
            driver,
            reports,
            workers: AtomicUsize::new(1),
            open: listener(),
            closed: listener(),
            runtime,
            relatives,
            unanswered,
            _directory: directory,
        }
    }

    /// A worker with one nic.
    pub(super) fn worker(&self, user: UserId) -> Hostile {
        let number = self.workers.fetch_add(1, Relaxed);
        let id = WorkerId::from_number(u64::try_from(number).unwrap());
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (speaker, parcels) = Speaker::new();
        let link = FrameWriter::new(ours.try_clone().unwrap());
        thread::spawn(move || writer::send_all(link, parcels));
        let desk = self.desk(id, user, speaker.clone());
        let (frames, child) = (FrameReader::new(ours), process());
        thread::spawn(move || desk.listen(frames, child));
        let hostile = Hostile {
            id,
            nic: self.nic(user),
            speaker,
            to_front: FrameWriter::new(theirs.try_clone().unwrap()),
            from_front: FrameReader::new(theirs.try_clone().unwrap()),
            socket: theirs,
        };
        let place = (hostile.nic, id, hostile.speaker.clone());
        self.broker.place(place.0, place.1, place.2);
        hostile
    }

    /// A nic that may dial what is open, by its address, and names that never resolve.
    pub(super) fn nic(&self, user: UserId) -> NicId {
        let open = self.open.local_addr().unwrap();
        let definition = definition(NetworkTerms {
            names: Vec::new(),
            operator: vec![format!("protected:{open}"), "*:443".to_owned()],
            allow: vec![open.to_string(), "*.example.org:443".to_owned()],
            limits: NicLimits {
                connections: CONNECTIONS,
                ..NicLimits::default()
            },
        });
        let names = Names {
            attempt: attempt(),
            names: vec!["worker".to_owned()],
        };
        let bound = self.broker.bind(user, names, &definition, &[]);
        let Addresses { v4, .. } = bound.unwrap();
        NicId { user, v4 }
    }

    pub(super) fn desk(&self, worker: WorkerId, user: UserId, speaker: Speaker) -> Desk {
        Desk {
            require_hardening: false,
            worker,
            asker: Asker {
                user,
                worker,
                speaker,
            },
            broker: self.broker.clone(),
            given: self.given.clone(),
            logs: Arc::clone(&self.logs),
            metrics: Arc::clone(&self.metrics),
            driver: self.driver.clone(),
            output: watch::Sender::new(0),
            relatives: self.relatives.clone(),
            questions: Arc::new(Semaphore::new(PLACES_PER_GUEST)),
            engine: "none".to_owned(),
            purpose: Purpose {
                user,
                shape: WorkerShape {
                    instances_max: 1,
                    memory_bytes_max: 1 << 20,
                    isolation: Isolation::User,
                    cpu_millis: 1000,
                    burst: Burst::Allowed,
                },
                wall: DEADLINE,
            },
            keeper: Keeper::default(),
            pulse: Pulse::default(),
            seen: Seen::default(),
            unkept: HashMap::new(),
        }
    }

    /// Waits until a worker is ended, and does then what the driver does.
    pub(super) fn sees_the_end_of(&self, hostile: &Hostile) {
        loop {
            let report = self.reports.recv_timeout(DEADLINE);
            match report.expect("the worker is ended") {
                Command::WorkerGone(id, _) if id == hostile.id => break,
                _ => {}
            }
        }
        self.broker.worker_gone(hostile.id);
        self.broker.release(hostile.nic);
    }

    /// Whether a worker that keeps to the rules gets what it asks for, and nothing else than that was dialled meanwhile.
    pub(super) fn serves(&self, honest: &mut Hostile) {
        let target = self.open_target();
        honest.dials(NEVER, honest.nic, target);
        let (_, answer) = honest.answer();
        let Answer::Connected { connection, .. } = answer else {
            panic!("{answer:?}");
        };
        let ours = honest.from_front.next_descriptor().unwrap();
        self.open.set_nonblocking(false).unwrap();
        let (_theirs, caller) = self.open.accept().unwrap();
        let socket = std::net::TcpStream::from(ours);
        assert_eq!(socket.local_addr().unwrap(), caller);
        honest.says(&[FromWorker::HungUp(connection)]);
        self.nobody_came();
    }

    pub(super) fn nobody_came(&self) {
        for listener in [&self.open, &self.closed] {
            listener.set_nonblocking(true).unwrap();
            let came = listener.accept().map(|(_, from)| from);
            assert_eq!(came.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        }
    }

    pub(super) fn open_target(&self) -> Target {
        Target::Address(self.open.local_addr().unwrap())
    }

    /// What a job has printed, as far as it was kept.
    pub(super) fn printed(&self, job: JobId) -> String {
        let all = LogSelection::default();
        let entries = self.logs.read(job, all, LogPosition::default()).unwrap();
        let texts = entries.map(|entry| match entry.unwrap().found {
            LogFound::Chunk(chunk) => String::from_utf8(chunk.bytes).unwrap(),
            LogFound::Gap { file_bytes } => panic!("{file_bytes} bytes are missing"),
        });
        texts.collect()
    }

    /// What was counted, as a scrape reads it.
    pub(super) fn counts(&self) -> String {
        self.metrics.text(&Reading::default()).unwrap()
    }

    /// Connections that have a place, and those that are offered to a worker which has not answered.
    pub(super) fn becomes(&self, expected: (usize, usize)) {
        eventually(|| self.broker.in_use() == expected);
    }
}

impl Hostile {
    pub(super) fn says(&mut self, batch: &[FromWorker]) {
        self.to_front.send(batch, &[]).unwrap();
    }

    pub(super) fn dials(&mut self, number: u64, nic: NicId, target: Target) {
        self.says(&[dial(number, nic, target)]);
    }

    pub(super) fn next(&mut self) -> ToWorker {
        let mut batch = self.from_front.receive().unwrap().expect("it lives");
        assert_eq!(batch.len(), 1);
        batch.remove(0)
    }

    pub(super) fn answer(&mut self) -> (u64, Answer) {
        match self.next() {
            ToWorker::Answered { number, answer } => (number, answer),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn refusal(&mut self, expected: u64) -> Refusal {
        let (number, answer) = self.answer();
        assert_eq!(number, expected);
        match answer {
            Answer::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// The number of a connection that is offered, and its end.
    pub(super) fn offer(&mut self) -> (u64, UnixStream) {
        match self.next() {
            ToWorker::Incoming { connection, .. } => {
                let end = self.from_front.next_descriptor().unwrap();
                (connection, end.into())
            }
            other => panic!("{other:?}"),
        }
    }
}

pub(super) fn plan(second: u8) -> Plan {
    Plan {
        v4: Ipv4Addr::new(10, second, 0, 0),
        v4_bits: 18,
        v6: Ipv6Addr::new(0xfd53, second.into(), 0, 0, 0, 0, 0, 0),
        v6_bits: 64,
    }
}

pub(super) fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A process that does nothing, to be ended.
pub(super) fn process() -> Child {
    Program::new("sleep").arg("600").spawn().unwrap()
}

pub(super) fn attempt() -> AttemptId {
    attempt_of(1)
}

pub(super) fn attempt_of(job: u64) -> AttemptId {
    AttemptId {
        job: JobId(job),
        task: 0,
        number: 1,
    }
}

pub(super) fn end_of(attempt: AttemptId) -> Ended {
    Ended {
        attempt,
        started_at_ms: None,
        ended_at_ms: 1,
        outcome: Outcome::Succeeded,
        usage: Usage::default(),
        detail: None,
        denied: Vec::new(),
        progress: None,
        summary: None,
        media_types: Vec::new(),
        is_final: false,
    }
}

fn given_one() -> Given {
    let given = Given::default();
    given.give(attempt());
    given
}

pub(super) fn definition(network: NetworkTerms) -> Definition {
    Definition {
        job: JobId(1),
        public_id: "job_1".to_owned(),
        name: None,
        module: [0; 32],
        program: "main.wasm".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        limits: Limits::default(),
        grace_ms: 0,
        speaks_job: false,
        parent: None,
        labels: std::collections::BTreeMap::new(),
        task_count: 1,
        stdin: Stdin::Empty,
        mounts: Vec::new(),
        network,
    }
}

pub(super) fn dial(number: u64, nic: NicId, target: Target) -> FromWorker {
    FromWorker::Asked {
        number,
        question: Question::Dial {
            nic: nic.v4,
            protocol: Protocol::Tcp,
            target,
        },
    }
}

pub(super) fn to_nic(nic: NicId) -> Target {
    Target::Address((nic.v4, 80).into())
}

pub(super) fn slow_name() -> Target {
    Target::Name {
        name: "slow.example.org".to_owned(),
        port: 443,
    }
}

pub(super) fn taken(connection: u64, refusal: Option<NotTaken>) -> FromWorker {
    FromWorker::Taken {
        connection,
        refusal,
    }
}

#[track_caller]
pub(super) fn eventually(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < DEADLINE, "it never came so far");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A frame as no worker of ours would make it.
pub(super) fn hangups(count: usize) -> Vec<u8> {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let reading = thread::spawn(move || {
        let mut frames = Vec::new();
        io::Read::read_to_end(&mut { theirs }, &mut frames).map(|_| frames)
    });
    // The bytes of one, as often as there are to be.
    FrameWriter::new(ours)
        .send(&[FromWorker::HungUp(0)], &[])
        .unwrap();
    let one = reading.join().unwrap().unwrap().split_off(5);
    let mut batch = Vec::new();
    let mut rest = count;
    while rest >= 0x80 {
        batch.push(u8::try_from(rest % 0x80).unwrap() | 0x80);
        rest /= 0x80;
    }
    batch.push(u8::try_from(rest).unwrap());
    batch.extend(one.repeat(count));
    let length = u32::try_from(batch.len()).unwrap();
    [&length.to_le_bytes()[..], &batch].concat()
}
