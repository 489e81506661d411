//! `sublet subclusters …`: the partitions of the pool.

mod delete;
mod list;
mod pause;
mod resume;
mod show;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// List, show, pause, resume and delete sub-clusters
#[derive(Debug, Subcommand)]
pub(crate) enum Subclusters {
    List(list::List),
    Show(show::Show),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Delete(delete::Delete),
}

pub(super) async fn subclusters(verb: Subclusters, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Subclusters::List(list) => list::list(list, session).await,
        Subclusters::Show(show) => show::show(show, session).await,
        Subclusters::Pause(pause) => pause::pause(pause, session).await,
        Subclusters::Resume(resume) => resume::resume(resume, session).await,
        Subclusters::Delete(delete) => delete::delete(delete, session).await,
    }
}
