//! Networks, who is on them, and what their users may reach beyond. A user sees their own; somebody else's looks exactly like
//! one that is not there.

use std::net::IpAddr;

use axum::Json;
use sublet_api::{Code, EgressPolicy, Flow, Network, NetworkList, Page, Peer};
use sublet_network::Denial;
use sublet_network::policy::{Egress, JobRules, OperatorRules};
use sublet_scheduler::UserId;
use sublet_store::StoredNetwork;

use super::caller::Caller;
use super::extract::{self, Path};
use super::problem::{Answer, ApiError};
use super::subclusters::no_such;
use super::users;
use crate::broker::Seen;
use crate::convert;
use crate::driver::Command;

pub(super) async fn list(caller: Caller) -> Answer<Json<NetworkList>> {
    let stored = caller.read(sublet_store::Reader::networks).await?;
    let free = stored
        .iter()
        .filter(|network| network.user.is_none())
        .count();
    let mut items = Vec::new();
    for network in &stored {
        if let Some(user) = network.user.filter(|user| caller.reaches(*user)) {
            items.push(view(&caller, user, network).await?);
        }
    }
    Ok(Json(NetworkList {
        items,
        prepared: u64::try_from(free).unwrap_or(u64::MAX),
        low: caller.now().config.service.networks.low.into(),
    }))
}

pub(super) async fn show(caller: Caller, Path(name): Path<String>) -> Answer<Json<Network>> {
    let (user, network) = find(&caller, &name).await?;
    view(&caller, user, &network).await.map(Json)
}

/// Who is on it now, and what went over their nics so far.
pub(super) async fn flows(caller: Caller, Path(name): Path<String>) -> Answer<Json<Page<Flow>>> {
    let (user, _) = find(&caller, &name).await?;
    let (seen, traffic) = (caller.broker.seen(user), caller.broker.traffic(user).await);
    let jobs = caller
        .driver
        .look(move |state| {
            let named = |one: &Seen| {
                let job = state.jobs.get(one.attempt.job)?;
                Some(job.definition.public_id.clone())
            };
            seen.into_iter()
                .map(|one| (named(&one).unwrap_or_default(), one))
                .collect::<Vec<_>>()
        })
        .await?;
    let flow = |(job, one): (String, Seen)| Flow {
        job,
        task: one.attempt.task,
        attempt: one.attempt.number,
        v4: one.addresses.v4,
        v6: one.addresses.v6,
        names: one.names,
        usage: traffic
            .get(&one.addresses.v4)
            .map(convert::network_usage)
            .unwrap_or_default(),
    };
    let mut items: Vec<Flow> = jobs.into_iter().map(flow).collect();
    items.sort_by_key(|flow| flow.v4);
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Its names, and who carries them.
pub(super) async fn peers(caller: Caller, Path(name): Path<String>) -> Answer<Json<Page<Peer>>> {
    let (user, _) = find(&caller, &name).await?;
    Ok(Json(Page {
        items: convert::peers(&caller.broker.seen(user)),
        next_cursor: None,
    }))
}

pub(super) async fn policy(caller: Caller, Path(user): Path<String>) -> Answer<Json<EgressPolicy>> {
    let user = users::id_of(&caller, &user)?;
    let allow = allowed(&caller, user).await?;
    Ok(Json(EgressPolicy { allow }))
}

pub(super) async fn set_policy(
    caller: Caller,
    Path(user): Path<String>,
    extract::Json {
        value: EgressPolicy { allow },
        ..
    }: extract::Json<EgressPolicy>,
) -> Answer<Json<EgressPolicy>> {
    let id = users::id_of(&caller, &user)?;
    OperatorRules::parse(&allow).map_err(|error| {
        ApiError::new(Code::PatternInvalid, error.to_string()).at("/allow", None, None)
    })?;
    let (who, wanted) = (caller.who(), allow.clone());
    caller
        .driver
        .ask(|answer| Command::SetPolicy {
            user: id,
            name: user,
            allow: wanted,
            who,
            answer,
        })
        .await??;
    Ok(Json(EgressPolicy { allow }))
}

/// Refuses what the operator's rules can never let through, before it fails at its first connection. A pattern that stands
/// for many destinations may be let through in part: that is decided on what is dialled.
pub(super) async fn may_reach(caller: &Caller, asked: &[String]) -> Answer<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let allow = allowed(caller, caller.user()).await?;
    for pattern in asked {
        if let Err(denial) = decided(&allow, pattern) {
            return Err(ApiError::new(
                Code::EgressDenied,
                format!("the job asks for `{pattern}`, but {denial}"),
            )
            .at("/network/allow", None, None)
            .with_help(
                "ask for less, or ask an operator: `sublet users policy NAME --allow-net PATTERN`",
            ));
        }
    }
    Ok(())
}

/// What the operator's rules say to a pattern that means one destination.
fn decided(allow: &[String], pattern: &str) -> Result<(), Denial> {
    let rules = (OperatorRules::parse(allow), JobRules::parse([pattern]));
    let (Ok(operator), Ok(job)) = rules else {
        return Ok(());
    };
    let egress = Egress::new(operator, job);
    let Some((host, port)) = pattern.rsplit_once(':') else {
        return Ok(());
    };
    let Ok(port) = port.parse() else {
        return Ok(());
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => egress.decide_address((ip, port).into()),
        Err(_) if host.contains(['*', '/']) => Ok(()),
        Err(_) => egress.decide_name(host, port),
    }
}

/// A network by its name, with whose it is. One that the caller does not reach looks like none.
async fn find(caller: &Caller, name: &str) -> Answer<(UserId, StoredNetwork)> {
    let stored = caller.read(sublet_store::Reader::networks).await?;
    let reached = stored.into_iter().filter_map(|network| {
        let user = network.user.filter(|user| caller.reaches(*user))?;
        Some((user, network))
    });
    let mut known = Vec::new();
    for (user, network) in reached {
        let its_name = convert::network_name(network.id);
        if its_name == name {
            return Ok((user, network));
        }
        known.push(its_name);
    }
    Err(no_such(Code::NetworkNotFound, "network", name, &known))
}

async fn view(caller: &Caller, user: UserId, network: &StoredNetwork) -> Answer<Network> {
    let (nics, allow) = (caller.broker.seen(user).len(), allowed(caller, user).await?);
    let owner = Some(caller.people.name_of(user));
    let limits = caller.now().config.defaults.network.into();
    Ok(convert::network(network, owner, nics, (allow, limits)))
}

/// What the operator allows a user: what was decided on them, or what holds for everybody.
async fn allowed(caller: &Caller, user: UserId) -> Answer<Vec<String>> {
    let decided = caller
        .read(move |reader| reader.egress_policy(user))
        .await?;
    Ok(decided.unwrap_or_else(|| caller.now().config.defaults.egress.clone()))
}
