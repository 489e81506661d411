//! What attempts leave, made by guests that mean no good, and the records of it.

use std::{
    ffi::OsStr, fs, io::Read, os::fd::OwnedFd, os::unix::ffi::OsStrExt, os::unix::fs::symlink,
};

use sublet_scheduler::{AttemptId, JobId, Next, Outcome};
use sublet_store::{Error, JobArtifact, Kept, Outputs, Progress, Record, Retention, Told, Whose};
use tempfile::TempDir;

use crate::retention::remove;
use crate::support::*;

const ATTEMPT: AttemptId = AttemptId {
    job: JobId(1),
    task: 0,
    number: 1,
};

fn keep(outputs: &Outputs, attempt: AttemptId, out: &TempDir, room_bytes: u64) -> Kept {
    let out: OwnedFd = fs::File::open(out.path()).unwrap().into();
    outputs
        .keep(attempt, &out, room_bytes, |_| "text/plain".to_owned())
        .unwrap()
}

fn names(kept: &Kept) -> Vec<&str> {
    kept.artifacts.iter().map(|one| one.name.as_str()).collect()
}

/// A store with job 1 of ada, over, and what its first attempt left.
fn left(out: &TempDir) -> (Store, Outputs, Kept) {
    let mut store = store();
    let outputs = store.data.outputs().unwrap();
    let kept = keep(&outputs, ATTEMPT, out, u64::MAX);
    store.commit(&[
        submitted(&job(1, 0..=0)),
        artifacts(ATTEMPT, &kept.artifacts),
        finished(1, 0, 1, Outcome::Succeeded, Next::Settled),
        Record::JobFinished {
            job: JobId(1),
            at: at(10),
        },
    ]);
    (store, outputs, kept)
}

fn artifacts(attempt: AttemptId, artifacts: &[JobArtifact]) -> Record {
    Record::ArtifactsKept {
        user: ADA,
        attempt,
        artifacts: artifacts.to_vec(),
    }
}

#[test]
fn only_regular_files_of_plain_names_are_kept() {
    let out = TempDir::new().unwrap();
    let place = |name: &str| out.path().join(name);
    fs::create_dir(place("plots")).unwrap();
    fs::write(place("plots/a.png"), "png").unwrap();
    fs::write(place("b"), "").unwrap();
    fs::write(place("bell\u{7}"), "x").unwrap();
    fs::write(out.path().join(OsStr::from_bytes(b"\xff")), "x").unwrap();
    symlink("/etc/passwd", place("file-link")).unwrap();
    symlink("/etc", place("folder-link")).unwrap();
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place("pipe"),
        rustix::fs::FileType::Fifo,
        mode,
        0,
    )
    .unwrap();
    let store = store();
    let kept = keep(&store.data.outputs().unwrap(), ATTEMPT, &out, u64::MAX);
    assert_eq!(names(&kept), ["b", "plots/a.png"]);
    assert_eq!(kept.unkept.count, 5);
}

#[test]
fn a_file_that_only_says_that_it_is_long_is_not_read() {
    let out = TempDir::new().unwrap();
    let file = fs::File::create(out.path().join("hole")).unwrap();
    file.set_len(1 << 40).unwrap();
    fs::write(out.path().join("small"), "x").unwrap();
    let store = store();
    let kept = keep(&store.data.outputs().unwrap(), ATTEMPT, &out, 1 << 20);
    assert_eq!(names(&kept), ["small"]);
    let first = kept.unkept.first.unwrap();
    assert!(first.starts_with("`hole` does not fit"), "{first}");
}

#[test]
fn artifacts_are_found_by_their_names_and_are_what_they_were() {
    let out = TempDir::new().unwrap();
    fs::write(out.path().join("a"), "content").unwrap();
    let (store, outputs, kept) = left(&out);
    // Whatever becomes of where it was.
    fs::write(out.path().join("a"), "CONTENT").unwrap();
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(job.artifacts(0).unwrap(), kept.artifacts);
    let found = job.artifact(0, "a").unwrap().unwrap();
    let mut content = String::new();
    let mut file = outputs.open(JobId(1), 0, &found).unwrap();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "content");
    assert_eq!(found.digest, sublet_store::Digest::of(b"content"));
    assert!(job.artifact(0, "b").unwrap().is_none());
    assert!(job.artifacts(1).unwrap().is_empty());
    let sum = job.artifact_sum().unwrap();
    assert_eq!((sum.count, sum.bytes), (1, 7));
    assert_eq!(reader.holdings(ADA).unwrap().artifact_bytes, 7);
    assert!(reader.job(Whose::User(BOB), JobId(1)).unwrap().is_none());
}

#[test]
fn what_is_not_as_long_as_it_was_is_damaged() {
    let out = TempDir::new().unwrap();
    fs::write(out.path().join("a"), "content").unwrap();
    let (store, outputs, kept) = left(&out);
    let place = store.folder.path().join("outputs/1/0-1/0");
    fs::write(&place, "conten").unwrap();
    let open = || outputs.open(JobId(1), 0, &kept.artifacts[0]);
    assert!(matches!(open(), Err(Error::Damaged { .. })));
    fs::remove_file(&place).unwrap();
    assert!(matches!(open(), Err(Error::Damaged { .. })));
}

#[test]
fn what_a_later_attempt_left_takes_the_place_of_what_was_there() {
    let out = TempDir::new().unwrap();
    fs::write(out.path().join("a"), "content").unwrap();
    let (mut store, outputs, _) = left(&out);
    fs::remove_file(out.path().join("a")).unwrap();
    fs::write(out.path().join("b"), "more").unwrap();
    let second = AttemptId {
        number: 2,
        ..ATTEMPT
    };
    let kept = keep(&outputs, second, &out, u64::MAX);
    store.commit(&[artifacts(second, &kept.artifacts)]);
    outputs.remove_earlier(second).unwrap();
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(job.artifacts(0).unwrap(), kept.artifacts);
    assert_eq!(job.artifact_sum().unwrap().bytes, 4);
    assert_eq!(reader.holdings(ADA).unwrap().artifact_bytes, 4);
    outputs.open(JobId(1), 0, &kept.artifacts[0]).unwrap();
    assert!(!store.folder.path().join("outputs/1/0-1").exists());
}

#[test]
fn artifacts_and_words_go_with_their_job_and_are_counted() {
    let out = TempDir::new().unwrap();
    fs::write(out.path().join("a"), "content").unwrap();
    let (mut store, outputs, _) = left(&out);
    let told = Told {
        progress: Some(Progress {
            millionths: Some(420_000),
            message: "loading".to_owned(),
        }),
        summary: Some("# Done".to_owned()),
    };
    store.commit(&[Record::AttemptTold {
        attempt: ATTEMPT,
        told: told.clone(),
    }]);
    let reader = store.reader();
    let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
    assert_eq!(job.attempts(0).unwrap()[0].told, told);
    drop(reader);
    assert_eq!(remove(&mut store, ADA, Retention::BeyondJobs(0)), [1]);
    outputs.remove(JobId(1)).unwrap();
    outputs.remove(JobId(1)).unwrap();
    let reader = store.reader();
    assert_eq!(reader.holdings(ADA).unwrap().artifact_bytes, 0);
    let removed = reader.removals(Whose::User(ADA)).unwrap();
    assert_eq!(removed[0].artifact_bytes, 7);
    let database = rusqlite::Connection::open(store.folder.path().join("sublet.db")).unwrap();
    for table in ["artifacts", "told"] {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = database.query_one(&count, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert!(!store.folder.path().join("outputs/1").exists());
}

#[test]
fn a_state_is_there_until_it_is_let_go_and_the_next_begins_with_nothing() {
    let store = store();
    let work = store.data.work().unwrap();
    let state = store.folder.path().join("users/1/work/state/1/0");
    work.user_directory(ADA).unwrap();
    work.create_attempt_directory(ADA, ATTEMPT).unwrap();
    work.take_up_state(ADA, ATTEMPT).unwrap();
    fs::write(state.join("kept"), "x").unwrap();
    work.take_up_state(ADA, ATTEMPT).unwrap();
    assert!(state.join("kept").exists());
    work.sweep_states(|job| job == JobId(1)).unwrap();
    assert!(state.join("kept").exists());
    work.let_state_go(ADA, ATTEMPT).unwrap();
    work.let_state_go(ADA, ATTEMPT).unwrap();
    work.take_up_state(ADA, ATTEMPT).unwrap();
    assert!(!state.join("kept").exists());
    // A task of the job waited for another attempt when the job was over.
    assert!(work.let_states_go(ADA, JobId(1)).unwrap());
    assert!(!state.exists());
    while work.remove_states(ADA, JobId(1)).unwrap() == sublet_store::Removal::More {}
    assert!(!work.let_states_go(ADA, JobId(1)).unwrap());
    work.take_up_state(ADA, ATTEMPT).unwrap();
    work.sweep_states(|_| false).unwrap();
    assert!(!state.exists());
}
