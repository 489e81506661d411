//! Where things lie when nobody says otherwise. Server and command line must agree, so both ask here.

use std::env;
use std::path::PathBuf;

/// Folder of Sublet's own below each of the places of the XDG base directory specification.
const OWN: &str = "sublet";

/// The socket of the server of this account: in the runtime directory of the session, else in that of the system for
/// root, else in a folder of the account's own below the temporary directory.
#[must_use]
pub fn socket() -> PathBuf {
    runtime_directory().join("api.sock")
}

/// The folder of the socket.
#[must_use]
pub fn runtime_directory() -> PathBuf {
    if let Some(runtime) = absolute("XDG_RUNTIME_DIR") {
        return runtime.join(OWN);
    }
    let uid = rustix::process::getuid();
    if uid.is_root() {
        return PathBuf::from("/run").join(OWN);
    }
    env::temp_dir().join(format!("{OWN}-{}", uid.as_raw()))
}

/// Where a server keeps what must last.
#[must_use]
pub fn data_directory() -> PathBuf {
    absolute("XDG_DATA_HOME")
        .unwrap_or_else(|| home().join(".local/share"))
        .join(OWN)
}

/// Where compiled code of `sublet run` is kept.
#[must_use]
pub fn cache_directory() -> PathBuf {
    absolute("XDG_CACHE_HOME")
        .unwrap_or_else(|| home().join(".cache"))
        .join(OWN)
}

/// Where the configuration file is looked for.
#[must_use]
pub fn configuration_file() -> PathBuf {
    configuration_directory().join("config.toml")
}

/// The folder of what an account has configured, credentials among it.
#[must_use]
pub fn configuration_directory() -> PathBuf {
    absolute("XDG_CONFIG_HOME")
        .unwrap_or_else(|| home().join(".config"))
        .join(OWN)
}

fn home() -> PathBuf {
    absolute("HOME").unwrap_or_else(env::temp_dir)
}

/// The specification asks that relative paths be ignored.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
