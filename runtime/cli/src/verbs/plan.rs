//! `sublet plan`: what a document of rules would move. Nothing is moved.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use clap::Args;
use sublet_api::ApplyRules;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::module_file::unreadable;
use crate::show;

/// Show what a document of rules would move, and move nothing
#[derive(Args, Debug)]
#[command(
    after_help = "`sublet pool rules` prints the document that holds now. The language: `sublet help rules`."
)]
pub(crate) struct Plan {
    /// The document, in TOML; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: String,
}

pub(super) async fn plan(plan: Plan, session: &Session) -> Result<Exit, Failure> {
    let rules = document(&plan.file)?;
    let plan = session.client()?.plan(&rules).await?;
    session.output.one(&plan, show::plan::page)?;
    Ok(Exit::DONE)
}

/// The document in a file, or on stdin.
pub(super) fn document(file: &str) -> Result<ApplyRules, Failure> {
    let mut document = String::new();
    let read = match file {
        "-" => io::stdin().lock().read_to_string(&mut document).map(drop),
        path => fs::read_to_string(path).map(|text| document = text),
    };
    read.map_err(|error| unreadable(Path::new(file), &error))?;
    Ok(ApplyRules { document })
}
