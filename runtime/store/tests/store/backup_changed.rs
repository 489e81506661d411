//! Backups that somebody has changed and sealed again, as one can who knows how: a seal shows damage and not malice, so what
//! is in them is looked at as well.

use std::{fs, io::Write as _, path::Path};

use sublet_store::{Digest, restore_backup, verify_backup};
use tempfile::TempDir;

use crate::backup::world;

/// An entry of an archive that somebody made by hand.
#[derive(Clone)]
struct Made {
    kind: tar::EntryType,
    path: String,
    content: Vec<u8>,
}

/// The parts of the backup, without manifest and seal. Paths that need an entry of their own are left out.
fn parts(file: &Path) -> Vec<Made> {
    let mut archive = tar::Archive::new(fs::File::open(file).unwrap());
    let mut parts = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        if path.len() < 100 && !["manifest.json", "seal"].contains(&&*path) {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            let kind = entry.header().entry_type();
            parts.push(Made {
                kind,
                path,
                content,
            });
        }
    }
    parts
}

fn append(archive: &mut tar::Builder<Vec<u8>>, part: &Made) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(part.kind);
    header.set_size(part.content.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    // Not through the library, which refuses the tricks itself.
    header.as_old_mut().name[..part.path.len()].copy_from_slice(part.path.as_bytes());
    if part.kind.is_symlink() {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    archive.append(&header, &*part.content).unwrap();
}

/// A backup of these parts, with a manifest that lists `listed` and a seal that fits: as somebody would make it who knows
/// how.
fn write_sealed(file: &Path, parts: &[Made], listed: &[Made]) {
    let mut archive = tar::Builder::new(Vec::new());
    parts.iter().for_each(|part| append(&mut archive, part));
    let mut manifest = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    writeln!(
        manifest,
        r#"{{"sublet_backup":1,"schema":6,"made_at_ms":1}}"#
    )
    .unwrap();
    for part in listed {
        let (path, length) = (&part.path, part.content.len());
        let sha256 = Digest::of(&part.content);
        if part.kind.is_dir() {
            writeln!(manifest, r#"{{"path":"{path}"}}"#).unwrap();
        } else {
            let line = format!(r#"{{"path":"{path}","bytes":{length},"sha256":"{sha256}"}}"#);
            writeln!(manifest, "{line}").unwrap();
        }
        (count, bytes) = (count + 1, bytes + length);
    }
    writeln!(
        manifest,
        r#"{{"parts":{count},"bytes":{bytes},"missing":0}}"#
    )
    .unwrap();
    let at = archive.get_ref().len();
    let entry = |path: &str, content: Vec<u8>| Made {
        kind: tar::EntryType::Regular,
        path: path.to_owned(),
        content,
    };
    append(&mut archive, &entry("manifest.json", manifest));
    let digest = Digest::of(&[archive.get_ref().as_slice(), &(at as u64).to_be_bytes()].concat());
    let seal = format!("sublet backup 1\nsha256 {digest}\nmanifest {at}\n");
    append(&mut archive, &entry("seal", seal.into_bytes()));
    fs::write(file, archive.into_inner().unwrap()).unwrap();
}

/// A backup that somebody has changed and sealed again.
fn check_changed(change: impl FnOnce(&mut Vec<Made>), expected: &str) {
    let world = world().made();
    let mut changed = parts(&world.file());
    change(&mut changed);
    write_sealed(&world.file(), &changed, &changed);
    world.check_refused(expected);
}

#[test]
fn a_backup_that_is_sealed_again_unchanged_is_restored() {
    let world = world().made();
    let unchanged = parts(&world.file());
    write_sealed(&world.file(), &unchanged, &unchanged);
    verify_backup(&world.file(), world.place.path()).unwrap();
    assert!(world.restored().join("keys/ca.key").exists());
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let file = tar::EntryType::Regular;
    for (kind, path) in [
        (file, "../outside"),
        (file, "/outside"),
        (file, "keys/../../outside"),
        (file, "keys/./x"),
        (file, "lock"),
        (file, "sublet.db-wal"),
        (tar::EntryType::Symlink, "keys/link"),
        (tar::EntryType::Link, "keys/link"),
        (tar::EntryType::Fifo, "keys/pipe"),
        (tar::EntryType::Directory, "logs/1/2.log"),
    ] {
        let added = Made {
            kind,
            path: path.to_owned(),
            content: Vec::new(),
        };
        let expected = format!("{path:?} is nothing that a backup has");
        check_changed(|parts| parts.push(added), &expected);
    }
}

#[test]
fn a_part_that_is_not_what_the_manifest_says_is_refused() {
    let world = world().made();
    let listed = parts(&world.file());
    let key = listed
        .iter()
        .position(|part| part.path == "keys/ca.key")
        .unwrap();
    let refused = |change: &dyn Fn(&mut Vec<Made>), expected: &str| {
        let mut changed = listed.clone();
        change(&mut changed);
        write_sealed(&world.file(), &changed, &listed);
        world.check_refused(expected);
    };
    let not_what = "keys/ca.key in the backup is not what its manifest says";
    refused(&|parts| parts[key].content[0] ^= 1, not_what);
    refused(&|parts| parts[key].content.push(0), not_what);
    let next = &listed[key + 1].path;
    let next = format!("{next} in the backup is not what its manifest says");
    refused(&|parts| drop(parts.remove(key)), &next);
    refused(
        &|parts| drop(parts.pop()),
        "the manifest of the backup cannot be read",
    );
}

#[test]
fn the_same_file_twice_is_refused() {
    let world = world().made();
    let mut twice = parts(&world.file());
    twice.push(twice[0].clone());
    write_sealed(&world.file(), &twice, &twice);
    let error = verify_backup(&world.file(), world.place.path()).unwrap_err();
    assert_eq!(error.to_string(), "cannot unpack a backup");
    let into = world.place.path().join("restored");
    restore_backup(&world.file(), &into).unwrap_err();
    assert_eq!(world.names(), ["backup.tar"]);
}

/// The database of a backup after a change, sealed again.
fn check_database(change: &str, expected: &str) {
    check_changed(
        |parts| {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("db");
            fs::write(&path, &parts[0].content).unwrap();
            let database = rusqlite::Connection::open(&path).unwrap();
            database.execute_batch(change).unwrap();
            drop(database);
            parts[0].content = fs::read(&path).unwrap();
        },
        expected,
    );
}

#[test]
fn a_database_that_is_not_whole_is_refused() {
    check_database(
        "UPDATE audit SET action = 'nothing'",
        "the audit chain in the backup is broken",
    );
    check_database(
        "PRAGMA user_version = 9",
        "the database has schema version 9, this program knows versions up to 6",
    );
    check_database(
        "PRAGMA user_version = 3",
        "the database in the backup is damaged: its schema is 3, the manifest says 6",
    );
    check_changed(
        |parts| drop(parts.remove(0)),
        "the database in the backup is damaged: it is not there",
    );
    check_changed(
        |parts| parts[0].content[4_096..].fill(0xa5),
        "the database sublet.db is damaged",
    );
    let unlike = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, '(user, module)', '(user, name)') WHERE name = 'jobs_by_module';";
    check_database(
        unlike,
        "the database in the backup is damaged: row 1 missing from index jobs_by_module",
    );
}
