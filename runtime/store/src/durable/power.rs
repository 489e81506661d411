//! A loss of power, played on a real folder: whatever was made durable is remembered as it was then. Of all else a loss
//! keeps what is durable, what is there now, or something in between, file by file, name by name and sector by sector.

#[path = "../../../../scheduler/tests/sim/random.rs"]
mod random;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, Metadata},
    io::Read as _,
    os::{
        fd::{AsRawFd as _, RawFd},
        unix::fs::MetadataExt as _,
    },
    path::{Path, PathBuf},
};

use cap_std::fs::Dir;
use tempfile::TempDir;

use self::random::Random;

const SECTOR: usize = 512;
/// Losses at each flush, besides one that keeps nothing that is not durable and one that keeps all of it.
const BY_CHANCE: usize = 6;

thread_local! {
    /// The store does all its work on the thread that asks for it.
    static POWER: RefCell<Option<Power>> = const { RefCell::new(None) };
}

/// What a disk says is durable and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    No,
    OfContents,
    OfNames,
}

/// Looks at what a loss left, and knows how much had been acknowledged before it. Says what is wrong.
pub(super) type Look = Box<dyn FnMut(&Path, usize) -> Result<(), String>>;

struct Power {
    root: PathBuf,
    lies: Lies,
    random: Random,
    contents: BTreeMap<Inode, Vec<u8>>,
    names: BTreeMap<Inode, BTreeMap<String, Inode>>,
    /// Everything that was ever seen is held open, so that its number is nobody else's.
    seen: BTreeMap<Inode, File>,
    look: Look,
    acknowledged: usize,
    /// How many losses there were, up to the first that should not have been as it was.
    losses: Result<usize, String>,
}

type Inode = u64;

/// Begins to lose the power of what lies at `root` at each flush of this thread. What is there now is not durable.
pub(super) fn lose(root: &Path, lies: Lies, seed: u64, look: Look) {
    let power = Power {
        root: root.to_owned(),
        lies,
        random: Random::new(seed),
        contents: BTreeMap::new(),
        names: BTreeMap::new(),
        seen: BTreeMap::new(),
        look,
        acknowledged: 0,
        losses: Ok(0),
    };
    POWER.set(Some(power));
}

/// Somebody was told that something is kept. The power is lost once more.
pub(super) fn acknowledged() {
    with(|power| {
        power.acknowledged += 1;
        power.losses();
    });
}

/// How many losses there were, or what was wrong after one. There are no more after this.
pub(super) fn losses() -> Result<usize, String> {
    POWER.take().expect("the power was lost").losses
}

pub(super) fn file_is_durable(file: &cap_std::fs::File) {
    with(|power| {
        power.losses();
        if power.lies != Lies::OfContents {
            power.keep_content(&reopened(file.as_raw_fd()));
        }
    });
}

pub(super) fn names_are_durable(folder: &Dir) {
    with(|power| {
        power.losses();
        if power.lies != Lies::OfNames {
            power.keep_names(&reopened(folder.as_raw_fd()));
        }
    });
}

pub(super) fn all_is_durable() {
    with(|power| {
        power.losses();
        let root = File::open(&power.root).unwrap();
        power.keep_all(&root);
    });
}

/// No name in this folder is durable after all.
pub(super) fn forget_names(folder: &Path) {
    with(|power| {
        power.names.remove(&inode(&File::open(folder).unwrap()));
    });
}

/// Nothing is noted meanwhile: whoever looks at a loss makes things durable elsewhere.
fn with(what: impl FnOnce(&mut Power)) {
    if let Some(mut power) = POWER.take() {
        what(&mut power);
        POWER.set(Some(power));
    }
}

/// A handle of our own that reads, whatever the other one may.
fn reopened(descriptor: RawFd) -> File {
    File::open(format!("/proc/self/fd/{descriptor}")).unwrap()
}

/// A folder in memory where there is such a place: the disk is played here.
pub(super) fn memory_folder() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap()
}

fn path_of(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn inode(file: &File) -> Inode {
    file.metadata().unwrap().ino()
}

/// Files and folders in a folder, by their names.
fn listed(folder: &File) -> BTreeMap<String, File> {
    let path = path_of(folder);
    let entries = fs::read_dir(&path).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| {
            let file = File::open(path.join(&name)).unwrap();
            (name, file)
        })
        .collect()
}

fn read(file: &File) -> Vec<u8> {
    let mut content = Vec::new();
    reopened(file.as_raw_fd())
        .read_to_end(&mut content)
        .unwrap();
    content
}

impl Power {
    fn keep_content(&mut self, file: &File) {
        self.contents.insert(inode(file), read(file));
        self.see(file);
    }

    fn keep_names(&mut self, folder: &File) {
        let entries = listed(folder);
        entries.values().for_each(|entry| self.see(entry));
        let names = entries
            .iter()
            .map(|(name, file)| (name.clone(), inode(file)));
        self.names.insert(inode(folder), names.collect());
        self.see(folder);
    }

    fn keep_all(&mut self, folder: &File) {
        self.keep_names(folder);
        for entry in listed(folder).values() {
            if entry.metadata().unwrap().is_dir() {
                self.keep_all(entry);
            } else {
                self.keep_content(entry);
            }
        }
    }

    fn see(&mut self, file: &File) {
        let seen = || reopened(file.as_raw_fd());
        self.seen.entry(inode(file)).or_insert_with(seen);
    }

    fn losses(&mut self) {
        let Ok(before) = self.losses else { return };
        let root = File::open(&self.root).unwrap();
        for fate in [Fate::AllLost, Fate::AllKept]
            .into_iter()
            .chain([Fate::ByChance; BY_CHANCE])
        {
            let folder = memory_folder();
            let left = folder.path().join("left");
            self.leave(&root, &left, fate);
            if let Err(wrong) = (self.look)(&left, self.acknowledged) {
                self.losses = Err(wrong);
                return;
            }
        }
        self.losses = Ok(before + 2 + BY_CHANCE);
    }

    /// Makes at `to` what is left of a file or folder.
    fn leave(&mut self, from: &File, to: &Path, fate: Fate) {
        let metadata = from.metadata().unwrap();
        if metadata.is_dir() {
            self.leave_folder(from, to, fate);
        } else {
            let content = self.left_of_file(from, &metadata, fate);
            fs::write(to, content).unwrap();
            fs::set_permissions(to, metadata.permissions()).unwrap();
        }
    }

    fn leave_folder(&mut self, from: &File, to: &Path, fate: Fate) {
        fs::create_dir(to).unwrap();
        let now = listed(from);
        now.values().for_each(|entry| self.see(entry));
        let now: BTreeMap<_, _> = now
            .into_iter()
            .map(|(name, file)| (name, inode(&file)))
            .collect();
        let durable = self.names.get(&inode(from)).cloned().unwrap_or_default();
        let names: BTreeSet<_> = now.keys().chain(durable.keys()).collect();
        for name in names {
            let kept = if fate.keeps(&mut self.random) {
                &now
            } else {
                &durable
            };
            if let Some(inode) = kept.get(name) {
                let entry = reopened(self.seen[inode].as_raw_fd());
                self.leave(&entry, &to.join(name), fate);
            }
        }
    }

    fn left_of_file(&mut self, file: &File, metadata: &Metadata, fate: Fate) -> Vec<u8> {
        let durable = self.contents.get(&metadata.ino());
        let (durable, now) = (durable.cloned().unwrap_or_default(), read(file));
        let length = if fate.keeps(&mut self.random) {
            now.len()
        } else {
            durable.len()
        };
        let mut left = Vec::with_capacity(length);
        while left.len() < length {
            let kept = if fate.keeps(&mut self.random) {
                &now
            } else {
                &durable
            };
            let sector = left.len()..(left.len() + SECTOR).min(length);
            // What was never written to a sector reads as zeroes.
            left.extend(sector.map(|at| kept.get(at).copied().unwrap_or(0)));
        }
        left
    }
}

#[derive(Clone, Copy)]
enum Fate {
    AllLost,
    AllKept,
    ByChance,
}

impl Fate {
    fn keeps(self, random: &mut Random) -> bool {
        match self {
            Self::AllLost => false,
            Self::AllKept => true,
            Self::ByChance => {
                let lost_one_in = random.pick(&[2, 3, 9]).unwrap_or(2);
                !random.once_in(lost_one_in)
            }
        }
    }
}
