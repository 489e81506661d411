//! `sublet admin …`: what belongs to a server as a whole.

mod backup;
mod config;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Check and show the configuration of a server, make and take back backups
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    #[command(subcommand, disable_help_subcommand = true)]
    Config(config::Config),
    #[command(subcommand, disable_help_subcommand = true)]
    Backup(backup::Backup),
}

pub(super) async fn admin(verb: Admin, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Admin::Config(config) => config::config(config, session).await,
        Admin::Backup(backup) => backup::backup(backup, session).await,
    }
}
