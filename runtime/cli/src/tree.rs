//! `--in PATH[:GUEST]`: files and directories here become read-only trees in the guest.
//!
//! ```text
//!   --in notes.txt          /in/notes.txt            one tree per guest directory; a tree inside another one
//!   --in data               /in/<contents>           is folded into it, so that both are seen by a listing
//!   --in data:/models       /models/<contents>
//!   --in a.txt:/in/b.txt    /in/b.txt
//! ```
//!
//! A tree has plain files and directories only. What would be at one place twice is an error, and so is a link: where
//! it leads is a matter of this host, which a guest must not see.

mod pack;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sublet_api::Code;

pub(crate) use pack::{copy, pack, unwritable};

use crate::arguments::word::InputPath;
use crate::failure::Failure;
use crate::module_file::unreadable;

/// Where inputs are seen unless a place is given.
const GUEST_DEFAULT: &str = "/in";
/// Most entries of one tree: an input is data, not a file system.
const ENTRIES_MAX: usize = 100_000;

/// What the guest sees at one of its directories.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The directory in the guest.
    pub(crate) guest: String,
    parts: Vec<Part>,
}

/// One named path here, and where it is below the mount.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    host: PathBuf,
    /// Relative to the mount; empty for a directory whose contents are the mount's.
    below: String,
    is_directory: bool,
}

/// What a tree has at a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Directory,
    File(PathBuf),
}

/// The entries of a tree by their relative path, in the one order that all trees are packed in.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// The mounts that these flags ask for, by guest directory.
pub(crate) fn mounts(inputs: &[InputPath]) -> Result<Vec<Mount>, Failure> {
    let parts: Vec<(String, Part)> = inputs.iter().map(place).collect::<Result<_, _>>()?;
    let directories: BTreeSet<&str> = parts.iter().map(|(guest, _)| guest.as_str()).collect();
    let mut mounts: Vec<Mount> = directories
        .iter()
        .filter(|guest| {
            !directories
                .iter()
                .any(|outer| inside(outer, guest).is_some_and(|path| !path.is_empty()))
        })
        .map(|guest| Mount {
            guest: (*guest).to_owned(),
            parts: Vec::new(),
        })
        .collect();
    for (guest, mut part) in parts {
        let (mount, path) = mounts
            .iter_mut()
            .find_map(|mount| {
                inside(&mount.guest, &guest)
                    .map(str::to_owned)
                    .map(|path| (mount, path))
            })
            .expect("each guest directory is a mount or inside one");
        part.below = join(&path, &part.below);
        mount.parts.push(part);
    }
    Ok(mounts)
}

/// The guest directory that an input belongs to, and its name there.
fn place(input: &InputPath) -> Result<(String, Part), Failure> {
    let host = &input.host;
    let facts = fs::metadata(host).map_err(|error| unreadable(host, &error))?;
    let (guest, below) = match (&input.guest, facts.is_dir()) {
        (None, true) => (GUEST_DEFAULT, String::new()),
        (Some(guest), true) => (guest.as_str(), String::new()),
        (None, false) => (GUEST_DEFAULT, file_name(host)?),
        (Some(guest), false) => match guest.rsplit_once('/') {
            Some((directory, name)) if !directory.is_empty() => (directory, name.to_owned()),
            _ => {
                let detail = format!(
                    "`--in {}:{guest}` would put a file into the guest's root",
                    host.display()
                );
                return Err(Failure::usage(detail)
                    .help("name a place in a directory, such as /in/data.csv"));
            }
        },
    };
    if !facts.is_dir() && !facts.is_file() {
        return Err(not_plain(host, "neither a file nor a directory"));
    }
    let part = Part {
        host: host.clone(),
        below,
        is_directory: facts.is_dir(),
    };
    Ok((guest.to_owned(), part))
}

fn file_name(path: &Path) -> Result<String, Failure> {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .ok_or_else(|| not_plain(path, "not named in UTF-8"))
}

impl Mount {
    /// The directory here that is the whole of the mount, if it is just one.
    pub(crate) fn whole_directory(&self) -> Option<&Path> {
        match self.parts.as_slice() {
            [part] if part.is_directory && part.below.is_empty() => Some(&part.host),
            _ => None,
        }
    }

    /// Everything in the mount.
    pub(crate) fn entries(&self) -> Result<Entries, Failure> {
        let mut entries = Entries::new();
        for part in &self.parts {
            for (end, _) in part.below.match_indices('/') {
                self.add(&mut entries, part.below[..end].to_owned(), Entry::Directory)?;
            }
            if part.is_directory {
                if !part.below.is_empty() {
                    self.add(&mut entries, part.below.clone(), Entry::Directory)?;
                }
                self.walk(part, &mut entries)?;
            } else {
                self.add(
                    &mut entries,
                    part.below.clone(),
                    Entry::File(part.host.clone()),
                )?;
            }
        }
        Ok(entries)
    }

    /// Adds the contents of a directory, without recursion: a deep tree must not use up the stack.
    fn walk(&self, part: &Part, entries: &mut Entries) -> Result<(), Failure> {
        let mut open = vec![(part.host.clone(), part.below.clone())];
        while let Some((directory, below)) = open.pop() {
            let listing =
                fs::read_dir(&directory).map_err(|error| unreadable(&directory, &error))?;
            for item in listing {
                let item = item.map_err(|error| unreadable(&directory, &error))?;
                let (host, kind) = (item.path(), item.file_type());
                let kind = kind.map_err(|error| unreadable(&host, &error))?;
                let path = join(&below, &file_name(&host)?);
                if kind.is_dir() {
                    self.add(entries, path.clone(), Entry::Directory)?;
                    open.push((host, path));
                } else if kind.is_file() {
                    self.add(entries, path, Entry::File(host))?;
                } else if kind.is_symlink() {
                    return Err(not_plain(&host, "a link"));
                } else {
                    return Err(not_plain(&host, "neither a file nor a directory"));
                }
            }
        }
        Ok(())
    }

    fn add(&self, entries: &mut Entries, path: String, entry: Entry) -> Result<(), Failure> {
        if entries.len() >= ENTRIES_MAX {
            let detail = format!(
                "the input at {} has more than {ENTRIES_MAX} entries",
                self.guest
            );
            return Err(Failure::new(Code::InputInvalid, detail)
                .help("pack them into an archive that the job opens"));
        }
        match (entries.get(&path), &entry) {
            (None, _) => {
                entries.insert(path, entry);
                Ok(())
            }
            // Directories of the same name are one directory.
            (Some(Entry::Directory), Entry::Directory) => Ok(()),
            (Some(_), _) => {
                let detail = format!("two inputs would be at {}/{path}", self.guest);
                Err(Failure::new(Code::InputInvalid, detail)
                    .help("give one another place: --in PATH:GUEST"))
            }
        }
    }
}

/// The path from one guest directory to another inside it; empty for the same one.
fn inside<'a>(outer: &str, inner: &'a str) -> Option<&'a str> {
    let rest = inner.strip_prefix(outer)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}

fn join(directory: &str, name: &str) -> String {
    match (directory, name) {
        ("", name) => name.to_owned(),
        (directory, "") => directory.to_owned(),
        (directory, name) => format!("{directory}/{name}"),
    }
}

fn not_plain(path: &Path, what: &str) -> Failure {
    let detail = format!(
        "`{}` is {what}, and an input has plain files and directories only",
        path.display()
    );
    Failure::new(Code::InputInvalid, detail).help("copy what is meant, without links: cp -rL")
}

#[cfg(test)]
mod tests;
