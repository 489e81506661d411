//! The rules as one versioned document: what holds, what another document would do, and having it hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName};
use sublet_api::{Applied, ApplyRules, Changes, Code, Page, Plan, RuleSet};
use sublet_scheduler::NodeId;
use sublet_store::Page as StorePage;

use super::extract::{self, Query};
use super::problem::{Answer, ApiError};
use super::{pool, validate};
use crate::config::Rules;
use crate::convert::{self, RulesChange};
use crate::driver::{Change, Command, Look};
use crate::front::Front;

type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

pub(super) async fn show(State(front): State<Arc<Front>>) -> Answer<Tagged<RuleSet>> {
    let stored = front.read(sublet_store::Reader::rule_set).await?;
    let stored = stored.ok_or_else(|| ApiError::new(Code::ServerFault, "no rules hold yet"))?;
    let by = pool::user_name(&front, stored.by).await?;
    Ok((
        [(ETAG, tag(stored.version))],
        Json(convert::rule_set(&stored, &by)),
    ))
}

pub(super) async fn history(
    State(front): State<Arc<Front>>,
    Query(query): Query<sublet_api::AuditQuery>,
) -> Answer<Json<Page<RuleSet>>> {
    let limit = validate::page_limit(query.limit)?;
    let page = StorePage {
        before: query.cursor.as_deref().map(validate::cursor).transpose()?,
        limit,
    };
    let sets = front
        .read(move |reader| {
            let rows = reader.rule_sets(page)?;
            let sets = rows.iter().map(|row| reader.rule_set_of(row.version));
            sets.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut items = Vec::new();
    for set in sets.into_iter().flatten() {
        let by = pool::user_name(&front, set.by).await?;
        items.push(convert::rule_set(&set, &by));
    }
    let next_cursor = validate::next_cursor(limit, &items, |set| set.version);
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn plan(
    State(front): State<Arc<Front>>,
    extract::Json {
        value: ApplyRules { document },
        ..
    }: extract::Json<ApplyRules>,
) -> Answer<Json<Plan>> {
    let rules = parse(&front, document).await?;
    let (plan, before) = {
        let rules = rules.clone();
        front
            .driver
            .look(move |state| rehearse(&state, &rules))
            .await??
    };
    told(&front, plan, before, rules).await.map(Json)
}

pub(super) async fn apply(
    State(front): State<Arc<Front>>,
    headers: HeaderMap,
    extract::Json {
        value: ApplyRules { document },
        ..
    }: extract::Json<ApplyRules>,
) -> Answer<Tagged<Applied>> {
    let made_for = version(&headers)?;
    let rules = parse(&front, document).await?;
    let change = change(&front, rules, made_for, "rules.apply", "rules".to_owned());
    let applied = have_it_hold(&front, change).await?;
    Ok(([(ETAG, tag(applied.version))], Json(applied)))
}

/// Has other rules hold, and tells what that did.
pub(super) async fn have_it_hold(front: &Arc<Front>, change: Change) -> Answer<Applied> {
    let (rules, before) = (change.rules.clone(), rules_in_force(front).await?);
    let nodes = node_changes(front, &rules).await?;
    let applied = front
        .driver
        .ask(|answer| Command::Apply(Box::new(change), answer))
        .await??;
    let names = front
        .driver
        .look(|state| state.ground.names().clone())
        .await?;
    let plan = told_of(front, applied.plan, before, rules, nodes, &names).await?;
    Ok(Applied {
        version: applied.version,
        plan,
    })
}

pub(super) fn change(
    front: &Front,
    rules: Rules,
    made_for: u64,
    action: &'static str,
    object: String,
) -> Change {
    Change {
        rules,
        made_for,
        who: front.who(),
        action,
        object,
    }
}

/// The rules that hold now.
pub(super) async fn rules_in_force(front: &Arc<Front>) -> Answer<Rules> {
    Ok(front
        .driver
        .look(|state| state.ground.rules.clone())
        .await?)
}

/// Reads a document, off the threads that answer: to compare its rules with each other may take a second.
async fn parse(front: &Arc<Front>, document: String) -> Answer<Rules> {
    let parsed = front.on_disk(move |_| Ok(Rules::parse(&document))).await?;
    Ok(parsed?)
}

/// What a document would do if it held from now on, and the rules that it would replace.
fn rehearse(
    state: &Look<'_>,
    rules: &Rules,
) -> Result<(Outlook, Rules), crate::config::RulesError> {
    let mut ground = state.ground.clone();
    let carved = rules.carve(ground.offered)?;
    let after: Vec<String> = carved.iter().map(|node| node.name.clone()).collect();
    let mut next = rules.clone();
    next.set.version = ground.version() + 1;
    let adoption = ground.adopt(next, carved);
    let plan = state.scheduler.rehearse(state.now, adoption.events);
    let outlook = Outlook {
        plan,
        nodes: changes(state, after),
        names: ground.names().clone(),
    };
    Ok((outlook, state.ground.rules.clone()))
}

/// What would become of nodes.
struct Outlook {
    plan: sublet_scheduler::Plan,
    nodes: Changes,
    /// The names of nodes, new ones included.
    names: NodeNames,
}

type NodeNames = BTreeMap<NodeId, String>;

fn changes(state: &Look<'_>, after: Vec<String>) -> Changes {
    let pool = state.scheduler.pool();
    let before: Vec<String> = pool.nodes.into_iter().map(|node| node.name).collect();
    Changes {
        added: convert::names_beyond(after.iter(), before.iter()),
        changed: Vec::new(),
        removed: convert::names_beyond(before.iter(), after.iter()),
    }
}

async fn node_changes(front: &Arc<Front>, rules: &Rules) -> Answer<Changes> {
    let rules = rules.clone();
    let found = front.driver.look(move |state| {
        let carved = rules.carve(state.ground.offered)?;
        let after = carved.into_iter().map(|node| node.name).collect();
        Ok::<_, crate::config::RulesError>(changes(&state, after))
    });
    Ok(found.await??)
}

async fn told(front: &Arc<Front>, outlook: Outlook, before: Rules, after: Rules) -> Answer<Plan> {
    let Outlook { plan, nodes, names } = outlook;
    told_of(front, plan, before, after, nodes, &names).await
}

async fn told_of(
    front: &Arc<Front>,
    plan: sublet_scheduler::Plan,
    before: Rules,
    after: Rules,
    nodes: Changes,
    known: &NodeNames,
) -> Answer<Plan> {
    let change = front
        .on_disk(move |_| Ok(RulesChange::between(&before, &after, nodes)))
        .await?;
    let node_of = |id| known.get(&id).cloned().unwrap_or_default();
    let homeless = plan.homeless.clone();
    let names = front
        .driver
        .look(move |state| {
            let named = homeless.iter().filter_map(|&id| {
                let job = state.jobs.get(id)?;
                Some((id, job.definition.public_id.clone()))
            });
            named.collect::<BTreeMap<_, _>>()
        })
        .await?;
    let job_of = |id| names.get(&id).cloned().unwrap_or_default();
    Ok(convert::plan(&plan, &change, node_of, job_of))
}

/// The version that the caller saw.
fn version(headers: &HeaderMap) -> Answer<u64> {
    let Some(said) = headers.get(IF_MATCH) else {
        return Err(ApiError::new(
            Code::VersionMissing,
            "the request does not say which version of the rules it was made for",
        )
        .with_help("read /v1/rules and send its ETag as If-Match; `sublet apply` does both"));
    };
    let text = said.to_str().unwrap_or_default();
    text.trim_matches('"').parse().map_err(|_| {
        ApiError::new(
            Code::RequestMalformed,
            "If-Match is not a version of the rules: it looks like \"3\"",
        )
    })
}

fn tag(version: u64) -> String {
    format!("\"{version}\"")
}
