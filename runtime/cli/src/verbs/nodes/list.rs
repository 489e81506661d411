//! `sublet nodes list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::NodeQuery;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List nodes: where each is, since when and why
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only nodes that no sub-cluster has
    #[arg(long, conflicts_with = "subcluster")]
    unassigned: bool,
    /// Only nodes of this sub-cluster
    #[arg(long, value_name = "NAME", value_parser = word::plain_name)]
    subcluster: Option<String>,
}

pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    let query = NodeQuery {
        state: list.unassigned.then(|| "unassigned".to_owned()),
        subcluster: list.subcluster,
        ..NodeQuery::default()
    };
    let page = session.client()?.nodes(query).await?;
    session
        .output
        .list(&page, |nodes| show::node::table(nodes, Timestamp::now()))?;
    if page.items.is_empty() {
        session.output.talk("no such nodes");
    }
    Ok(Exit::DONE)
}
