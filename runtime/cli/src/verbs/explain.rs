//! `sublet explain`: why a job or a node is where it is.

use clap::Args;
use sublet_api::Code;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::JobSelector;
use crate::show;

/// Tell why a job waits or how it came to its end, or why a node is where it is
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The job (see `sublet help selectors`), or a node where no job has that name
    #[arg(value_name = "JOB|NODE", allow_negative_numbers = true)]
    what: JobSelector,
}

pub(super) async fn explain(explain: Explain, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    match client.explain(&explain.what).await {
        Ok(explanation) => session.output.one(&explanation, show::explanation::page)?,
        Err(no_job) if no_job.code() == Some(Code::JobNotFound) => {
            // Where there is no such node either, a job is what was most likely meant.
            let node = client.explain_node(explain.what.as_str()).await;
            let explanation = node.map_err(|_| no_job)?;
            session.output.one(&explanation, show::node::explanation)?;
        }
        Err(failure) => return Err(failure),
    }
    Ok(Exit::DONE)
}
