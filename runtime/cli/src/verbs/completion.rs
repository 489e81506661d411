//! `sublet completion`: a script that teaches a shell our verbs and flags.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Session;
use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(
    after_help = "For bash: sublet completion bash > ~/.local/share/bash-completion/completions/sublet"
)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn completion(completion: &Completion, session: &Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(
        completion.shell,
        &mut Arguments::command(),
        "sublet",
        &mut script,
    );
    session.output.bytes(&script)?;
    Ok(Exit::DONE)
}
