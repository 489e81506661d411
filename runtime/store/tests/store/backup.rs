//! Backups: made while the server goes on, whole to the last byte or refused, and enough to go on elsewhere.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use sublet_scheduler::{AttemptId, JobId};
use sublet_store::{
    BackupRefusal, DataDirectory, Digest, Error, Input, InputKind, LogPosition, LogSelection,
    NewModule, Record, Stream, TreeLimits, Whose, restore_backup, verify_backup,
};
use tempfile::TempDir;

use crate::support::*;

const MODULE: &[u8] = b"\0asm and more";

/// A store with some of everything, and where its backup goes.
pub(crate) struct World {
    store: Store,
    pub(crate) place: TempDir,
    tree: Digest,
}

pub(crate) fn world() -> World {
    let mut store = store();
    let library = store.data.library().unwrap();
    let upload = |content: &[u8]| {
        let mut upload = library.upload(1 << 20).unwrap();
        upload.write(content).unwrap();
        upload.finish().unwrap()
    };
    let module = library.keep_module(ADA, upload(MODULE)).unwrap();
    let blob = library.keep_blob(ADA, upload(b"blob")).unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o644);
    let deep = format!("deep/{}/leaf", "long".repeat(40));
    archive
        .append_data(&mut header, deep, &b"leaf"[..])
        .unwrap();
    let archive = archive.into_inner().unwrap();
    let kept = library
        .keep_tree(ADA, upload(&archive), TreeLimits::default())
        .unwrap();
    let input = |kept: sublet_store::KeptInput, kind| {
        Record::InputAdded(Input {
            user: ADA,
            digest: kept.digest,
            kind,
            size_bytes: kept.size_bytes,
            files: kept.files,
            at: at(1),
        })
    };
    let new = NewModule {
        user: ADA,
        digest: module,
        name: None,
        size_bytes: MODULE.len() as u64,
        interface: "{}".to_owned(),
        at: at(1),
    };
    store.commit(&[
        Record::ModuleAdded(new),
        input(blob, InputKind::Blob),
        input(kept, InputKind::Tree),
        submitted(&job(1, 0..=9)),
        Record::Audited(Box::new(audited("rules.apply", "rules", 1))),
    ]);
    print(&store, "hello");
    let keys = store.folder.path().join("keys");
    fs::create_dir(&keys).unwrap();
    fs::write(keys.join("ca.key"), "secret").unwrap();
    fs::set_permissions(keys.join("ca.key"), fs::Permissions::from_mode(0o600)).unwrap();
    World {
        store,
        place: TempDir::new().unwrap(),
        tree: kept.digest,
    }
}

fn print(store: &Store, text: &str) {
    let attempt = AttemptId {
        job: JobId(1),
        task: 0,
        number: 1,
    };
    let logs = store.data.logs().unwrap();
    logs.append(attempt, Stream::Stdout, at(5), text.as_bytes())
        .unwrap();
}

impl World {
    pub(crate) fn file(&self) -> PathBuf {
        self.place.path().join("backup.tar")
    }

    pub(crate) fn made(self) -> Self {
        self.store.data.backup(&self.file(), at(77)).unwrap();
        self
    }

    pub(crate) fn restored(&self) -> PathBuf {
        let into = self.place.path().join("restored");
        restore_backup(&self.file(), &into).unwrap();
        into
    }

    /// What lies where the backup is, hidden or not.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.place.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// That the backup is refused in these words, by whoever looks, and that nothing is left of trying.
    pub(crate) fn check_refused(&self, expected: &str) {
        let before = self.names();
        let verified = verify_backup(&self.file(), self.place.path()).unwrap_err();
        assert_eq!(verified.to_string(), expected);
        let into = self.place.path().join("restored");
        let restored = restore_backup(&self.file(), &into).unwrap_err();
        assert_eq!(restored.to_string(), expected);
        assert_eq!(self.names(), before);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn l13_a_backup_starts_elsewhere_with_nothing_else() {
    let world = world();
    let made = world.store.data.backup(&world.file(), at(77)).unwrap();
    assert_eq!((made.made_at, made.schema, made.missing), (at(77), 6, 0));
    assert_eq!(mode(&world.file()), 0o600);
    assert_eq!(
        verify_backup(&world.file(), world.place.path()).unwrap(),
        made
    );
    let into = world.place.path().join("restored");
    assert_eq!(restore_backup(&world.file(), &into).unwrap(), made);
    assert_eq!(world.names(), ["backup.tar", "restored"]);

    let data = DataDirectory::open(&into).unwrap();
    let mut writer = data.writer().unwrap();
    let reader = data.readers().get().unwrap();
    assert_eq!(reader.recover().unwrap(), world.store.recover());
    let bytes = data.library().unwrap().module(ADA, Digest::of(MODULE));
    assert_eq!(bytes.unwrap().as_deref(), Some(MODULE));
    let log = data.logs().unwrap();
    let selection = LogSelection::default();
    let log = log
        .read(JobId(1), selection, LogPosition::default())
        .unwrap();
    assert_eq!(log.count(), 1);
    writer.commit(&[submitted(&job(2, 0..=0))]).unwrap();
    assert_eq!(reader.recover().unwrap().len(), 2);
}

#[test]
fn what_is_restored_has_the_modes_that_it_had() {
    let world = world().made();
    let into = world.restored();
    for path in ["", "keys", "users", "logs/1", "users/1/modules"] {
        assert_eq!(mode(&into.join(path)), 0o700, "{path}");
    }
    for path in ["sublet.db", "keys/ca.key", "logs/1/1.log"] {
        assert_eq!(mode(&into.join(path)), 0o600, "{path}");
    }
    assert_eq!(fs::read(into.join("keys/ca.key")).unwrap(), b"secret");
    let inputs = into.join("users/1/work/inputs");
    let blob = inputs.join(format!("{}.blob", Digest::of(b"blob")));
    assert_eq!(
        (fs::read(&blob).unwrap().as_slice(), mode(&blob)),
        (&b"blob"[..], 0o444)
    );
    let deep = inputs.join(world.tree.to_string()).join("deep");
    let leaf = deep.join("long".repeat(40)).join("leaf");
    assert_eq!(fs::read(&leaf).unwrap(), b"leaf");
    assert_eq!((mode(&deep), mode(&leaf)), (0o555, 0o444));
}

#[test]
fn l13_a_backup_under_way_is_of_one_instant() {
    const PAIRS: u64 = 400;
    let World { store, place, .. } = world();
    let Store {
        mut writer,
        data,
        folder,
        readers,
    } = store;
    let done = AtomicBool::new(false);
    let backups = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Two jobs and a row of the account at once: none of them is ever there without the others.
            for pair in 1..=PAIRS {
                let (one, other) = (pair * 2, pair * 2 + 1);
                writer
                    .commit(&[
                        submitted(&job(one, 0..=0)),
                        submitted(&job(other, 0..=0)),
                        Record::Audited(Box::new(audited("job.submit", "pair", pair))),
                    ])
                    .unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let mut files = Vec::new();
        while !done.load(Ordering::Acquire) || files.is_empty() {
            let file = place.path().join(format!("{}.tar", files.len()));
            data.backup(&file, at(1)).unwrap();
            files.push(file);
        }
        files
    });
    drop((readers, folder));
    let mut seen = 0;
    for (file, number) in backups.iter().zip(0..) {
        let into = place.path().join(format!("restored-{number}"));
        restore_backup(file, &into).unwrap();
        let data = DataDirectory::open(&into).unwrap();
        let _writer = data.writer().unwrap();
        let reader = data.readers().get().unwrap();
        let ids: Vec<_> = reader
            .recover()
            .unwrap()
            .into_iter()
            .map(|unfinished| unfinished.job.id.0)
            .collect();
        let pairs = (ids.len() as u64 - 1) / 2;
        assert_eq!(ids, (1..=pairs * 2 + 1).collect::<Vec<_>>());
        let page = sublet_store::Page {
            before: None,
            limit: 1,
        };
        let newest = reader.audit(&<_>::default(), page).unwrap();
        assert_eq!(newest[0].seq, pairs + 1);
        assert!(pairs >= seen, "a later backup has no less");
        seen = pairs;
    }
}

#[test]
fn a_byte_that_is_not_as_it_was_written_is_found_wherever_it_lies() {
    let world = world().made();
    let whole = fs::read(world.file()).unwrap();
    let far = whole.len() - 2_048;
    // Every byte of the seal and of the end of the archive, and one or two of each block before.
    let places = (0..far).step_by(509).chain(far..whole.len());
    let damaged = world.place.path().join("damaged.tar");
    for place in places {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        fs::write(&damaged, &bytes).unwrap();
        let error = verify_backup(&damaged, world.place.path()).unwrap_err();
        assert!(
            matches!(error, Error::Backup(BackupRefusal::Seal)),
            "byte {place}: {error}"
        );
    }
    fs::rename(&damaged, world.file()).unwrap();
    let seal = "this is no backup, or not all of it, or it was damaged: its seal does not fit";
    world.check_refused(seal);
    for length in [0, 1, 511, 2_048, whole.len() - 512, whole.len() - 1] {
        fs::write(world.file(), &whole[..length]).unwrap();
        world.check_refused(seal);
    }
    let mut longer = whole;
    longer.push(0);
    fs::write(world.file(), longer).unwrap();
    world.check_refused(seal);
}

#[test]
fn nothing_is_overwritten() {
    let world = world().made();
    let before = fs::read(world.file()).unwrap();
    let error = world.store.data.backup(&world.file(), at(1)).unwrap_err();
    assert!(matches!(error, Error::Backup(BackupRefusal::AlreadyThere)));
    assert_eq!(fs::read(world.file()).unwrap(), before);
    let into = world.place.path().join("restored");
    fs::create_dir(&into).unwrap();
    fs::write(into.join("mine"), "x").unwrap();
    for refused in [&into, &world.file()] {
        let error = restore_backup(&world.file(), refused).unwrap_err();
        assert!(matches!(error, Error::Backup(BackupRefusal::NotEmpty)));
    }
    assert_eq!(fs::read(into.join("mine")).unwrap(), b"x");
    fs::remove_file(into.join("mine")).unwrap();
    assert!(world.restored().join("sublet.db").exists());
    assert_eq!(world.names(), ["backup.tar", "restored"]);
}

#[test]
fn what_a_worker_put_in_the_place_of_an_input_is_left_out_and_counted() {
    let world = world();
    let inputs = world.store.folder.path().join("users/1/work/inputs");
    let blob = inputs.join(format!("{}.blob", Digest::of(b"blob")));
    fs::remove_file(&blob).unwrap();
    symlink("/etc/passwd", &blob).unwrap();
    let made = world.store.data.backup(&world.file(), at(1)).unwrap();
    assert_eq!(made.missing, 1);
    fs::remove_file(&blob).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &blob,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let again = world.place.path().join("again.tar");
    assert_eq!(world.store.data.backup(&again, at(1)).unwrap().missing, 1);
    let moved = inputs.with_file_name("moved");
    fs::rename(&inputs, &moved).unwrap();
    symlink("moved", &inputs).unwrap();
    let third = world.place.path().join("third.tar");
    assert_eq!(world.store.data.backup(&third, at(1)).unwrap().missing, 2);
    let into = world.place.path().join("restored");
    restore_backup(&third, &into).unwrap();
    assert!(!into.join("users/1/work").exists());
    assert!(into.join("users/1/modules").exists());
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing() {
    let world = world();
    let nowhere = world.place.path().join("not/there.tar");
    world.store.data.backup(&nowhere, at(1)).unwrap_err();
    assert_eq!(world.names(), [""; 0]);
    let left = fs::read_dir(world.store.folder.path().join("tmp")).unwrap();
    assert_eq!(left.count(), 0);
    world.store.data.backup(&world.file(), at(1)).unwrap();
    let left = fs::read_dir(world.store.folder.path().join("tmp")).unwrap();
    assert_eq!(left.count(), 0);
    let whose = Whose::User(ADA);
    assert!(world.store.reader().job(whose, JobId(1)).unwrap().is_some());
}
