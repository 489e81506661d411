//! `sublet explain`: why a job is where it is.

use clap::Args;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::JobSelector;
use crate::show;

/// Tell why a job waits, or how it came to its end
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The job (see `sublet help selectors`)
    #[arg(value_name = "JOB", allow_negative_numbers = true)]
    job: JobSelector,
}

pub(super) async fn explain(explain: Explain, session: &Session) -> Result<Exit, Failure> {
    let explanation = session.client()?.explain(&explain.job).await?;
    session.output.one(&explanation, show::explanation::page)?;
    Ok(Exit::DONE)
}
