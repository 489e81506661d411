//! The rules as one versioned document: what holds, what another document would do, and having it hold.

use std::collections::BTreeMap;

use axum::Json;
use sublet_api::{Applied, ApplyRules, Changes, Code, Page, Plan, RuleSet};
use sublet_scheduler::{JobId, NodeId};
use sublet_store::Page as StorePage;

use super::answer::Tagged;
use super::caller::Caller;
use super::extract::{self, Query};
use super::headers::IfMatch;
use super::problem::{Answer, ApiError};
use super::{pool, validate};
use crate::config::{CarvedNode, Rules, RulesError};
use crate::convert::{self, RulesChange};
use crate::driver::{Change, Command, Look};

pub(super) async fn show(caller: Caller) -> Answer<Tagged<RuleSet>> {
    let stored = caller.read(sublet_store::Reader::rule_set).await?;
    let stored = stored.ok_or_else(|| ApiError::new(Code::ServerFault, "no rules hold yet"))?;
    let by = pool::user_name(&caller, stored.by).await?;
    Ok(Tagged {
        tag: tag(stored.version),
        item: convert::rule_set(&stored, &by),
    })
}

pub(super) async fn history(
    caller: Caller,
    Query(query): Query<sublet_api::AuditQuery>,
) -> Answer<Json<Page<RuleSet>>> {
    let limit = validate::page_limit(query.limit)?;
    let page = StorePage {
        before: query.cursor.as_deref().map(validate::cursor).transpose()?,
        limit,
    };
    let sets = caller
        .read(move |reader| {
            let rows = reader.rule_sets(page)?;
            let sets = rows.iter().map(|row| reader.rule_set_of(row.version));
            sets.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut items = Vec::new();
    for set in sets.into_iter().flatten() {
        let by = pool::user_name(&caller, set.by).await?;
        items.push(convert::rule_set(&set, &by));
    }
    let next_cursor = validate::next_cursor(limit, &items, |set| set.version);
    Ok(Json(Page { items, next_cursor }))
}

pub(super) async fn plan(
    caller: Caller,
    extract::Json {
        value: ApplyRules { document },
        ..
    }: extract::Json<ApplyRules>,
) -> Answer<Json<Plan>> {
    let rules = parse(&caller, document).await?;
    let outlook = foresee(&caller, &rules).await?;
    told(&caller, outlook, rules).await.map(Json)
}

pub(super) async fn apply(
    caller: Caller,
    IfMatch(made_for): IfMatch,
    extract::Json {
        value: ApplyRules { document },
        ..
    }: extract::Json<ApplyRules>,
) -> Answer<Tagged<Applied>> {
    let rules = parse(&caller, document).await?;
    let change = change(&caller, rules, made_for, "rules.apply", "rules".to_owned());
    let applied = have_it_hold(&caller, change).await?;
    Ok(Tagged {
        tag: tag(applied.version),
        item: applied,
    })
}

/// Has other rules hold, and tells what that does: as it was foreseen a moment before.
pub(super) async fn have_it_hold(caller: &Caller, change: Change) -> Answer<Applied> {
    let rules = change.rules.clone();
    let outlook = foresee(caller, &rules).await?;
    let version = caller
        .driver
        .ask(|answer| Command::Apply(Box::new(change), answer))
        .await??;
    let plan = told(caller, outlook, rules).await?;
    Ok(Applied { version, plan })
}

pub(super) fn change(
    caller: &Caller,
    rules: Rules,
    made_for: u64,
    action: &'static str,
    object: String,
) -> Change {
    Change {
        rules,
        made_for,
        who: caller.who(),
        action,
        object,
    }
}

/// The rules that hold now.
pub(super) async fn rules_in_force(caller: &Caller) -> Answer<Rules> {
    Ok(caller
        .driver
        .look(|state| state.ground.rules.clone())
        .await?)
}

/// Reads a document, off the threads that answer: to compare its rules with each other may take a second.
async fn parse(caller: &Caller, document: String) -> Answer<Rules> {
    let parsed = caller.on_disk(move |_| Ok(Rules::parse(&document))).await?;
    Ok(parsed?)
}

/// What rules would do if they held from now on.
struct Outlook {
    /// The rules that they would replace.
    before: Rules,
    plan: sublet_scheduler::Plan,
    /// Nodes that would come and go.
    nodes: Changes,
    /// The names of nodes, new ones included.
    names: BTreeMap<NodeId, String>,
    /// The names of the jobs that nobody would take any more.
    homeless: BTreeMap<JobId, String>,
}

async fn foresee(caller: &Caller, rules: &Rules) -> Answer<Outlook> {
    let rules = rules.clone();
    Ok(caller
        .driver
        .look(move |state| rehearse(&state, rules))
        .await??)
}

fn rehearse(state: &Look<'_>, mut rules: Rules) -> Result<Outlook, RulesError> {
    let mut ground = state.ground.clone();
    let carved = rules.carve(ground.offered)?;
    let nodes = changes(state, &carved);
    rules.set.version = ground.version() + 1;
    let adoption = ground.adopt(rules, carved);
    let plan = state.scheduler.rehearse(state.now, adoption.events);
    let homeless = plan.homeless.iter().filter_map(|&id| {
        let job = state.jobs.get(id)?;
        Some((id, job.definition.public_id.clone()))
    });
    Ok(Outlook {
        before: state.ground.rules.clone(),
        homeless: homeless.collect(),
        plan,
        nodes,
        names: ground.names().clone(),
    })
}

fn changes(state: &Look<'_>, carved: &[CarvedNode]) -> Changes {
    let pool = state.scheduler.pool();
    let before: Vec<String> = pool.nodes.into_iter().map(|node| node.name).collect();
    let after = || carved.iter().map(|node| &node.name);
    Changes {
        added: convert::names_beyond(after(), before.iter()),
        changed: Vec::new(),
        removed: convert::names_beyond(before.iter(), after()),
    }
}

async fn told(caller: &Caller, outlook: Outlook, after: Rules) -> Answer<Plan> {
    let Outlook {
        before,
        plan,
        nodes,
        names,
        homeless,
    } = outlook;
    let change = caller
        .on_disk(move |_| Ok(RulesChange::between(&before, &after, nodes)))
        .await?;
    let node_of = |id| names.get(&id).cloned().unwrap_or_default();
    let job_of = |id| homeless.get(&id).cloned().unwrap_or_default();
    Ok(convert::plan(&plan, &change, node_of, job_of))
}

fn tag(version: u64) -> String {
    format!("\"{version}\"")
}
