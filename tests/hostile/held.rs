//! What a server holds, as the kernel and its own API tell it, and what of it did not come back.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::harness::{Process, Server};

/// What is counted, and by how much it may be more afterwards than before.
const KINDS: [(&str, u64); 10] = [
    ("slots in use", 0),
    ("nics", 0),
    // Connections to the database are made when they are first needed, and kept.
    ("descriptors of the front", 8),
    // Threads for calls that block come when many do at once, and stay while any does.
    ("threads of the front", 32),
    // Pages that an allocator keeps; whatever grows with each case is far beyond it after a few.
    ("MiB of the front", 64),
    ("processes", 0),
    ("descriptors of the workers", 4),
    ("threads of the workers", 4),
    ("MiB of the workers", 64),
    ("files of attempts and uploads", 0),
];

/// How much a server holds of each kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held([u64; KINDS.len()]);

impl Held {
    pub(crate) fn by(server: &Server) -> Self {
        let front = server.process();
        let workers = server.workers();
        let processes = workers.len() + front.children("compile").len();
        let (total, free) = server.slots();
        let of_workers =
            |count: fn(Process) -> u64| -> u64 { workers.iter().copied().map(count).sum() };
        Self([
            total - free,
            nics(server),
            descriptors(front),
            threads(front),
            mebibytes(front),
            processes as u64,
            of_workers(descriptors),
            of_workers(threads),
            of_workers(mebibytes),
            transient(&server.data_directory()),
        ])
    }

    /// What there is more of than before, each in a sentence. Nothing if everything came back.
    pub(crate) fn beyond(self, before: Self) -> Vec<String> {
        let counts = self.0.into_iter().zip(before.0);
        let more = KINDS.into_iter().zip(counts);
        more.filter(|((_, allowed), (now, before))| *now > before.saturating_add(*allowed))
            .map(|((name, _), (now, before))| format!("{name}: {before} before, {now} now"))
            .collect()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = KINDS.into_iter().map(|(name, _)| name);
        f.debug_map().entries(names.zip(self.0)).finish()
    }
}

/// Addresses that are bound, on all networks.
fn nics(server: &Server) -> u64 {
    let networks = server.get("/v1/networks");
    let names = networks["items"].as_array().expect("a list").iter();
    let bound = names.map(|network| {
        let name = network["name"].as_str().expect("a network has a name");
        let flows = server.get(&format!("/v1/networks/{name}/flows"));
        flows["items"].as_array().map_or(0, Vec::len) as u64
    });
    bound.sum()
}

fn descriptors(process: Process) -> u64 {
    process.descriptors() as u64
}

fn threads(process: Process) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id()));
    tasks.map_or(0, |tasks| tasks.count() as u64)
}

fn mebibytes(process: Process) -> u64 {
    process.memory_bytes() >> 20
}

/// Everything below the data directory that belongs to something under way: uploads, and what attempts work on.
fn transient(data: &Path) -> u64 {
    let users = fs::read_dir(data.join("users")).into_iter().flatten();
    let work = users.flatten().map(|user| user.path().join("work"));
    let places = work.flat_map(|work| ["attempts", "state"].map(|name| work.join(name)));
    entries(&data.join("tmp")) + places.map(|place| entries(&place)).sum::<u64>()
}

/// Files and folders below a folder. What vanishes while we look is not there.
fn entries(folder: &Path) -> u64 {
    let Ok(found) = fs::read_dir(folder) else {
        return 0;
    };
    let count = |entry: fs::DirEntry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        1 + if is_folder { entries(&entry.path()) } else { 0 }
    };
    found.flatten().map(count).sum()
}

#[test]
fn each_kind_that_is_beyond_what_was_held_before_is_named() {
    let before = Held([7; KINDS.len()]);
    assert!(before.beyond(before).is_empty());
    assert!(Held([0; KINDS.len()]).beyond(before).is_empty());
    for (place, (name, allowed)) in KINDS.into_iter().enumerate() {
        let mut now = before;
        now.0[place] += allowed;
        assert!(now.beyond(before).is_empty(), "{name}");
        now.0[place] += 1;
        let told = format!("{name}: 7 before, {} now", 8 + allowed);
        assert_eq!(now.beyond(before), [told]);
    }
}

#[test]
fn what_is_left_in_folders_is_counted_and_links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert_eq!(transient(root), 0);
    let attempt = root.join("users/7/work/attempts/1-0-1");
    fs::create_dir_all(attempt.join("deep")).unwrap();
    fs::write(attempt.join("deep/file"), "").unwrap();
    std::os::unix::fs::symlink("/", attempt.join("link")).unwrap();
    fs::create_dir_all(root.join("users/7/modules")).unwrap();
    fs::write(root.join("users/7/modules/kept"), "").unwrap();
    assert_eq!(transient(root), 4);
    fs::create_dir(root.join("tmp")).unwrap();
    fs::write(root.join("tmp/upload"), "").unwrap();
    assert_eq!(transient(root), 5);
}

#[test]
fn a_server_that_holds_something_is_told_from_one_that_is_at_rest() {
    let server = Server::with_slots(2);
    let module = crate::harness::wat("held", &crate::text::spinner());
    let idle = Held::by(&server);
    let job = server.submit_guest(&module, &["--timeout", "10m", "--scratch", "1MiB"], "");
    server.wait_for_state(&job, "running");
    let busy = Held::by(&server).beyond(idle);
    for name in ["slots in use", "processes", "files of attempts and uploads"] {
        assert!(busy.iter().any(|told| told.starts_with(name)), "{busy:#?}");
    }
    server.sublet(&["cancel", &job]).code(0);
    server.wait(&job);
    server.is_at_rest();
}
