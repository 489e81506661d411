//! `sublet modules …`: what is uploaded.

mod delete;
mod list;
pub(super) mod push;
mod release;
mod show;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Push, list, show, release and delete modules
#[derive(Debug, Subcommand)]
pub(crate) enum Modules {
    Push(push::Push),
    List(list::List),
    Show(show::Show),
    Release(release::Release),
    Delete(delete::Delete),
}

pub(super) async fn modules(modules: Modules, session: &Session) -> Result<Exit, Failure> {
    match modules {
        Modules::Push(push) => push::push(push, session).await,
        Modules::List(list) => list::list(list, session).await,
        Modules::Show(show) => show::show(show, session).await,
        Modules::Release(release) => release::release(release, session).await,
        Modules::Delete(delete) => delete::delete(delete, session).await,
    }
}
