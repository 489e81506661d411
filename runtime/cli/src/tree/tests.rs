use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;
use crate::arguments::word::input_path;

/// A directory with these files; a name that ends with a slash is a directory.
fn host(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = directory.path().join(path);
        if path.to_str().unwrap().ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    directory
}

/// The mounts of these flags, each with its entries; paths are relative to the directory.
fn seen(directory: &TempDir, flags: &[&str]) -> Result<Vec<(String, String)>, Failure> {
    let inputs: Vec<InputPath> = flags
        .iter()
        .map(|flag| input_path(&format!("{}/{flag}", directory.path().display())).unwrap())
        .collect();
    mounts(&inputs)?
        .iter()
        .map(|mount| {
            let names: Vec<String> = mount
                .entries()?
                .iter()
                .map(|(path, entry)| match entry {
                    Entry::Directory => format!("{path}/"),
                    Entry::File(_) => path.clone(),
                })
                .collect();
            Ok((mount.guest.clone(), names.join(" ")))
        })
        .collect()
}

fn check(flags: &[&str], expected: &[(&str, &str)]) {
    let directory = host(&[
        ("a.txt", "a"),
        ("data/x", "x"),
        ("data/sub/y", "y"),
        ("more/z", "z"),
        ("empty/", ""),
    ]);
    let seen = seen(&directory, flags).unwrap();
    let seen: Vec<(&str, &str)> = seen
        .iter()
        .map(|(guest, names)| (guest.as_str(), names.as_str()))
        .collect();
    assert_eq!(seen, expected, "{flags:?}");
}

fn refused(files: &[(&str, &str)], flags: &[&str], word: &str) {
    let directory = host(files);
    let failure = seen(&directory, flags).unwrap_err();
    assert!(format!("{failure:?}").contains(word), "{failure:?}");
}

#[test]
fn inputs_are_seen_where_they_were_put() {
    check(&["a.txt"], &[("/in", "a.txt")]);
    check(&["data"], &[("/in", "sub/ sub/y x")]);
    check(&["data:/models"], &[("/models", "sub/ sub/y x")]);
    check(&["a.txt:/in/b.txt"], &[("/in", "b.txt")]);
    check(&["empty"], &[("/in", "")]);
    check(&["a.txt", "data"], &[("/in", "a.txt sub/ sub/y x")]);
    check(
        &["a.txt", "data:/d"],
        &[("/d", "sub/ sub/y x"), ("/in", "a.txt")],
    );
}

#[test]
fn a_mount_inside_another_is_folded_into_it() {
    check(
        &["data", "more:/in/sub/deep/er"],
        &[("/in", "sub/ sub/deep/ sub/deep/er/ sub/deep/er/z sub/y x")],
    );
    check(&["a.txt:/in/k/b.txt", "more"], &[("/in", "k/ k/b.txt z")]);
    // A name that only begins alike is not inside.
    check(
        &["more:/in", "data:/input"],
        &[("/in", "z"), ("/input", "sub/ sub/y x")],
    );
}

#[test]
fn two_things_at_one_place_are_refused() {
    let files = [("p/x", "1"), ("q/x", "2"), ("x/y", "3")];
    refused(&files, &["p", "q"], "two inputs would be at /in/x");
    refused(&files, &["p/x", "q/x"], "two inputs would be at /in/x");
    refused(&files, &["p", "x:/in/x"], "two inputs would be at /in/x");
}

#[test]
fn a_link_is_refused() {
    let directory = host(&[("d/x", "x")]);
    symlink("/etc/passwd", directory.path().join("d/link")).unwrap();
    let failure = seen(&directory, &["d"]).unwrap_err();
    assert!(format!("{failure:?}").contains("is a link"), "{failure:?}");
}

#[test]
fn a_missing_path_is_named() {
    refused(&[], &["nowhere"], "nowhere");
    refused(&[("x", "")], &["x:/x"], "root");
}

fn packed(directory: &TempDir) -> (String, Vec<u8>) {
    let inputs = [input_path(directory.path().to_str().unwrap()).unwrap()];
    let mounts = mounts(&inputs).unwrap();
    let mut packed = pack(&mounts[0].entries().unwrap()).unwrap();
    let mut bytes = Vec::new();
    packed.file.read_to_end(&mut bytes).unwrap();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), packed.size_bytes);
    (packed.digest, bytes)
}

#[test]
fn the_same_content_has_the_same_digest() {
    let one = host(&[("b", "2"), ("a/x", "1"), ("e/", "")]);
    let other = host(&[("e/", ""), ("a/x", "1"), ("b", "2")]);
    fs::set_permissions(other.path().join("b"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::File::open(other.path().join("b"))
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(packed(&one), packed(&other));
    let third = host(&[("b", "3"), ("a/x", "1"), ("e/", "")]);
    assert_ne!(packed(&one).0, packed(&third).0);
}

#[test]
fn a_packed_tree_reads_back_in_order() {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    let directory = host(&[("b", "two"), ("a/x", "one"), (&long, "long")]);
    let (_, bytes) = packed(&directory);
    let mut archive = tar::Archive::new(bytes.as_slice());
    let entries: Vec<(String, String)> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), content)
        })
        .collect();
    let expected = [
        ("a/".to_owned(), String::new()),
        ("a/x".to_owned(), "one".to_owned()),
        ("b".to_owned(), "two".to_owned()),
        (format!("{}/", "d".repeat(120)), String::new()),
        (long, "long".to_owned()),
    ];
    assert_eq!(entries, expected);
}
