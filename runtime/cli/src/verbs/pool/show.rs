//! `sublet pool show`.

use clap::Args;
use jiff::Timestamp;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show the pool: its sub-clusters, slots and queues
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Each node as well
    #[arg(long)]
    nodes: bool,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let pool = session.client()?.pool().await?;
    session.output.one(&pool, |pool| {
        let page = show::pool::page(pool);
        if show.nodes {
            let nodes = show::node::table(&pool.nodes, Timestamp::now());
            format!("{page}\n\n{nodes}")
        } else {
            page
        }
    })?;
    Ok(Exit::DONE)
}
