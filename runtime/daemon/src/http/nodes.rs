//! Nodes one by one: how they stand and why, emptying them, and the words on them.

use axum::Json;
use sublet_api::{Code, DrainNode, LabelNode, Node, NodeExplanation, NodeQuery, Page};

use super::caller::Caller;
use super::extract::{self, Path, Query};
use super::problem::{Answer, ApiError};
use super::subclusters::{no_such, wish};
use super::{pool, validate};
use crate::convert;
use crate::driver::Wish;

pub(super) async fn list(
    caller: Caller,
    Query(query): Query<NodeQuery>,
) -> Answer<Json<Page<Node>>> {
    let limit = validate::page_limit(query.limit)?;
    let after: Option<u64> = query.cursor.as_deref().map(validate::cursor).transpose()?;
    let mut items = pool::read(&caller).await?.nodes;
    items.retain(|node| after.is_none_or(|after| u64::from(node.id) > after));
    items.retain(|node| {
        query
            .state
            .as_ref()
            .is_none_or(|state| *state == node.state)
    });
    items.retain(|node| query.subcluster.is_none() || query.subcluster == node.subcluster);
    items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = validate::next_cursor(limit, &items, |node| u64::from(node.id));
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn show(caller: Caller, Path(name): Path<String>) -> Answer<Json<Node>> {
    find(&caller, &name).await.map(Json)
}

pub(super) async fn explain(
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<Json<NodeExplanation>> {
    let wanted = name.clone();
    let explained = caller
        .driver
        .look(move |state| {
            let id = state.ground.node(&wanted)?;
            let explained = state.scheduler.explain_node(state.now, id)?;
            let view = state.scheduler.pool();
            let node = view.nodes.iter().find(|node| node.node == id)?;
            let names = convert::names(&view);
            Some(convert::node_explanation(node, &explained, &view, &names))
        })
        .await?;
    match explained {
        Some(explained) => Ok(Json(explained)),
        None => Err(not_there(&caller, &name).await?),
    }
}

pub(super) async fn drain(
    caller: Caller,
    Path(node): Path<String>,
    extract::Json {
        value: DrainNode { reason, grace_ms },
        ..
    }: extract::Json<DrainNode>,
) -> Answer<Json<Node>> {
    validate::reason(&reason)?;
    validate::grace(grace_ms)?;
    find(&caller, &node).await?;
    let name = node.clone();
    let asked = Wish::DrainNode {
        node,
        reason,
        grace_ms,
    };
    wish(&caller, asked).await?;
    find(&caller, &name).await.map(Json)
}

pub(super) async fn resume(caller: Caller, Path(node): Path<String>) -> Answer<Json<Node>> {
    find(&caller, &node).await?;
    let name = node.clone();
    wish(&caller, Wish::ResumeNode { node }).await?;
    find(&caller, &name).await.map(Json)
}

pub(super) async fn label(
    caller: Caller,
    Path(node): Path<String>,
    extract::Json {
        value: LabelNode { set, remove },
        ..
    }: extract::Json<LabelNode>,
) -> Answer<Json<Node>> {
    validate::labels(&set)?;
    find(&caller, &node).await?;
    let name = node.clone();
    wish(&caller, Wish::LabelNode { node, set, remove }).await?;
    find(&caller, &name).await.map(Json)
}

async fn find(caller: &Caller, name: &str) -> Answer<Node> {
    let found = pool::read(caller).await?.nodes;
    match found.into_iter().find(|node| node.name == name) {
        Some(node) => Ok(node),
        None => Err(not_there(caller, name).await?),
    }
}

async fn not_there(caller: &Caller, name: &str) -> Answer<ApiError> {
    let nodes = pool::read(caller).await?.nodes;
    let names: Vec<String> = nodes.into_iter().map(|node| node.name).collect();
    Ok(no_such(Code::NodeNotFound, "node", name, &names))
}
