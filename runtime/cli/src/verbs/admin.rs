//! `sublet admin …`: what belongs to a server as a whole.

mod config;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Check and show the configuration of a server
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    #[command(subcommand, disable_help_subcommand = true)]
    Config(config::Config),
}

pub(super) async fn admin(verb: Admin, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Admin::Config(config) => config::config(config, session).await,
    }
}
