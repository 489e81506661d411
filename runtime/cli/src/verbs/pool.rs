//! `sublet pool …`: what there is to be had, who has it, and by which rules.

mod rules;
mod show;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Show the pool and its rules
#[derive(Debug, Subcommand)]
pub(crate) enum Pool {
    Show(show::Show),
    Rules(rules::Rules),
}

pub(super) async fn pool(pool: Pool, session: &Session) -> Result<Exit, Failure> {
    match pool {
        Pool::Show(show) => show::show(show, session).await,
        Pool::Rules(rules) => rules::rules(rules, session).await,
    }
}
