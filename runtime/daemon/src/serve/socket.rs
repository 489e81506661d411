//! The unix socket: in a folder of the account's own, and never taken from a server that lives.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::{ServeError, doing};
use crate::config::Config;
use crate::paths;

/// Flags win over the configuration, which wins over the usual place.
pub(super) fn path(flag: Option<&Path>, config: &Config) -> PathBuf {
    match (flag, &config.listen.socket) {
        (Some(path), _) => path.to_owned(),
        (None, Some(path)) => paths::runtime_directory().join(path),
        (None, None) => paths::socket(),
    }
}

/// Listens at the path. What a dead server left there is removed first.
pub(super) fn listen(path: &Path) -> Result<UnixListener, ServeError> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        private_folder(folder).map_err(doing(&format!("use the folder of the socket {shown}")))?;
    }
    if UnixStream::connect(path).is_ok() {
        return Err(ServeError::SocketTaken {
            path: shown.to_string(),
        });
    }
    remove_socket(path).map_err(doing(&format!("remove the old socket {shown}")))?;
    let listener = UnixListener::bind(path).map_err(doing(&format!("listen on {shown}")))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(doing("close the socket to others"))?;
    Ok(listener)
}

/// Anything else in that place is a mistake, and stays.
fn remove_socket(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::other("it is not a socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A folder that somebody else owns could be made to hold somebody else's socket.
fn private_folder(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    let owner = fs::metadata(folder)?.uid();
    let own = rustix::process::geteuid().as_raw();
    if owner != own && owner != 0 {
        return Err(io::Error::other(format!(
            "it belongs to uid {owner}, and we are uid {own}"
        )));
    }
    Ok(())
}
