//! Profiles: credentials under names of the user's own, and which of them is in use.
//!
//! ```text
//! <configuration>/profiles/<name>.credential     a credential file, readable by nobody else
//! <configuration>/profile                        the name of the one in use
//! ```

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sublet_api::Code;
use sublet_identity::Credential;

use crate::failure::Failure;

/// Bytes of a credential file: a key and a few certificates.
const BYTES_MAX: u64 = 64 << 10;
/// What others than the owner might do with a file.
const OTHERS: u32 = 0o077;

/// The profiles of this account.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    folder: PathBuf,
}

impl Profiles {
    pub(crate) fn of_this_account() -> Self {
        Self {
            folder: sublet_daemon::paths::configuration_directory(),
        }
    }

    /// Keeps a credential under a name, and uses it from now on.
    pub(crate) fn keep(&self, name: &str, credential: &Credential) -> Result<(), Failure> {
        let write = || {
            let folder = self.folder.join("profiles");
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
            replace(&self.file(name), &credential.to_text())?;
            replace(&self.choice(), name)
        };
        write().map_err(|error| {
            Failure::new(
                Code::FileUnwritable,
                format!(
                    "profile `{name}` cannot be kept in {}",
                    self.folder.display()
                ),
            )
            .caused_by(&error)
        })
    }

    /// Forgets a profile; the socket of this host is used again if it was in use. Whether there was one.
    pub(crate) fn forget(&self, name: &str) -> Result<bool, Failure> {
        let was_there = removed(&self.file(name)).map_err(|error| unwritable(name, &error))?;
        if self.chosen()?.as_deref() == Some(name) {
            removed(&self.choice()).map_err(|error| unwritable(name, &error))?;
        }
        Ok(was_there)
    }

    /// The name of the profile in use.
    pub(crate) fn chosen(&self) -> Result<Option<String>, Failure> {
        match fs::read_to_string(self.choice()) {
            Ok(name) => Ok(Some(name.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&self.choice(), &error)),
        }
    }

    /// The credential of a profile.
    pub(crate) fn credential(&self, name: &str) -> Result<Credential, Failure> {
        let path = self.file(name);
        if !path.exists() {
            return Err(Failure::new(
                Code::FileUnreadable,
                format!("there is no profile `{name}`"),
            )
            .help("`sublet login FILE --profile NAME` makes one of a credential file"));
        }
        read(&path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder
            .join("profiles")
            .join(format!("{name}.credential"))
    }

    fn choice(&self) -> PathBuf {
        self.folder.join("profile")
    }
}

/// Reads a credential file. One that others may read is not used: who has the key is the user.
pub(crate) fn read(path: &Path) -> Result<Credential, Failure> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.permissions().mode() & OTHERS != 0 {
        return Err(Failure::new(
            Code::CredentialInvalid,
            format!(
                "others may read {}, and whoever has its key is you",
                path.display()
            ),
        )
        .help(format!("chmod 600 {}", path.display())));
    }
    if metadata.len() > BYTES_MAX {
        return Err(Failure::new(
            Code::CredentialInvalid,
            format!(
                "{} has {} bytes, a credential file has at most {BYTES_MAX}",
                path.display(),
                metadata.len()
            ),
        ));
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    Credential::from_text(&text).map_err(|error| {
        Failure::new(
            Code::CredentialInvalid,
            format!("{} is no credential file", path.display()),
        )
        .caused_by(&error)
        .help("an operator makes one: `sublet users add NAME > NAME.credential`")
    })
}

/// Writes a private file so that it is there whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn removed(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::FileUnreadable,
        format!("{} cannot be read", path.display()),
    )
    .caused_by(error)
}

fn unwritable(name: &str, error: &io::Error) -> Failure {
    Failure::new(
        Code::FileUnwritable,
        format!("profile `{name}` cannot be removed"),
    )
    .caused_by(error)
}
