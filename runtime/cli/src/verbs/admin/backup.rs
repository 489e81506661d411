//! `sublet admin backup …`: one file that has everything, made while the server goes on; looked at and taken back without
//! one.

mod create;
mod restore;
mod verify;

use std::error::Error;
use std::path::Path;

use clap::Subcommand;
use sublet_api::Code;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Make, verify and restore backups
#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    Create(create::Create),
    Verify(verify::Verify),
    Restore(restore::Restore),
}

pub(super) async fn backup(verb: Backup, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Backup::Create(create) => create::create(create, session).await,
        Backup::Verify(verify) => verify::verify(&verify, session),
        Backup::Restore(restore) => restore::restore(&restore, session),
    }
}

/// Why a file is not taken for a backup, or not taken back.
fn refused(file: &Path, error: &dyn Error) -> Failure {
    Failure::new(
        Code::BackupRefused,
        format!("{} is not used as a backup", file.display()),
    )
    .caused_by(error)
    .help("nothing was changed; `sublet admin backup create FILE` makes another one")
}
