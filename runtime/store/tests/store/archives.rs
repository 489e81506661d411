//! Archives that somebody hostile made are refused by name and leave nothing; honest ones become read-only trees.

use std::{fs, os::unix::fs::PermissionsExt as _};

use sublet_store::{Error, KeptInput, Refusal, TreeLimits};
use tar::{Builder, EntryType, Header};

use crate::support::*;

const SMALL: TreeLimits = TreeLimits {
    entries: 20,
    depth: 4,
    path_bytes: 40,
    total_bytes: 1_000,
};

/// An entry whose header says exactly this, whatever a well-behaved tool would think of it.
fn entry(kind: EntryType, path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o777);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(path: &str) -> Vec<u8> {
    entry(EntryType::Regular, path, b"x")
}

/// A header of the kind that speaks of the next entry.
fn extension(key: &str, value: &str) -> Vec<u8> {
    // The length counts itself: none of these is longer than 99 bytes.
    let length = key.len() + value.len() + 5;
    let content = format!("{length} {key}={value}\n");
    assert_eq!(content.len(), length);
    entry(EntryType::XHeader, "pax", content.as_bytes())
}

fn kept(store: &Store, archive: &[u8], limits: TreeLimits) -> Result<KeptInput, Error> {
    let library = store.data.library().unwrap();
    let mut upload = library.upload(1 << 30).unwrap();
    upload.write(archive).unwrap();
    library.keep_tree(ADA, upload.finish().unwrap(), limits)
}

fn refused(entries: &[Vec<u8>]) -> (String, Refusal) {
    let store = store();
    let archive = entries.concat();
    let error = kept(&store, &archive, SMALL).unwrap_err();
    for folder in ["tmp", "users/1/work/inputs"] {
        let left = fs::read_dir(store.folder.path().join(folder))
            .unwrap()
            .count();
        assert_eq!(left, 0, "left in {folder} by {error}");
    }
    match error {
        Error::Archive(refusal) => (refusal.entry, refusal.refusal),
        other => panic!("{other:?}"),
    }
}

fn check(entries: &[Vec<u8>], entry: &str, refusal: Refusal) {
    assert_eq!(refused(entries), (entry.to_owned(), refusal));
}

#[test]
fn an_honest_archive_becomes_a_read_only_tree() {
    let store = store();
    let folder = tempfile::TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("a/b/empty")).unwrap();
    let long = "long-name-".repeat(20);
    fs::write(folder.path().join("a/b/one"), "1").unwrap();
    fs::write(folder.path().join("a").join(&long), "22").unwrap();
    let mut builder = Builder::new(Vec::new());
    builder.append_dir_all(".", folder.path()).unwrap();
    let archive = builder.into_inner().unwrap();

    let input = kept(&store, &archive, TreeLimits::default()).unwrap();
    assert_eq!((input.files, input.size_bytes), (2, 3));
    assert_eq!(
        kept(&store, &archive, TreeLimits::default()).unwrap(),
        input
    );
    assert_eq!(
        fs::read_dir(store.folder.path().join("tmp"))
            .unwrap()
            .count(),
        0
    );

    let tree = store
        .folder
        .path()
        .join("users/1/work/inputs")
        .join(input.digest.to_string());
    let check = |path: &str, mode: u32| {
        let found = fs::metadata(tree.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    };
    for folder in [".", "a", "a/b", "a/b/empty"] {
        check(folder, 0o555);
    }
    check("a/b/one", 0o444);
    assert_eq!(fs::read(tree.join("a").join(long)).unwrap(), b"22");
}

#[test]
fn paths_that_lead_out_are_refused() {
    check(&[file("a"), file("../b")], "../b", Refusal::Upwards);
    check(&[file("a/../../b")], "a/../../b", Refusal::Upwards);
    check(&[file("/etc/passwd")], "/etc/passwd", Refusal::Absolute);
    check(
        &[entry(EntryType::Directory, "..", b"")],
        "..",
        Refusal::Upwards,
    );
    check(
        &[extension("path", "../x"), file("a")],
        "../x",
        Refusal::Upwards,
    );
    check(
        &[entry(EntryType::GNULongName, "l", b"/x\0"), file("a")],
        "/x",
        Refusal::Absolute,
    );
}

#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    for kind in [EntryType::Symlink, EntryType::Link] {
        check(&[entry(kind, "link", b"")], "link", Refusal::Link);
    }
    for kind in [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::GNUSparse,
    ] {
        check(
            &[entry(kind, "odd", b"")],
            "odd",
            Refusal::NeitherFileNorFolder,
        );
    }
}

#[test]
fn a_tree_is_bounded_in_every_direction() {
    let many: Vec<_> = (0..30).map(|index| file(&format!("f{index}"))).collect();
    check(&many, "f20", Refusal::TooMany { limit: 20 });
    // Three folders that were not entries of their own count as well.
    let deep: Vec<_> = (0..30)
        .map(|index| file(&format!("{index}/b/c/d")))
        .collect();
    check(&deep, "5/b/c/d", Refusal::TooMany { limit: 20 });
    check(
        &[file("a/b/c/d/e")],
        "a/b/c/d/e",
        Refusal::TooDeep { limit: 4 },
    );
    let long = "n".repeat(41);
    check(&[file(&long)], &long, Refusal::PathTooLong { limit: 40 });
    let large = entry(EntryType::Regular, "large", &[0; 1_001]);
    check(&[large], "large", Refusal::TooLarge { limit: 1_000 });
}

#[test]
fn the_same_name_twice_is_refused() {
    check(&[file("a"), file("a")], "a", Refusal::Twice);
    check(&[file("a"), file("./a")], "./a", Refusal::Twice);
    check(&[file("a"), file("a/b")], "a/b", Refusal::Twice);
    check(&[file("a/b"), file("a")], "a", Refusal::Twice);
    check(
        &[file("a"), entry(EntryType::Directory, "a", b"")],
        "a",
        Refusal::Twice,
    );
}

#[test]
fn headers_that_change_what_an_entry_is_are_refused() {
    let limit = 64 << 10;
    for (key, value) in [
        ("size", "9"),
        ("linkpath", "/etc"),
        ("GNU.sparse.map", "0,1"),
    ] {
        let refusal = Refusal::Extension { limit };
        check(&[extension(key, value), file("a")], "pax", refusal);
    }
    let huge = entry(EntryType::GNULongName, "long", &vec![b'n'; 70_000]);
    check(&[huge, file("a")], "long", Refusal::Extension { limit });
    let store = store();
    let harmless = [extension("mtime", "1.5"), file("a")].concat();
    assert_eq!(kept(&store, &harmless, SMALL).unwrap().files, 1);
}

#[test]
fn bytes_that_are_no_archive_are_refused() {
    assert_eq!(refused(&[vec![b'x'; 2_000]]).1, Refusal::NotAnArchive);
}

#[test]
fn an_archive_that_is_cut_short_is_refused() {
    let whole = [file("a"), entry(EntryType::Regular, "b", &[7; 900])].concat();
    for length in [100, 600, 1_030, 1_536, 1_700, 2_000] {
        let store = store();
        let error = kept(&store, &whole[..length], SMALL).unwrap_err();
        assert!(matches!(error, Error::Archive(_)), "{length}: {error:?}");
    }
}
