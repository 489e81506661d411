//! `sublet users list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::UserQuery;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List users
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Those who were removed, too
    #[arg(long)]
    removed: bool,
}

pub(super) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    let query = UserQuery {
        removed: list.removed,
    };
    let page = session.client()?.users(&query).await?;
    session
        .output
        .list(&page, |users| show::user::table(users, Timestamp::now()))?;
    Ok(Exit::DONE)
}
