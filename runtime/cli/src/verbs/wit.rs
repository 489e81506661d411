//! `sublet wit`: the text of what a job may ask of its host, for whoever makes bindings of it.

use clap::Args;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

const PACKAGE: &str = include_str!("../../../../guest-sdk/wit/job.wit");

/// Print the interfaces that a job may import, as WIT
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  sublet wit > wit/deps/sublet-job/job.wit")]
pub(crate) struct Wit {}

pub(super) fn wit(session: &Session) -> Result<Exit, Failure> {
    session.output.text(PACKAGE.trim_end())?;
    Ok(Exit::DONE)
}
