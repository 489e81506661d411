//! `sublet subclusters delete`: the name is typed a second time, because what is gone is gone for everybody.

use clap::Args;
use sublet_api::DeleteQuery;

use crate::arguments::word;
use crate::confirm;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Delete a sub-cluster; its nodes join others or stay unassigned
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The sub-cluster
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
    /// Where something runs on its nodes, let it end first; without it that is a conflict
    #[arg(long)]
    drain: bool,
    /// The name once more, instead of typing it when asked
    #[arg(long, value_name = "NAME")]
    yes: Option<String>,
}

pub(crate) async fn delete(delete: Delete, session: &Session) -> Result<Exit, Failure> {
    let Delete { name, drain, yes } = delete;
    confirm::name("sub-cluster", &name, yes.as_deref(), &session.output)?;
    let how = DeleteQuery { drain };
    session.client()?.delete_subcluster(&name, how).await?;
    session.output.talk(format_args!(
        "{} sub-cluster {name}",
        if drain {
            "draining, then deleting"
        } else {
            "deleted"
        }
    ));
    Ok(Exit::DONE)
}
