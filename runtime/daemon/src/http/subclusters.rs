//! Sub-clusters one by one: how they stand, pausing them, and taking them out of the rules.

use axum::Json;
use sublet_api::{Code, DeleteQuery, Page, PauseSubcluster, Subcluster};

use super::answer::Done;
use super::caller::Caller;
use super::extract::{self, Path, Query};
use super::problem::{Answer, ApiError};
use super::{pool, rules, validate};
use crate::driver::{Command, Wish};

pub(super) async fn list(caller: Caller) -> Answer<Json<Page<Subcluster>>> {
    let items = pool::read(&caller).await?.subclusters;
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

pub(super) async fn show(caller: Caller, Path(name): Path<String>) -> Answer<Json<Subcluster>> {
    find(&caller, &name).await.map(Json)
}

pub(super) async fn pause(
    caller: Caller,
    Path(subcluster): Path<String>,
    extract::Json {
        value: PauseSubcluster { reason },
        ..
    }: extract::Json<PauseSubcluster>,
) -> Answer<Json<Subcluster>> {
    validate::reason(&reason)?;
    let name = find(&caller, &subcluster).await?.name;
    wish(&caller, Wish::Pause { subcluster, reason }).await?;
    find(&caller, &name).await.map(Json)
}

pub(super) async fn resume(
    caller: Caller,
    Path(subcluster): Path<String>,
) -> Answer<Json<Subcluster>> {
    let name = find(&caller, &subcluster).await?.name;
    wish(&caller, Wish::Unpause { subcluster }).await?;
    find(&caller, &name).await.map(Json)
}

/// Takes a sub-cluster out of the rules. One with work on it goes only where that may end first.
pub(super) async fn delete(
    caller: Caller,
    Path(name): Path<String>,
    Query(DeleteQuery { drain }): Query<DeleteQuery>,
) -> Answer<Done> {
    let found = find(&caller, &name).await?;
    if found.running > 0 && !drain {
        return Err(ApiError::new(
            Code::SubclusterBusy,
            format!("{} attempts run in sub-cluster {name}", found.running),
        )
        .with_help("say --drain to let them end first"));
    }
    let in_force = rules::rules_in_force(&caller).await?;
    let without = in_force.without(&name)?;
    let made_for = in_force.set.version;
    let change = rules::change(&caller, without, made_for, "subclusters.delete", name);
    rules::have_it_hold(&caller, change).await?;
    Ok(Done)
}

pub(super) async fn wish(caller: &Caller, wish: Wish) -> Answer<()> {
    let who = caller.who();
    caller
        .driver
        .ask(|answer| Command::Wish { wish, who, answer })
        .await??;
    Ok(())
}

async fn find(caller: &Caller, name: &str) -> Answer<Subcluster> {
    let all = pool::read(caller).await?.subclusters;
    let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let found = all.into_iter().find(|one| one.name == name);
    found.ok_or_else(|| no_such(Code::SubclusterNotFound, "sub-cluster", name, &names))
}

/// There is nothing of that name; the nearest is offered.
pub(super) fn no_such(code: Code, kind: &str, name: &str, names: &[String]) -> ApiError {
    let shown = name.escape_debug();
    let error = ApiError::new(code, format!("there is no {kind} `{shown}`"));
    let known = names.iter().map(String::as_str).collect();
    match crate::nearest::nearest(name, known) {
        Some(nearest) => error.with_help(format!("did you mean `{nearest}`?")),
        None => error,
    }
}
