//! `sublet pool …`: what there is to be had, and who has it.

use clap::{Args, Subcommand};

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

/// Show the pool
#[derive(Debug, Subcommand)]
pub(crate) enum Pool {
    Show(Show),
}

/// Show the pool: its sub-clusters, slots and queues
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Each node as well
    #[arg(long)]
    nodes: bool,
}

pub(super) async fn pool(pool: Pool, session: &Session) -> Result<Exit, Failure> {
    let Pool::Show(show) = pool;
    let pool = session.client()?.pool().await?;
    session.output.one(&pool, |pool| {
        let page = show::pool::page(pool);
        if show.nodes {
            format!("{page}\n\n{}", show::pool::nodes(pool))
        } else {
            page
        }
    })?;
    Ok(Exit::DONE)
}
