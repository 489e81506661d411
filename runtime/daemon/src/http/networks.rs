//! Networks, who is on them, and what their users may reach beyond. A user sees their own; somebody else's looks exactly like
//! one that is not there.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sublet_api::{Code, EgressPolicy, Flow, Network, NetworkList, Page, Peer};
use sublet_network::Denial;
use sublet_network::policy::{Egress, JobRules, OperatorRules};
use sublet_scheduler::UserId;
use sublet_store::StoredNetwork;

use super::extract::{self, Path};
use super::problem::{Answer, ApiError};
use super::subclusters::no_such;
use crate::broker::Seen;
use crate::convert;
use crate::driver::Command;
use crate::front::Front;

pub(super) async fn list(State(front): State<Arc<Front>>) -> Answer<Json<NetworkList>> {
    let stored = front.read(sublet_store::Reader::networks).await?;
    let free = stored
        .iter()
        .filter(|network| network.user.is_none())
        .count();
    let mut items = Vec::new();
    for network in &stored {
        if network.user == Some(front.owner.id) {
            items.push(view(&front, network).await?);
        }
    }
    Ok(Json(NetworkList {
        items,
        prepared: u64::try_from(free).unwrap_or(u64::MAX),
        low: front.config.service.networks.low.into(),
    }))
}

pub(super) async fn show(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
) -> Answer<Json<Network>> {
    let network = find(&front, &name).await?;
    view(&front, &network).await.map(Json)
}

/// Who is on it now, and what went over their nics so far.
pub(super) async fn flows(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
) -> Answer<Json<Page<Flow>>> {
    find(&front, &name).await?;
    let user = front.owner.id;
    let (seen, traffic) = (front.broker.seen(user), front.broker.traffic(user).await);
    let jobs = front
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
pub(super) async fn peers(
    State(front): State<Arc<Front>>,
    Path(name): Path<String>,
) -> Answer<Json<Page<Peer>>> {
    find(&front, &name).await?;
    Ok(Json(Page {
        items: convert::peers(&front.broker.seen(front.owner.id)),
        next_cursor: None,
    }))
}

pub(super) async fn policy(
    State(front): State<Arc<Front>>,
    Path(user): Path<String>,
) -> Answer<Json<EgressPolicy>> {
    let user = user_of(&front, &user)?;
    let allow = allowed(&front, user).await?;
    Ok(Json(EgressPolicy { allow }))
}

pub(super) async fn set_policy(
    State(front): State<Arc<Front>>,
    Path(user): Path<String>,
    extract::Json {
        value: EgressPolicy { allow },
        ..
    }: extract::Json<EgressPolicy>,
) -> Answer<Json<EgressPolicy>> {
    let id = user_of(&front, &user)?;
    OperatorRules::parse(&allow).map_err(|error| {
        ApiError::new(Code::PatternInvalid, error.to_string()).at("/allow", None, None)
    })?;
    let (who, wanted) = (front.who(), allow.clone());
    front
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
pub(super) async fn may_reach(front: &Arc<Front>, asked: &[String]) -> Answer<()> {
    if asked.is_empty() {
        return Ok(());
    }
    let allow = allowed(front, front.owner.id).await?;
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

async fn find(front: &Arc<Front>, name: &str) -> Answer<StoredNetwork> {
    let user = front.owner.id;
    let stored = front.read(move |reader| reader.network_of(user)).await?;
    let own = stored
        .as_ref()
        .map(|network| convert::network_name(network.id));
    match stored {
        Some(network) if own.as_deref() == Some(name) => Ok(network),
        Some(_) | None => {
            let known: Vec<_> = own.into_iter().collect();
            Err(no_such(Code::NetworkNotFound, "network", name, &known))
        }
    }
}

async fn view(front: &Arc<Front>, network: &StoredNetwork) -> Answer<Network> {
    let user = front.owner.id;
    let (nics, allow) = (front.broker.seen(user).len(), allowed(front, user).await?);
    Ok(convert::network(
        network,
        Some(front.owner.name.clone()),
        nics,
        (allow, front.config.defaults.network.into()),
    ))
}

/// What the operator allows a user: what was decided on them, or what holds for everybody.
async fn allowed(front: &Arc<Front>, user: UserId) -> Answer<Vec<String>> {
    let decided = front.read(move |reader| reader.egress_policy(user)).await?;
    Ok(decided.unwrap_or_else(|| front.config.defaults.egress.clone()))
}

fn user_of(front: &Front, name: &str) -> Answer<UserId> {
    if name == front.owner.name {
        return Ok(front.owner.id);
    }
    let known = vec![front.owner.name.clone()];
    Err(no_such(Code::UserNotFound, "user", name, &known))
}
