//! One server per directory, private to its account, and honest about what it cannot open.

use std::{fs, os::unix::fs::PermissionsExt as _};

use sublet_store::{DataDirectory, Error};
use tempfile::TempDir;

use crate::support::*;

#[test]
fn l13_a_second_server_is_told_who_has_the_directory() {
    let store = store();
    let error = DataDirectory::open(store.folder.path()).unwrap_err();
    assert!(
        matches!(error, Error::Held { pid: Some(pid) } if pid == std::process::id()),
        "{error:?}"
    );
    let expected = format!(
        "the data directory is held by process {}",
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);

    let Store {
        folder,
        writer,
        readers,
        data,
    } = store;
    drop((writer, readers, data));
    DataDirectory::open(folder.path()).unwrap();
}

#[test]
fn everything_in_the_directory_is_private() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b");
    let data = DataDirectory::open(&path).unwrap();
    let _writer = data.writer().unwrap();
    data.library().unwrap().upload(1).unwrap().finish().unwrap();
    data.work().unwrap().user_directory(ADA).unwrap();
    let mode = |path: &str| {
        fs::metadata(folder.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    for path in [
        "a",
        "a/b",
        "a/b/users",
        "a/b/users/1/work/attempts",
        "a/b/logs",
        "a/b/tmp",
    ] {
        assert_eq!(mode(path), 0o700, "{path}");
    }
    for path in [
        "a/b/sublet.db",
        "a/b/sublet.db-wal",
        "a/b/sublet.db-shm",
        "a/b/lock",
    ] {
        assert_eq!(mode(path), 0o600, "{path}");
    }
}

#[test]
fn a_directory_that_is_there_keeps_its_mode() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    DataDirectory::open(folder.path()).unwrap();
    assert_eq!(
        fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[test]
fn what_is_left_of_uploads_is_removed_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    let left = folder.path().join("tmp/3/deep/er");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("file"), "x").unwrap();
    fs::write(folder.path().join("tmp/0"), "x").unwrap();
    DataDirectory::open(folder.path()).unwrap();
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn free_space_is_that_of_the_file_system() {
    let store = store();
    assert!(store.data.free_bytes().unwrap() > 0);
}

#[test]
fn a_database_of_a_later_version_is_refused() {
    let store = store();
    let Store {
        folder,
        writer,
        readers,
        data,
    } = store;
    writer.close().unwrap();
    drop((readers, data));
    let path = folder.path().join("sublet.db");
    rusqlite::Connection::open(path)
        .unwrap()
        .pragma_update(None, "user_version", 9)
        .unwrap();
    let error = DataDirectory::open(folder.path())
        .unwrap()
        .writer()
        .unwrap_err();
    let expected = "the database has schema version 9, this program knows versions up to 6";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_file_that_is_no_database_is_called_damaged() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("sublet.db"),
        "this is not a database at all".repeat(400),
    )
    .unwrap();
    let error = DataDirectory::open(folder.path())
        .unwrap()
        .writer()
        .unwrap_err();
    assert_eq!(error.to_string(), "the database sublet.db is damaged");
    assert!(error.is_damage());
}

#[test]
fn a_database_with_damaged_pages_is_called_damaged() {
    let mut store = store();
    for id in 1..=200 {
        store.commit(&[submitted(&job(id, 0..=0))]);
    }
    let Store {
        folder,
        writer,
        readers,
        data,
    } = store;
    writer.close().unwrap();
    drop((readers, data));
    let path = folder.path().join("sublet.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let data = DataDirectory::open(folder.path()).unwrap();
    let error = data
        .writer()
        .and_then(|_writer| data.readers().get()?.recover())
        .unwrap_err();
    assert!(error.is_damage(), "{error:?}");
}
