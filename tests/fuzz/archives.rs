//! Archives: all of one is kept, read-only, or nothing is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sublet_scheduler::UserId;
use sublet_simulator::random::Random;
use sublet_store::{DataDirectory, Error, Library, TreeLimits};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::campaign::Campaign;
use super::mutation::mutated;

const ADA: UserId = UserId(1);
const SMALL: TreeLimits = TreeLimits {
    entries: 20,
    depth: 4,
    path_bytes: 40,
    total_bytes: 4_000,
};
const BLOCK: usize = 512;
const WORDS: &[&str] = &[
    "../",
    "/",
    "./",
    "\0",
    "ustar",
    "path=../x\n",
    "17 path=../../x\n",
    "5",
    "2",
    "L",
    "x",
    "g",
];

#[test]
fn an_archive_becomes_a_tree_of_plain_files_or_nothing() {
    let folder = TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap();
    let data = DataDirectory::open(folder.path()).unwrap();
    let library = data.library().unwrap();
    let inputs = folder.path().join("users/1/work/inputs");
    let corpus = corpus();
    let make = |random: &mut Random| {
        let mut archive = mutated(random, &corpus, WORDS);
        // Most damage would only be seen as a wrong sum.
        if random.percent(80) {
            mend_sums(&mut archive);
        }
        archive
    };
    let archives = Campaign {
        name: "archives",
        cases: 1_500,
    };
    archives.play(make, |archive| {
        let before = names(&inputs);
        match keep(&library, archive) {
            Ok(()) => check_tree(&inputs, 0),
            Err(Error::Archive(refusal)) => {
                assert!(refusal.entry.len() <= 600, "{refusal}");
                assert_eq!(names(&inputs), before, "{refusal}");
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(names(&folder.path().join("tmp")), [""; 0]);
        remove_all(&inputs);
    });
}

fn keep(library: &Library, archive: &[u8]) -> Result<(), Error> {
    let mut upload = library.upload(1 << 20)?;
    upload.write(archive)?;
    library.keep_tree(ADA, upload.finish()?, SMALL).map(drop)
}

/// Only files and folders, and nobody may write to them.
fn check_tree(folder: &Path, depth: usize) {
    assert!(depth <= SMALL.depth + 1, "{} is too deep", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        assert!(found.is_file() || found.is_dir(), "{path:?} is {found:?}");
        assert_eq!(
            found.permissions().mode() & 0o222,
            0,
            "{path:?} may be written to"
        );
        if found.is_dir() {
            check_tree(&path, depth + 1);
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    entries.map(name).collect()
}

/// Folders that nobody may write to have to be opened first.
fn remove_all(folder: &Path) {
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
            remove_all(&path);
            fs::remove_dir(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Writes into each block that may be a header the sum that it would have.
fn mend_sums(archive: &mut [u8]) {
    for block in archive.as_chunks_mut::<BLOCK>().0 {
        if block[257..262] == *b"ustar" {
            let mut header = Header::new_old();
            header.as_mut_bytes().copy_from_slice(block);
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let plain = |paths: &[&str]| {
        let mut builder = Builder::new(Vec::new());
        for path in paths {
            let mut header = Header::new_ustar();
            header.set_size(3);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, &b"abc"[..]).unwrap();
        }
        builder.into_inner().unwrap()
    };
    let of_kind = |kind| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_path("name").unwrap();
        header.set_link_name("target").unwrap();
        header.set_size(0);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let long = plain(&[&format!("a/{}", "b".repeat(120))]);
    let kinds = [
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
        EntryType::GNUSparse,
    ];
    let mut corpus = vec![
        plain(&["a"]),
        plain(&["a/b", "a/c", "d/e/f"]),
        long,
        Vec::new(),
    ];
    corpus.extend(kinds.map(of_kind));
    corpus.push([of_kind(EntryType::Directory), plain(&["name/x"])].concat());
    corpus
}
