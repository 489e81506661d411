//! `sublet check`: what a module asks for, in words, and what it would be refused for. It is compiled as at an upload, and
//! not run.

use clap::Args;
use sublet_worker::Preemption;
use sublet_worker::compile::Compiler;
use sublet_worker::local::LocalError;

use super::Session;
use super::run::{compiler, refused};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::module_file::{Binary, Source};
use crate::show::need::{self, Checked};

/// Say what a module needs, or what it would be refused for
#[derive(Args, Debug)]
#[command(after_help = "It is compiled here, as a server would, and not run.")]
pub(crate) struct Check {
    /// A .wasm or .wat file, or `-` for stdin
    #[arg(value_name = "FILE|-")]
    file: String,
}

pub(super) async fn check(check: Check, session: &Session) -> Result<Exit, Failure> {
    let binary = match Source::of_file(&check.file) {
        Source::File(path) => Binary::read(&path)?,
        Source::Stdin | Source::Reference(_) => Binary::read_stdin()?,
    };
    let compiled = Compiler::new(compiler()?)
        .compile(&binary.bytes, Preemption::Checks)
        .await
        .map_err(|error| refused(LocalError::from(error)))?;
    let checked = Checked::new(&binary, compiled.interface);
    session.output.one(&checked, need::page)?;
    Ok(Exit::DONE)
}
