//! Directories of attempts, made by guests that mean no good.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
    path::Path,
};

use sublet_scheduler::{AttemptId, JobId};
use sublet_store::{Owner, Removal, Work};

use crate::support::*;

const ATTEMPT: AttemptId = AttemptId {
    job: JobId(3),
    task: 1,
    number: 2,
};

fn removed(work: &Work) -> u32 {
    let mut calls = 1;
    while work.remove_attempt_directory(ADA, ATTEMPT).unwrap() == Removal::More {
        calls += 1;
    }
    calls
}

fn attempts(store: &Store) -> usize {
    fs::read_dir(store.folder.path().join("users/1/work/attempts"))
        .unwrap()
        .count()
}

/// A chain of directories that no path could name from its top.
fn dig(top: &Path, depth: u32) {
    let mut folder = cap_std::fs::Dir::open_ambient_dir(top, cap_std::ambient_authority()).unwrap();
    for _ in 0..depth {
        folder.create_dir("deeper-and-deeper").unwrap();
        folder.write("file", "x").unwrap();
        folder = folder.open_dir("deeper-and-deeper").unwrap();
    }
}

#[test]
fn an_attempt_gets_an_empty_directory_even_where_one_was_left() {
    let store = store();
    let work = store.data.work().unwrap();
    let directory = work.create_attempt_directory(ADA, ATTEMPT).unwrap();
    directory.create_dir("sub").unwrap();
    directory.write("sub/file", "x").unwrap();
    let directory = work.create_attempt_directory(ADA, ATTEMPT).unwrap();
    assert_eq!(directory.entries().unwrap().count(), 0);
    let user = work.user_directory(ADA).unwrap();
    assert!(user.is_dir(Work::attempt_path(ATTEMPT)));
    assert_eq!(removed(&work), 1);
    assert_eq!(removed(&work), 1, "one that is gone is fine");
    assert_eq!(attempts(&store), 0);
}

#[test]
fn links_are_removed_and_never_followed() {
    let store = store();
    let outside = tempfile::TempDir::new().unwrap();
    fs::write(outside.path().join("precious"), "x").unwrap();
    let work = store.data.work().unwrap();
    drop(work.create_attempt_directory(ADA, ATTEMPT).unwrap());
    let path = store
        .folder
        .path()
        .join("users/1/work")
        .join(Work::attempt_path(ATTEMPT));
    symlink(outside.path(), path.join("folder")).unwrap();
    symlink(outside.path().join("precious"), path.join("file")).unwrap();
    removed(&work);
    assert_eq!(attempts(&store), 0);

    symlink(outside.path(), &path).unwrap();
    removed(&work);
    assert_eq!(attempts(&store), 0);
    assert!(outside.path().join("precious").exists());
}

#[test]
fn a_tree_of_any_depth_is_removed() {
    let store = store();
    let work = store.data.work().unwrap();
    drop(work.create_attempt_directory(ADA, ATTEMPT).unwrap());
    let path = store
        .folder
        .path()
        .join("users/1/work")
        .join(Work::attempt_path(ATTEMPT));
    dig(&path, 3_000);
    // Names that the removal itself would choose.
    for name in 9_900..10_000 {
        fs::create_dir_all(path.join(format!(".removing-{name}/x"))).unwrap();
    }
    removed(&work);
    assert_eq!(attempts(&store), 0);
}

#[test]
fn one_call_removes_a_bounded_number_of_entries() {
    let store = store();
    let work = store.data.work().unwrap();
    let directory = work.create_attempt_directory(ADA, ATTEMPT).unwrap();
    for index in 0..Removal::ENTRIES_PER_CALL + 500 {
        directory.create(index.to_string()).unwrap();
    }
    assert_eq!(removed(&work), 2);
    assert_eq!(attempts(&store), 0);
}

#[test]
fn l13_a_server_that_starts_sweeps_all_attempts() {
    let store = store();
    let work = store.data.work().unwrap();
    for (user, task) in [(ADA, 1), (ADA, 2), (BOB, 1)] {
        let attempt = AttemptId { task, ..ATTEMPT };
        work.create_attempt_directory(user, attempt)
            .unwrap()
            .write("file", "x")
            .unwrap();
    }
    work.sweep_attempts().unwrap();
    assert_eq!(attempts(&store), 0);
    assert_eq!(
        fs::read_dir(store.folder.path().join("users/2/work/attempts"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn what_an_attempt_writes_to_is_given_to_another_account_and_what_lies_above_is_not() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root gives files to other accounts");
        return;
    }
    const OTHER: Owner = Owner(1_900_000_007);
    let store = store();
    let outside = tempfile::TempDir::new().unwrap();
    fs::write(outside.path().join("precious"), "x").unwrap();
    let work = store.data.work().unwrap();
    work.open_to_owner(ADA).unwrap();
    let directory = work.create_attempt_directory(ADA, ATTEMPT).unwrap();
    directory.create_dir("tmp").unwrap();
    work.take_up_state(ADA, ATTEMPT).unwrap();
    // As an attempt of former times left it, when there was one account for all.
    let user = store.folder.path().join("users/1/work");
    let state = user.join(format!("state/{}/{}", ATTEMPT.job.0, ATTEMPT.task));
    fs::create_dir_all(state.join("deep/deeper")).unwrap();
    fs::write(state.join("deep/deeper/file"), "x").unwrap();
    symlink(outside.path().join("precious"), state.join("deep/link")).unwrap();

    work.give(ADA, ATTEMPT, OTHER).unwrap();
    let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
    let attempt = user.join(Work::attempt_path(ATTEMPT));
    let given = ["", "deep", "deep/deeper", "deep/deeper/file", "deep/link"];
    for path in given.map(|path| state.join(path)) {
        assert_eq!(owner(&path), OTHER.0, "{}", path.display());
    }
    assert_eq!([owner(&attempt), owner(&attempt.join("tmp"))], [OTHER.0; 2]);
    assert_eq!(owner(&outside.path().join("precious")), 0);
    for above in ["", "attempts", "inputs", "state"] {
        let folder = fs::metadata(user.join(above)).unwrap();
        assert_eq!((folder.uid(), folder.mode() & 0o777), (0, 0o711), "{above}");
    }
    let jobs = fs::metadata(state.parent().unwrap()).unwrap();
    assert_eq!((jobs.uid(), jobs.mode() & 0o777), (0, 0o711));
    assert_eq!(
        fs::metadata(store.folder.path().join("users/1"))
            .unwrap()
            .mode()
            & 0o077,
        0
    );

    dig(&state, 300);
    std::os::unix::fs::chown(&state, Some(0), Some(0)).unwrap();
    let refused = work.give(ADA, ATTEMPT, OTHER).unwrap_err();
    let told = std::error::Error::source(&refused).unwrap().to_string();
    assert!(told.contains("deeper than 256 folders"), "{told}");
}
