//! `sublet nodes label`: words that rules read.

use clap::Args;
use sublet_api::LabelNode;

use crate::arguments::word::{self, LabelChange};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Give labels to a node and take them away; the others stay
#[derive(Args, Debug)]
pub(crate) struct Label {
    /// The node
    #[arg(value_name = "NODE", value_parser = word::plain_name)]
    node: String,
    /// K=V sets a label, K- takes it away
    #[arg(value_name = "K=V|K-", required = true, value_parser = word::label_change)]
    changes: Vec<LabelChange>,
}

pub(crate) async fn label(label: Label, session: &Session) -> Result<Exit, Failure> {
    let mut how = LabelNode::default();
    for change in label.changes {
        match change {
            LabelChange::Set(key, value) => drop(how.set.insert(key, value)),
            LabelChange::Remove(key) => how.remove.push(key),
        }
    }
    let node = session.client()?.label_node(&label.node, &how).await?;
    session.output.one(&node, show::node::line)?;
    Ok(Exit::DONE)
}
