//! `sublet admin config …`: the configuration before a server has it, and the one that it has.

mod check;
mod example;
mod reload;
mod show;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Check a configuration file, show the one in force, have it read again, print one to begin with
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    Check(check::Check),
    Show(show::Show),
    Example(example::Example),
    Reload(reload::Reload),
}

pub(super) async fn config(verb: Config, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Config::Check(check) => check::check(&check, session),
        Config::Show(show) => show::show(show, session).await,
        Config::Reload(_) => reload::reload(session).await,
        Config::Example(_) => example::example(session),
    }
}
