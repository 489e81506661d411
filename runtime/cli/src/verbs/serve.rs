//! `sublet serve`: the server, in this process.

use std::error::Error as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sublet_api::Code;
use sublet_daemon::{Options, ServeError};

use crate::exit::Exit;
use crate::failure::Failure;

/// Start a server on a unix socket of this account, and with TLS where --listen says
#[derive(Args, Debug)]
#[command(
    after_help = "Without any flag it works: defaults for all, data in the user's data directory.\n\
    SIGTERM lets running jobs end for a while, a second one stops at once."
)]
pub(crate) struct Serve {
    /// The configuration file [default: config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where records, modules and logs are kept [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where to listen [default: the socket in the runtime directory]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Listen there with TLS as well, for whoever has a certificate, such as 0.0.0.0:7070
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Keep nothing: data in a directory that goes when the server stops
    #[arg(long, conflicts_with = "data_dir")]
    dev: bool,
    /// Do not start where a layer of the wall around workers is missing
    #[arg(long)]
    require_hardening: bool,
}

pub(super) fn serve(serve: Serve) -> Result<Exit, Failure> {
    let options = Options {
        config: serve.config,
        data_dir: serve.data_dir,
        socket: serve.socket,
        listen: serve.listen,
        dev: serve.dev,
        require_hardening: serve.require_hardening,
    };
    match sublet_daemon::serve(&options) {
        Ok(()) => Ok(Exit::DONE),
        Err(error) => Err(failure(&error)),
    }
}

/// Why the server did not start, or ended early.
pub(super) fn failure(error: &ServeError) -> Failure {
    let (code, help) = match error {
        ServeError::Config(_) => (
            Code::ConfigurationInvalid,
            "all keys are optional; unknown ones are errors",
        ),
        ServeError::Held(_) => (
            Code::DataDirectoryHeld,
            "stop the other server, or choose --data-dir",
        ),
        ServeError::SocketTaken { .. } => (
            Code::DataDirectoryHeld,
            "stop the other server, or choose --socket and --data-dir",
        ),
        ServeError::Store(store) if store.is_disk_full() => {
            (Code::DiskFull, "free some space, or choose --data-dir")
        }
        ServeError::Store(store) if store.is_damage() => (
            Code::LocalFault,
            "keep the data directory as it is, make another one of a backup with `sublet admin backup restore`, and choose it with --data-dir",
        ),
        ServeError::Store(store) if store.is_of_a_later_version() => (
            Code::LocalFault,
            "start the version that wrote it, or make another directory of an older backup with `sublet admin backup restore`",
        ),
        ServeError::Unhardened(_) => (
            Code::HostUnfit,
            "`sublet doctor` says what to do; without --require-hardening or [service] require_hardening the server starts all the same",
        ),
        ServeError::Keys(_) => (
            Code::LocalFault,
            "restore the folder `keys` of the data directory from a backup; without it every credential has to be issued anew",
        ),
        ServeError::Store(_) | ServeError::Io { .. } => (
            Code::LocalFault,
            "see the cause, or choose --data-dir and --socket",
        ),
    };
    let failure = Failure::new(code, error.to_string()).help(help);
    match error.source() {
        Some(cause) => failure.caused_by(cause),
        None => failure,
    }
}
