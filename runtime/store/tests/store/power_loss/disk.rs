//! A disk that loses its power. It keeps what was flushed; of what was written since, any part may have come to it, in
//! pieces of a sector and in any order; and of names that were given or taken since, any may be as before.

use std::collections::{BTreeMap, BTreeSet};

use super::{random::Random, recording::Step};

/// What is written whole or not at all.
const SECTOR: usize = 512;

/// The files of one folder: what programs see, and what is durable.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    contents: Vec<Content>,
    /// By name, the place in `contents`.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Files whose next flush makes all names durable.
    flush_names: BTreeSet<String>,
    /// The end of the names of files whose flushes do nothing, though they are said to have been done.
    lies_about: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// What becomes of what was not flushed.
pub(crate) enum Fate<'a> {
    AllLost,
    AllKept,
    /// Each piece by chance. How likely one is kept differs from file to file.
    ByChance(&'a mut Random),
}

impl Disk {
    /// One that says it has flushed such files, and has not.
    pub(crate) fn lying_about(end: &'static str) -> Self {
        Self {
            lies_about: Some(end),
            ..Self::default()
        }
    }

    pub(crate) fn take(&mut self, step: &Step) {
        match step {
            Step::Opened {
                file,
                content,
                flushes_names,
            } => self.open(file, content.as_deref(), *flushes_names),
            Step::Written {
                file,
                offset,
                bytes,
            } => self.change(
                file,
                Change::Written {
                    offset: *offset,
                    bytes: bytes.clone(),
                },
            ),
            Step::Cut { file, length } => self.change(file, Change::Cut { length: *length }),
            Step::Synced { file } => self.sync(file),
            Step::NotSynced { file } => self.content(file).pending.clear(),
            Step::Removed {
                file,
                flushes_names,
            } => {
                self.names.remove(file);
                if *flushes_names {
                    self.durable_names = self.names.clone();
                }
            }
            Step::Acknowledged => {}
        }
    }

    fn open(&mut self, file: &str, content: Option<&[u8]>, flushes_names: bool) {
        if !self.names.contains_key(file) {
            self.names.insert(file.to_owned(), self.contents.len());
            self.contents.push(Content {
                // What was there before we looked is as good as flushed, its name is not.
                durable: content.unwrap_or_default().to_vec(),
                pending: Vec::new(),
            });
        }
        if flushes_names {
            self.flush_names.insert(file.to_owned());
        }
    }

    fn change(&mut self, file: &str, change: Change) {
        self.content(file).pending.push(change);
    }

    fn sync(&mut self, file: &str) {
        if self.lies_about.is_some_and(|end| file.ends_with(end)) {
            return;
        }
        let content = self.content(file);
        let pending = std::mem::take(&mut content.pending);
        pending
            .iter()
            .for_each(|change| change.apply(&mut content.durable));
        if self.flush_names.remove(file) {
            self.durable_names = self.names.clone();
        }
    }

    fn content(&mut self, file: &str) -> &mut Content {
        let place = self.names[file];
        &mut self.contents[place]
    }

    /// What is found when the power is back: each file with its content.
    pub(crate) fn after_loss(&self, fate: &mut Fate<'_>) -> BTreeMap<&str, Vec<u8>> {
        let both = self.durable_names.keys().chain(self.names.keys());
        let names: BTreeSet<&str> = both.map(String::as_str).collect();
        names
            .into_iter()
            .filter_map(|name| {
                let (before, now) = (self.durable_names.get(name), self.names.get(name));
                let place = if fate.keeps(2) { now } else { before };
                Some((name, self.contents[*place?].after_loss(fate)))
            })
            .collect()
    }
}

impl Content {
    fn after_loss(&self, fate: &mut Fate<'_>) -> Vec<u8> {
        let mut found = self.durable.clone();
        let (reached, likely) = fate.of_file(self.pending.len());
        for change in &self.pending[..reached] {
            for part in change.parts() {
                if fate.keeps(likely) {
                    part.apply(&mut found);
                }
            }
        }
        found
    }
}

impl Change {
    /// What is kept or lost as one: the pieces of a write, sector by sector.
    fn parts(&self) -> Vec<Self> {
        let Self::Written { offset, bytes } = self else {
            return vec![self.clone()];
        };
        let mut parts = Vec::new();
        let (mut offset, mut rest) = (*offset, bytes.as_slice());
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(SECTOR - offset % SECTOR));
            parts.push(Self::Written {
                offset,
                bytes: part.to_vec(),
            });
            (offset, rest) = (offset + part.len(), after);
        }
        parts
    }

    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Written { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::Cut { length } => content.resize(*length, 0),
        }
    }
}

impl Fate<'_> {
    /// How many changes of a file were made at all before the power went, and one in how many of their parts is lost.
    fn of_file(&mut self, changes: usize) -> (usize, u32) {
        match self {
            Self::AllLost | Self::AllKept => (changes, 1),
            Self::ByChance(random) => {
                let reached = random.below(u32::try_from(changes + 1).unwrap());
                (reached as usize, random.pick(&[2, 5, 40]).unwrap())
            }
        }
    }

    /// By chance: one in so many is lost.
    fn keeps(&mut self, lost_one_in: u32) -> bool {
        match self {
            Self::AllLost => false,
            Self::AllKept => true,
            Self::ByChance(random) => !random.once_in(lost_one_in),
        }
    }
}

#[test]
fn of_what_was_not_flushed_any_sector_may_be_missing_and_nothing_else() {
    let file = || "file".to_owned();
    let written = |offset: usize, byte: u8, length: usize| Step::Written {
        file: file(),
        offset,
        bytes: vec![byte; length],
    };
    let mut disk = Disk::default();
    let opened = Step::Opened {
        file: file(),
        content: None,
        flushes_names: true,
    };
    [
        &opened,
        &written(0, 1, 1_024),
        &Step::Synced { file: file() },
        &written(500, 2, 524),
    ]
    .into_iter()
    .for_each(|step| disk.take(step));
    assert_eq!(disk.after_loss(&mut Fate::AllLost)["file"], [1; 1_024]);
    let all = [vec![1; 500], vec![2; 524]].concat();
    assert_eq!(disk.after_loss(&mut Fate::AllKept)["file"], all);
    let mut random = Random::new(1);
    let found: BTreeSet<_> = (0..200)
        .map(|_| disk.after_loss(&mut Fate::ByChance(&mut random))["file"].clone())
        .collect();
    let possible: BTreeSet<_> = [(1, 1), (2, 1), (1, 2), (2, 2)]
        .map(|(first, second)| [vec![1; 500], vec![first; 12], vec![second; 512]].concat())
        .into();
    assert_eq!(found, possible);
}
