//! Lookups. None of them asks a resolver: names of the network are decided here and with the user's other processes,
//! names of the world get an address that stands for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::state::NicState;
use crate::lock::lock;
use crate::names::{self, Name};
use crate::outside::Pending;
use crate::{Denial, DenialReason, LookupError};

/// How long the user's other processes may take to answer.
const NEIGHBOURS_WAIT: Duration = Duration::from_secs(5);

/// What a name means.
pub(super) fn resolve(
    nic: &Arc<NicState>,
    name: &str,
) -> Pending<Result<Vec<IpAddr>, LookupError>> {
    if !nic.rates.lookups.try_take() {
        return answer(Err(LookupError::Temporary));
    }
    match names::parse(name) {
        Err(_) => answer(Err(LookupError::Invalid)),
        Ok(Name::Literal(ip)) => answer(Ok(vec![ip])),
        Ok(Name::Localhost) => answer(Ok(vec![
            Ipv6Addr::LOCALHOST.into(),
            Ipv4Addr::LOCALHOST.into(),
        ])),
        Ok(Name::Internal(name)) => internal(nic, &name),
        Ok(Name::External(name)) => answer(external(nic, name)),
    }
}

/// Who carries a name in this process and in the user's others. The work holds no nic.
pub(super) fn internal(
    nic: &Arc<NicState>,
    name: &str,
) -> Pending<Result<Vec<IpAddr>, LookupError>> {
    let mut ips = Vec::new();
    for carrier in nic.network.carriers_of(name) {
        ips.extend(carrier.ips());
    }
    let plan = nic.network.plan;
    let neighbours = nic.network.outside.neighbours(name);
    Box::pin(async move {
        let asked = timeout(NEIGHBOURS_WAIT, neighbours).await;
        let silent = asked.is_err();
        // Whatever a name is said to mean, it means somebody of this network.
        for ip in asked.unwrap_or_default() {
            if plan.contains(ip) && !ips.contains(&ip) {
                ips.push(ip);
            }
        }
        // Stable: within a family the order stays shuffled.
        ips.sort_by_key(IpAddr::is_ipv4);
        match (ips.is_empty(), silent) {
            (false, _) => Ok(ips),
            (true, true) => Err(LookupError::Temporary),
            (true, false) => Err(LookupError::NotFound),
        }
    })
}

fn external(nic: &NicState, name: String) -> Result<Vec<IpAddr>, LookupError> {
    if !nic.egress.knows(&name) {
        // Counted like a connection: most programs look up first, and would never say what they wanted.
        nic.meter().deny(&Denial {
            target: name,
            reason: DenialReason::NotAllowed,
        });
        return Err(LookupError::NotFound);
    }
    let address = lock(&nic.synthetic).address_of(&name);
    address
        .map(|ip| vec![ip.into()])
        .ok_or(LookupError::Temporary)
}

fn answer(answer: Result<Vec<IpAddr>, LookupError>) -> Pending<Result<Vec<IpAddr>, LookupError>> {
    Box::pin(std::future::ready(answer))
}
