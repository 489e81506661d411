//! `sublet apply`: shows what a document of rules moves, then applies it; if somebody was faster, nothing is done.

use clap::Args;

use super::{Session, plan};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

/// Apply a document of rules: the whole set, what it leaves out is gone
#[derive(Args, Debug)]
#[command(
    after_help = "If the rules changed between the plan and its application, nothing is done and the exit code is 6."
)]
pub(crate) struct Apply {
    /// The document, in TOML; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: String,
    /// Only show what would move, as `sublet plan`
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn apply(apply: Apply, session: &Session) -> Result<Exit, Failure> {
    let rules = plan::document(&apply.file)?;
    let client = session.client()?;
    let plan = client.plan(&rules).await?;
    let output = &session.output;
    if apply.dry_run {
        output.one(&plan, show::plan::page)?;
        return Ok(Exit::DONE);
    }
    // A program wants one object, which is what was done; a person sees first what is going to be.
    if output.for_people() {
        output.text(&show::plan::page(&plan))?;
    }
    let applied = client.apply(&rules, plan.version_now).await?;
    output.one(&applied, show::plan::applied)?;
    Ok(Exit::DONE)
}
