//! `sublet admin backup verify`.

use std::path::PathBuf;

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::backup::{Backup, page};
use crate::verbs::Session;

/// Check that a backup is as it was written, to the last byte, and that its database and audit log are whole
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn verify(verify: &Verify, session: &Session) -> Result<Exit, Failure> {
    let scratch = std::env::temp_dir();
    let summary = sublet_daemon::verify_backup(&verify.file, &scratch)
        .map_err(|error| super::refused(&verify.file, &error))?;
    let backup = Backup::new(verify.file.display().to_string(), &summary);
    session.output.one(&backup, page)?;
    Ok(Exit::DONE)
}
