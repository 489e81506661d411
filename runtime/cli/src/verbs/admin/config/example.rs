//! `sublet admin config example`: a file to begin with.

use clap::Args;
use sublet_daemon::config::EXAMPLE;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Print a configuration file with every key, its default and what it is for
#[derive(Args, Debug)]
pub(crate) struct Example {}

pub(super) fn example(session: &Session) -> Result<Exit, Failure> {
    session.output.text(EXAMPLE)?;
    Ok(Exit::DONE)
}
