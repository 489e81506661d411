//! Looking whether a backup is whole, and making a data directory of it: all of it, or nothing.

use std::{fs::File, path::Path};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptionsExt as _, Permissions, PermissionsExt as _},
};
use rusqlite::{Connection, OpenFlags};

use crate::{
    Error,
    durable::{if_found, private_file, private_folder, sync_file_system},
    error::Doing,
    records::{audit_is_whole, known_schema},
};

use super::{
    BackupRefusal, BackupSummary,
    create::schema_of,
    destination::parent_and_name,
    manifest::Beginning,
    part::{DATABASE, Part},
    read::{Place, Sealed},
    scratch::Scratch,
};

const DOING: &str = "unpack a backup";

/// Looks whether the backup is, to the last byte, as it was written, and whether its database and the audit chain in it are
/// whole. Its database is unpacked below the folder `scratch` for as long as this takes.
///
/// # Errors
/// [`Error::Backup`] with what is wrong; [`Error::NewerSchema`]; otherwise what the file system says.
pub fn verify_backup(file: &Path, scratch: &Path) -> Result<BackupSummary, Error> {
    let doing = "open the folder to unpack into";
    let sealed = Sealed::open(file)?;
    let parent = Dir::open_ambient_dir(scratch, ambient_authority()).doing(doing)?;
    let scratch = Scratch::below(parent, scratch, "verify")?;
    let mut place = DatabaseOnly(&scratch.folder);
    let (beginning, end) = sealed.walk(&mut place)?;
    check_database(&scratch, &beginning)?;
    Ok(beginning.with(end))
}

/// Makes a data directory of a backup, if it is whole. `into` is empty or not there; it has everything when this returns,
/// and is as it was when this fails.
///
/// # Errors
/// As [`verify_backup`]; and [`Error::Backup`] when `into` is not empty.
pub fn restore_backup(file: &Path, into: &Path) -> Result<BackupSummary, Error> {
    let (parent, name) = parent_and_name(into)?;
    refuse_what_is_not_empty(&parent, &name)?;
    let sealed = Sealed::open(file)?;
    let path = std::path::absolute(into).doing(DOING)?;
    let beside = path.parent().unwrap_or(&path);
    let scratch = Scratch::below(parent, beside, &name)?;
    let mut place = Everything(&scratch.folder);
    let (beginning, end) = sealed.walk(&mut place)?;
    check_database(&scratch, &beginning)?;
    sync_file_system(&scratch.folder).doing("make what was restored durable")?;
    scratch.keep(&name)?;
    Ok(beginning.with(end))
}

fn refuse_what_is_not_empty(parent: &Dir, name: &str) -> Result<(), Error> {
    let doing = "open the directory to restore into";
    let Some(found) = if_found(parent.symlink_metadata(name)).doing(doing)? else {
        return Ok(());
    };
    let is_empty = found.is_dir()
        && parent
            .read_dir(name)
            .doing(doing)?
            .next()
            .transpose()
            .doing(doing)?
            .is_none();
    if is_empty {
        Ok(())
    } else {
        Err(BackupRefusal::NotEmpty.into())
    }
}

fn check_database(scratch: &Scratch, beginning: &Beginning) -> Result<(), Error> {
    let doing = "check the database of a backup";
    let wrong = |what: String| BackupRefusal::Database { what };
    if !scratch.folder.exists(DATABASE) {
        return Err(wrong("it is not there".to_owned()).into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(scratch.path.join(DATABASE), flags).doing(doing)?;
    let (found, known) = (schema_of(&database)?, known_schema());
    if found > known {
        let (found, known) = (i64::from(found), i64::from(known));
        return Err(Error::NewerSchema { found, known });
    }
    if found != beginning.schema {
        let what = format!(
            "its schema is {found}, the manifest says {}",
            beginning.schema
        );
        return Err(wrong(what).into());
    }
    let verdict: String = database
        .query_one("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .doing(doing)?;
    if verdict != "ok" {
        return Err(wrong(verdict).into());
    }
    if audit_is_whole(&database).doing(doing)? {
        Ok(())
    } else {
        Err(BackupRefusal::Audit.into())
    }
}

/// Unpacks the database alone.
struct DatabaseOnly<'a>(&'a Dir);

impl Place for DatabaseOnly<'_> {
    fn file(&mut self, part: Part, path: &str) -> Result<Option<File>, Error> {
        match part {
            Part::Database => create(self.0, part, path).map(Some),
            Part::Key | Part::Module | Part::Input | Part::Log | Part::Output => Ok(None),
        }
    }

    fn folder(&mut self, _: Part, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

/// Unpacks all there is.
struct Everything<'a>(&'a Dir);

impl Place for Everything<'_> {
    fn file(&mut self, part: Part, path: &str) -> Result<Option<File>, Error> {
        create(self.0, part, path).map(Some)
    }

    /// What is in it came before, so that it may be closed to writing.
    fn folder(&mut self, part: Part, path: &str) -> Result<(), Error> {
        private_folder(self.0, path).doing(DOING)?;
        let mode = part.folder_mode().unwrap_or(0o700);
        self.0
            .set_permissions(path, Permissions::from_mode(mode))
            .doing(DOING)
    }
}

fn create(root: &Dir, part: Part, path: &str) -> Result<File, Error> {
    if let Some((folder, _)) = path.rsplit_once('/') {
        private_folder(root, folder).doing(DOING)?;
    }
    let mode = part.file_mode();
    let mut options = private_file();
    let file = root
        .open_with(path, options.create_new(true).mode(mode))
        .doing(DOING)?;
    file.set_permissions(Permissions::from_mode(mode))
        .doing(DOING)?;
    Ok(file.into_std())
}
