//! Making a backup while the server goes on.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek as _, Write as _},
    os::fd::OwnedFd,
    path::Path,
};

use cap_std::fs::Dir;
use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest as _, Sha256};
use sublet_scheduler::UnixMillis;
use tar::{Builder, EntryType};

use crate::{
    DataDirectory, Digest, Error, InputKind,
    durable::private_file,
    error::Doing,
    untrusted::{Found, names, open, open_folder},
};

use super::{
    BackupSummary,
    destination::Destination,
    manifest::{Beginning, End, Listed, write_line},
    part::{DATABASE, KEYS, Part},
    scratch::Scratch,
    seal::{self, Sealing},
    source::Exactly,
};

pub(super) const MANIFEST: &str = "manifest.json";

const DOING: &str = "write a backup";

impl DataDirectory {
    /// Makes a backup at `to`, where nothing may be yet. The server goes on meanwhile: what is recorded after this began is
    /// not in it. It needs room in the data directory for another database, for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Backup`] when there is something at `to`; otherwise what the file system or the database says. Nothing is
    /// left at `to` then.
    pub fn backup(&self, to: &Path, at: UnixMillis) -> Result<BackupSummary, Error> {
        let to = Destination::new(to)?;
        let scratch = self.scratch()?;
        let database = snapshot(&self.database_path(), &scratch.path.join(DATABASE))?;
        let mut backup = Backup::begin(&to, &scratch, (schema_of(&database)?, at))?;
        backup.add_all(self.root(), &database, &scratch.folder)?;
        let summary = backup.end()?;
        to.keep()?;
        Ok(summary)
    }

    fn scratch(&self) -> Result<Scratch, Error> {
        let parent = self.root().open_dir("tmp").doing(DOING)?;
        Scratch::below(parent, &self.path().join("tmp"), "backup")
    }
}

/// A copy of the database as of one instant. Its readers and its writer go on.
fn snapshot(from: &Path, to: &Path) -> Result<Connection, Error> {
    let doing = "copy the database";
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags).doing(doing)?;
    let path = to
        .to_str()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))
        .doing(doing)?;
    connection.execute("VACUUM INTO ?1", [path]).doing(doing)?;
    Connection::open_with_flags(to, flags).doing(doing)
}

pub(super) fn schema_of(database: &Connection) -> Result<u32, Error> {
    database
        .query_one("PRAGMA user_version", [], |row| row.get(0))
        .doing("read the version of the database")
}

/// A backup on its way.
struct Backup {
    archive: Builder<Sealing<BufWriter<File>>>,
    /// Lines for the manifest, whose length is not known before the end.
    lines: BufWriter<File>,
    count: End,
    beginning: Beginning,
}

const MODULES: &str = "SELECT user, digest FROM modules ORDER BY user, digest";
const INPUTS: &str = "SELECT user, digest, kind FROM inputs ORDER BY user, digest, kind";
const JOBS: &str = "SELECT id FROM jobs ORDER BY id";

impl Backup {
    fn begin(
        to: &Destination,
        scratch: &Scratch,
        (schema, at): (u32, UnixMillis),
    ) -> Result<Self, Error> {
        let mut options = private_file();
        let lines = scratch.folder.open_with(MANIFEST, options.create_new(true));
        let mut lines = BufWriter::new(lines.doing(DOING)?.into_std());
        let beginning = Beginning::new(schema, at);
        write_line(&mut lines, &beginning)?;
        Ok(Self {
            archive: Builder::new(Sealing::new(BufWriter::new(to.create()?))),
            lines,
            count: End::default(),
            beginning,
        })
    }

    fn add_all(&mut self, root: &Dir, database: &Connection, scratch: &Dir) -> Result<(), Error> {
        self.add(Some(scratch), DATABASE)?;
        if let Some(keys) = open_folder(root, &[KEYS]).doing(DOING)? {
            self.add_entries(&keys, KEYS)?;
        }
        self.add_modules(root, database)?;
        self.add_inputs(root, database)?;
        self.add_of_jobs(root, database, "logs")?;
        self.add_of_jobs(root, database, "outputs")
    }

    fn add_modules(&mut self, root: &Dir, database: &Connection) -> Result<(), Error> {
        let mut statement = database.prepare(MODULES).doing(DOING)?;
        let mut rows = statement.query([]).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            let (user, digest) = numbered(row).doing(DOING)?;
            let folder = open_folder(root, &["users", &user, "modules"]).doing(DOING)?;
            let path = format!("users/{user}/modules/{digest}.wasm");
            self.add(folder.as_ref(), &path)?;
        }
        Ok(())
    }

    fn add_inputs(&mut self, root: &Dir, database: &Connection) -> Result<(), Error> {
        let mut statement = database.prepare(INPUTS).doing(DOING)?;
        let mut rows = statement.query([]).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            let (user, digest) = numbered(row).doing(DOING)?;
            let kind: InputKind = row.get(2).doing(DOING)?;
            let folder = open_folder(root, &["users", &user, "work", "inputs"]).doing(DOING)?;
            let name = match kind {
                InputKind::Tree => digest.to_string(),
                InputKind::Blob => format!("{digest}.blob"),
            };
            self.add(folder.as_ref(), &format!("users/{user}/work/inputs/{name}"))?;
        }
        Ok(())
    }

    /// What lies in a folder for each job that the database knows.
    fn add_of_jobs(&mut self, root: &Dir, database: &Connection, kind: &str) -> Result<(), Error> {
        let Some(folder) = open_folder(root, &[kind]).doing(DOING)? else {
            return Ok(());
        };
        let mut statement = database.prepare(JOBS).doing(DOING)?;
        let mut rows = statement.query([]).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            let job = row.get::<_, i64>(0).doing(DOING)?.to_string();
            if let Some(theirs) = open_folder(&folder, &[&job]).doing(DOING)? {
                self.add_entries(&theirs, &format!("{kind}/{job}"))?;
            }
        }
        Ok(())
    }

    /// Everything in a folder that a backup can have.
    fn add_entries(&mut self, folder: &OwnedFd, path: &str) -> Result<(), Error> {
        for name in names(folder).doing(DOING)? {
            let entry = name.to_str().map(|name| format!("{path}/{name}"));
            match entry {
                Some(entry) if Part::at(entry.as_bytes()).is_ok() => {
                    self.add(Some(folder), &entry)?;
                }
                _ => self.count.missing += 1,
            }
        }
        Ok(())
    }

    /// What lies in the folder under the last name of the path; a folder comes after what is in it.
    fn add(&mut self, folder: Option<&impl std::os::fd::AsFd>, path: &str) -> Result<(), Error> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let found = match folder {
            Some(folder) => open(folder, name.as_ref()).doing("read a file for a backup")?,
            None => Found::Nothing,
        };
        let kind = Part::at(path.as_bytes())?.0;
        match (found, kind.folder_mode()) {
            (Found::File { file, bytes }, _) => self.add_file(path, (file, bytes), kind),
            (Found::Folder(inner), Some(mode)) => {
                self.add_entries(&inner, path)?;
                self.append(path, EntryType::Directory, (0, mode), io::empty())?;
                self.list(&Listed {
                    path: path.to_owned(),
                    bytes: None,
                    sha256: None,
                })
            }
            _ => {
                self.count.missing += 1;
                Ok(())
            }
        }
    }

    fn add_file(
        &mut self,
        path: &str,
        (file, bytes): (File, u64),
        kind: Part,
    ) -> Result<(), Error> {
        let mut content = Hashing {
            from: Exactly::new(file, bytes),
            sha256: Sha256::new(),
        };
        let size = (bytes, kind.file_mode());
        self.append(path, EntryType::Regular, size, &mut content)?;
        self.list(&Listed {
            path: path.to_owned(),
            bytes: Some(bytes),
            sha256: Some(Digest::from_bytes(content.sha256.finalize().into())),
        })
    }

    fn append(
        &mut self,
        path: &str,
        kind: EntryType,
        (bytes, mode): (u64, u32),
        content: impl Read,
    ) -> Result<(), Error> {
        let mut header = seal::header(kind, bytes, mode);
        self.archive
            .append_data(&mut header, path, content)
            .doing(DOING)
    }

    fn list(&mut self, part: &Listed) -> Result<(), Error> {
        self.count.count(part);
        write_line(&mut self.lines, part)
    }

    /// Adds the manifest and the seal, and makes all of it durable.
    fn end(mut self) -> Result<BackupSummary, Error> {
        write_line(&mut self.lines, &self.count)?;
        let mut lines = self
            .lines
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .doing(DOING)?;
        let mut close = || -> io::Result<u64> {
            let bytes = lines.stream_position()?;
            lines.rewind()?;
            let manifest_at = self.archive.get_ref().written();
            let mut header = seal::header(EntryType::Regular, bytes, 0o600);
            let content = BufReader::new(Exactly::new(&lines, bytes));
            self.archive.append_data(&mut header, MANIFEST, content)?;
            Ok(manifest_at)
        };
        let manifest_at = close().doing(DOING)?;
        let text = self.archive.get_ref().text(manifest_at);
        seal::append(&mut self.archive, &text).doing(DOING)?;
        let mut file = self.archive.into_inner().doing(DOING)?.into_inner();
        file.flush()
            .and_then(|()| file.get_ref().sync_all())
            .doing("make a backup durable")?;
        Ok(self.beginning.with(self.count))
    }
}

/// A user's number, as it is in paths, and a digest.
fn numbered(row: &Row<'_>) -> rusqlite::Result<(String, Digest)> {
    let user: i64 = row.get(0)?;
    Ok((user.to_string(), row.get(1)?))
}

/// Passes on what is read, and remembers what it was.
struct Hashing<R> {
    from: R,
    sha256: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        Ok(count)
    }
}
