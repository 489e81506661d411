//! The process ends between any two writes. What was acknowledged is there, whole; what was not is there whole or not at
//! all; nothing is made up.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use sublet_scheduler::{JobId, Next, Outcome, UserId};
use sublet_store::{
    AuditChain, DataDirectory, Digest, Error, HarmCounts, ModuleHarm, NodeState, Page, Reader,
    Record, StoredNetwork, Unfinished, Whose,
};
use tempfile::TempDir;

use crate::support::*;

const BATCHES: u64 = 5;
const WAL: &str = "sublet.db-wal";
/// The things that the pool has one more of with each batch.
const THINGS: usize = 12;

/// A batch of many kinds: whichever part of it were missing would show.
pub(crate) fn batch(id: u64) -> Vec<Record> {
    [of_a_job(id), of_the_pool(id)].concat()
}

fn of_a_job(id: u64) -> Vec<Record> {
    vec![
        submitted(&job(id, 0..=9)),
        started(id, 0..=4, 1),
        finished(id, 0, 1, Outcome::Succeeded, Next::Settled),
        finished(id, 1, 1, Outcome::Failed(2), retry(2, 900)),
        networked(id, 2, traffic(id), nic(7, &["evil.example:25"])),
        cancelled(id, &[8..=9]),
        cancel_asked(id, Some(3)),
        routed(id, "short"),
    ]
}

/// One more of everything that the pool has.
fn of_the_pool(id: u64) -> Vec<Record> {
    let node = u32::try_from(id).unwrap();
    let newcomer = UserId(100 + id);
    vec![
        user(newcomer, &format!("user-{id}")),
        prepared(node),
        assigned(node, newcomer, id),
        may_reach(newcomer, &["api.example.org:443"]),
        named(node),
        rules(id),
        Record::NodeMoved(stands(node, NodeState::In, Some("short"), id)),
        paused(&format!("subcluster-{id}"), id),
        drained(&format!("node-{id}"), id),
        labelled(&format!("node-{id}"), "size", Some("large")),
        Record::Audited(Box::new(audited("rules.apply", "rules", id))),
        harmed(newcomer, id),
    ]
}

fn harmed(user: UserId, id: u64) -> Record {
    Record::ModuleHarmed(ModuleHarm {
        user,
        digest: Digest::of(&id.to_le_bytes()),
        counts: HarmCounts {
            worker_deaths: 1,
            ..HarmCounts::default()
        },
        is_suspect: true,
        at: at(id),
        quarantined_at: None,
    })
}

/// What a server that starts on the folder finds.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) jobs: Vec<Unfinished>,
    /// How many batches there are, by each thing that the pool has.
    pool: [usize; THINGS],
}

impl Found {
    fn in_folder(path: &Path) -> Self {
        Self::try_in_folder(path).unwrap()
    }

    pub(crate) fn try_in_folder(path: &Path) -> Result<Self, Error> {
        let data = DataDirectory::open(path)?;
        let _writer = data.writer()?;
        let reader = data.readers().get()?;
        Ok(Self {
            jobs: reader.recover()?,
            pool: batches_of_the_pool(&reader),
        })
    }

    /// Of whole batches, and nothing else.
    pub(crate) fn whole(jobs: &[Unfinished]) -> Self {
        Self {
            jobs: jobs.to_vec(),
            pool: [jobs.len(); THINGS],
        }
    }
}

fn batches_of_the_pool(reader: &Reader) -> [usize; THINGS] {
    let newest = Page {
        before: None,
        limit: 1,
    };
    let moves = reader.node_moves(newest).unwrap();
    let rules = reader.rule_set().unwrap();
    let AuditChain::Whole { rows, .. } = reader.audit_verify().unwrap() else {
        panic!("the chain of the account is broken");
    };
    let count = |number: u64| usize::try_from(number).unwrap();
    let wishes = reader.wishes().unwrap();
    let networks = reader.networks().unwrap();
    let has_user = |network: &&StoredNetwork| network.user.is_some();
    [
        reader.nodes().unwrap().len(),
        reader.memberships().unwrap().len(),
        count(moves.first().map_or(0, |newest| newest.seq)),
        count(rules.map_or(0, |rules| rules.version)),
        count(rows),
        wishes.paused.len(),
        wishes.drained.len(),
        wishes.labels.len(),
        networks.len(),
        networks.iter().filter(has_user).count(),
        reader.egress_policies().unwrap().len(),
        reader.module_harm().unwrap().len(),
    ]
}

/// What each batch leaves behind.
pub(crate) fn expected(id: u64) -> Unfinished {
    let mut store = store_in(memory_folder());
    store.commit(&of_a_job(id));
    store.unfinished()
}

/// A copy of the database with a log of the given bytes.
fn with_log(database: &Path, log: &[u8]) -> TempDir {
    let copy = memory_folder();
    fs::copy(database.join("sublet.db"), copy.path().join("sublet.db")).unwrap();
    fs::write(copy.path().join(WAL), log).unwrap();
    copy
}

/// Commits the batches and notes how long the log was after each.
fn recorded(store: &mut Store) -> Vec<usize> {
    let log = store.folder.path().join(WAL);
    (1..=BATCHES)
        .map(|id| {
            store.commit(&batch(id));
            usize::try_from(fs::metadata(&log).unwrap().len()).unwrap()
        })
        .collect()
}

/// Every place where a write may have stopped that differs from the next: around frames and their heads, and within.
fn interesting_lengths(log: &[u8]) -> Vec<usize> {
    const LOG_HEAD: usize = 32;
    const FRAME: usize = 24 + 4096;
    let frames = (LOG_HEAD..log.len()).step_by(FRAME);
    let around =
        frames.flat_map(|frame| [0, 1, 23, 24, 25, 1_000, FRAME - 1].map(|offset| frame + offset));
    let mut lengths: Vec<_> = (0..=LOG_HEAD)
        .chain(around)
        .chain([log.len()])
        .filter(|length| *length <= log.len())
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[test]
fn l13_a_log_cut_at_any_length_has_every_acknowledged_batch_and_no_half_one() {
    let mut store = store();
    let before = fs::metadata(store.folder.path().join(WAL)).unwrap().len();
    let lengths = recorded(&mut store);
    let log = fs::read(store.folder.path().join(WAL)).unwrap();
    let jobs: Vec<_> = (1..=BATCHES).map(expected).collect();
    let mut cuts = 0;
    for length in interesting_lengths(&log) {
        if length < usize::try_from(before).unwrap() {
            continue;
        }
        let acknowledged = lengths.iter().filter(|end| **end <= length).count();
        let copy = with_log(store.folder.path(), &log[..length]);
        let found = Found::in_folder(copy.path());
        let expected = Found::whole(&jobs[..acknowledged]);
        assert_eq!(found, expected, "log of {length} bytes");
        cuts += 1;
    }
    assert!(cuts > 50, "only {cuts} cuts");
}

#[test]
fn a_log_with_a_flipped_byte_loses_what_follows_and_makes_nothing_up() {
    let mut store = store();
    let before =
        usize::try_from(fs::metadata(store.folder.path().join(WAL)).unwrap().len()).unwrap();
    recorded(&mut store);
    let log = fs::read(store.folder.path().join(WAL)).unwrap();
    let jobs: Vec<_> = (1..=BATCHES).map(expected).collect();
    for place in (before..log.len()).step_by(2_111) {
        let mut damaged = log.clone();
        damaged[place] ^= 0x40;
        let copy = with_log(store.folder.path(), &damaged);
        let found = Found::in_folder(copy.path());
        let expected = Found::whole(&jobs[..found.jobs.len()]);
        assert_eq!(found, expected, "flipped at {place}");
    }
}

#[test]
fn a_batch_that_fails_leaves_nothing_behind_and_the_writer_usable() {
    let mut store = store();
    let twice = [
        submitted(&job(1, 0..=0)),
        submitted(&job(2, 0..=0)),
        submitted(&job(1, 0..=0)),
    ];
    let error = store.writer.commit(&twice).unwrap_err();
    assert!(!error.is_disk_full());
    assert_eq!(store.recover(), vec![]);
    store.commit(&[submitted(&job(1, 0..=0))]);
    assert_eq!(store.recover().len(), 1);
}

#[test]
fn an_attempt_is_started_once_and_ends_once() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=3)), started(1, 0..=3, 1)]);
    store.writer.commit(&[started(1, 0..=3, 1)]).unwrap_err();
    let end = finished(1, 0, 1, Outcome::Succeeded, Next::Settled);
    store.commit(std::slice::from_ref(&end));
    store.writer.commit(&[end]).unwrap_err();
}

/// Not a test of its own: the process that is killed below. It says each batch that it was promised.
#[test]
#[ignore = "run by the test that kills it"]
fn child_that_records_until_it_is_killed() {
    let Ok(path) = std::env::var("SUBLET_STORE_TEST_DIRECTORY") else {
        return;
    };
    let data = DataDirectory::open(path.as_ref()).unwrap();
    let mut writer = data.writer().unwrap();
    let next = data.readers().get().unwrap().next_ids().unwrap();
    if next.user.0 == 1 {
        writer.commit(&[user(ADA, "ada")]).unwrap();
    }
    for id in next.job.0.. {
        writer.commit(&batch(id)).unwrap();
        println!("acknowledged {id}");
    }
}

#[test]
fn l13_a_killed_process_keeps_what_it_was_promised() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = 0;
    for round in 1..=5_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child_that_records_until_it_is_killed"])
            .args(["--ignored", "--nocapture"])
            .env("SUBLET_STORE_TEST_DIRECTORY", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // The prefix of the first line is the test harness's own.
        let said = output.lines().map_while(Result::ok);
        let ids = said.filter_map(|line| line.split_once("acknowledged ")?.1.parse::<u64>().ok());
        for (count, id) in ids.enumerate() {
            acknowledged = id;
            if count == round * 7 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let data = DataDirectory::open(folder.path()).unwrap();
        let writer = data.writer().unwrap();
        let reader = data.readers().get().unwrap();
        let recorded = reader.next_ids().unwrap().job.0 - 1;
        assert!(
            recorded >= acknowledged,
            "{acknowledged} were acknowledged, {recorded} are there"
        );
        assert_eq!(
            reader.recover().unwrap().len(),
            usize::try_from(recorded).unwrap()
        );
        let last = reader
            .job(Whose::User(ADA), JobId(recorded))
            .unwrap()
            .unwrap();
        assert_eq!(last.attempts(1).unwrap().len(), 1, "no half batch");
        let networked = last.attempts(2).unwrap().remove(0);
        assert_eq!(networked.usage.network, traffic(recorded), "no half batch");
        assert!(last.attempts(1).unwrap()[0].place.is_some());
        assert!(last.considered().unwrap().is_some(), "no half batch");
        let batches = usize::try_from(recorded).unwrap();
        assert_eq!(batches_of_the_pool(&reader), [batches; THINGS]);
        drop(reader);
        writer.close().unwrap();
    }
    assert!(acknowledged > 100);
}
