//! `sublet admin backup restore`.

use std::path::PathBuf;

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::backup::{Backup, page};
use crate::verbs::Session;

/// Make a data directory of a backup, if it is whole: all of it, or nothing
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    sublet admin backup restore monday.backup /srv/sublet\n  \
    sublet serve --data-dir /srv/sublet")]
pub(crate) struct Restore {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The directory, empty or not there yet
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

pub(super) fn restore(restore: &Restore, session: &Session) -> Result<Exit, Failure> {
    let summary = sublet_daemon::restore_backup(&restore.file, &restore.into)
        .map_err(|error| super::refused(&restore.file, &error))?;
    let backup = Backup::new(restore.file.display().to_string(), &summary);
    session.output.one(&backup, page)?;
    session.output.talk(format_args!(
        "start a server on it with `sublet serve --data-dir {}`",
        restore.into.display()
    ));
    Ok(Exit::DONE)
}
