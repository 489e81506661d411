//! A store in a temporary directory, and records in few words.

mod networks;

use std::{collections::BTreeMap, path::Path};

use sublet_scheduler::{
    AttemptId, JobId, Limits, Next, NodeId, Outcome, Restart, SlotId, TaskRange, UnixMillis, Usage,
    UserId,
};
use sublet_store::{
    AuditOutcome, Audited, DataDirectory, Digest, DrainedNode, FinishedAttempt, JobSpec,
    Membership, NewJob, NewUser, Node, NodeState, PausedSubcluster, Place, PublicId, Reader,
    Readers, Record, Role, RoutedJob, RuleSet, StoredJobNetwork, StoredPublish, Unfinished, Who,
    Writer,
};
use tempfile::TempDir;

pub(crate) use networks::*;

pub(crate) const ADA: UserId = UserId(1);
pub(crate) const BOB: UserId = UserId(2);

pub(crate) struct Store {
    // Dropped in this order: the database is closed before its directory goes.
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) data: DataDirectory,
    pub(crate) folder: TempDir,
}

/// An empty store with two users.
pub(crate) fn store() -> Store {
    store_in(TempDir::new().unwrap())
}

/// A folder in memory where there is such a place: for tests that make many commits and whose point is not the disk.
pub(crate) fn memory_folder() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap()
}

pub(crate) fn store_in(folder: TempDir) -> Store {
    let mut store = store_again(folder);
    store.commit(&[user(ADA, "ada"), user(BOB, "bob")]);
    store
}

/// The store that is in the folder, or an empty one.
pub(crate) fn store_again(folder: TempDir) -> Store {
    let data = DataDirectory::open(folder.path()).unwrap();
    let (writer, readers) = (data.writer().unwrap(), data.readers());
    Store {
        writer,
        readers,
        data,
        folder,
    }
}

/// The store once its server has ended without closing it, and another one has started.
pub(crate) fn restarted(store: Store) -> Store {
    let Store {
        writer,
        readers,
        data,
        folder,
    } = store;
    drop((writer, readers, data));
    store_again(folder)
}

/// What a server that starts on this directory finds.
pub(crate) fn recovered(path: &Path) -> Vec<Unfinished> {
    let data = DataDirectory::open(path).unwrap();
    let _writer = data.writer().unwrap();
    data.readers().get().unwrap().recover().unwrap()
}

impl Store {
    pub(crate) fn commit(&mut self, batch: &[Record]) {
        self.writer.commit(batch).unwrap();
    }

    pub(crate) fn reader(&self) -> Reader {
        self.readers.get().unwrap()
    }

    pub(crate) fn recover(&self) -> Vec<Unfinished> {
        self.reader().recover().unwrap()
    }

    /// The one unfinished job.
    pub(crate) fn unfinished(&self) -> Unfinished {
        let mut jobs = self.recover();
        assert_eq!(jobs.len(), 1);
        jobs.remove(0)
    }
}

pub(crate) fn user(id: UserId, name: &str) -> Record {
    Record::UserAdded(NewUser {
        id,
        name: name.to_owned(),
        role: Role::User,
        at: at(1),
    })
}

/// Job `id` of ada.
pub(crate) fn job(id: u64, tasks: TaskRange) -> NewJob {
    let spec = JobSpec {
        module_name: "main@1".to_owned(),
        program: "main.wasm".to_owned(),
        cpu_millis: 50,
        tasks,
        args: vec!["--fast".to_owned()],
        env: vec![
            ("B".to_owned(), "2".to_owned()),
            ("A".to_owned(), "1".to_owned()),
        ],
        limits: Limits::default(),
        grace_ms: 0,
        generations: 0,
        labels: BTreeMap::new(),
        class: "batch".to_owned(),
        gang: false,
        subcluster: None,
        priority: 0,
        restart: Restart::OnFailure {
            retries: 3,
            backoff_ms: 1_000,
        },
        after: Vec::new(),
        stdin: None,
        inputs: Vec::new(),
        network: StoredJobNetwork {
            own: true,
            allow: vec!["api.example.org:443".to_owned()],
            publish: vec![StoredPublish {
                host_port: 8_080,
                guest_port: 80,
            }],
        },
    };
    NewJob {
        id: JobId(id),
        public_id: PublicId(u128::from(id) << 64 | 7),
        user: ADA,
        number: id,
        name: None,
        module: Digest::of(b"module"),
        spec,
        parent: None,
        submitted_at: at(id),
        via: Some("socket uid 1000".to_owned()),
        idempotency: None,
    }
}

pub(crate) fn submitted(job: &NewJob) -> Record {
    Record::JobSubmitted(Box::new(job.clone()))
}

pub(crate) fn started(job: u64, tasks: TaskRange, number: u32) -> Record {
    Record::AttemptsStarted {
        job: JobId(job),
        tasks,
        number,
        at: at(100),
    }
}

pub(crate) fn finished(job: u64, task: u32, number: u32, outcome: Outcome, next: Next) -> Record {
    Record::AttemptFinished(FinishedAttempt {
        attempt: AttemptId {
            job: JobId(job),
            task,
            number,
        },
        started_at: Some(at(101)),
        ended_at: at(200),
        outcome,
        detail: None,
        usage: usage(),
        slot: Some(SlotId {
            node: NodeId(1),
            index: task % 64,
        }),
        place: Some(Place {
            subcluster: "short".to_owned(),
            node: "node-1".to_owned(),
        }),
        nic: None,
        next,
    })
}

pub(crate) fn usage() -> Usage {
    Usage {
        cpu_us: 1_234,
        wall_us: 5_678,
        memory_peak_bytes: 1_114_112,
        stdout_bytes: 12,
        ..Usage::default()
    }
}

pub(crate) fn cancelled(job: u64, tasks: &[TaskRange]) -> Record {
    Record::TasksCancelled {
        job: JobId(job),
        tasks: tasks.to_vec(),
        at: at(300),
    }
}

pub(crate) fn reopened(job: u64, tasks: &[TaskRange]) -> Record {
    Record::TasksReopened {
        job: JobId(job),
        tasks: tasks.to_vec(),
        at: at(400),
    }
}

pub(crate) fn cancel_asked(job: u64, task: Option<u32>) -> Record {
    Record::CancelAsked {
        job: JobId(job),
        task,
        at: at(250),
    }
}

pub(crate) fn job_finished(job: u64) -> Record {
    Record::JobFinished {
        job: JobId(job),
        at: at(500),
    }
}

pub(crate) fn retry(number: u32, not_before: u64) -> Next {
    Next::Retry {
        number,
        at: at(not_before),
    }
}

pub(crate) const fn at(millis: u64) -> UnixMillis {
    UnixMillis(millis)
}

pub(crate) fn routed(job: u64, subcluster: &str) -> Record {
    Record::JobRouted(RoutedJob {
        job: JobId(job),
        subcluster: subcluster.to_owned(),
        routed_by: "load, rules 1".to_owned(),
        considered: "short: 3 slots free; long: 1 slot free".to_owned(),
        at: at(50),
    })
}

pub(crate) fn rules(version: u64) -> Record {
    Record::RuleSetApplied(RuleSet {
        version,
        document: format!("rules {version}"),
        by: ADA,
        at: at(version),
    })
}

pub(crate) fn paused(name: &str, since: u64) -> Record {
    Record::SubclusterPaused(PausedSubcluster {
        name: name.to_owned(),
        by: ADA,
        reason: format!("asked at {since}"),
        since: at(since),
    })
}

pub(crate) fn drained(node: &str, since: u64) -> Record {
    Record::NodeDrained(DrainedNode {
        node: node.to_owned(),
        by: ADA,
        reason: format!("asked at {since}"),
        since: at(since),
    })
}

pub(crate) fn labelled(node: &str, key: &str, value: Option<&str>) -> Record {
    Record::NodeLabelled {
        node: node.to_owned(),
        key: key.to_owned(),
        value: value.map(str::to_owned),
    }
}

/// Node `id` is `node-<id>`.
pub(crate) fn named(id: u32) -> Record {
    Record::NodeNamed(Node {
        id: NodeId(id),
        name: format!("node-{id}"),
        host: "here".to_owned(),
    })
}

pub(crate) fn stands(
    node: u32,
    state: NodeState,
    subcluster: Option<&str>,
    since: u64,
) -> Membership {
    Membership {
        node: NodeId(node),
        state,
        subcluster: subcluster.map(str::to_owned),
        cause: format!("node.load is 0.{since}"),
        rule_set: 1,
        since: at(since),
    }
}

pub(crate) fn audited(action: &str, object: &str, when: u64) -> Audited {
    Audited {
        at: at(when),
        who: Who {
            user: Some(ADA),
            name: "ada".to_owned(),
            via: "socket uid 1000".to_owned(),
        },
        action: action.to_owned(),
        object: object.to_owned(),
        before: None,
        after: None,
        outcome: AuditOutcome::Done,
    }
}
