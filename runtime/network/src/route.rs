//! The one decision: where something goes that an instance sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::outside::Target;
use crate::policy::Egress;
use crate::synthetic::SYNTHETIC;
use crate::{Addresses, Denial, DenialReason, Plan, Refusal};

/// Where it goes. Another host of the pool will be one more answer here, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To this instance itself.
    Local,
    /// To another nic of this network in this process.
    Virtual,
    /// Out of this process: to a sibling of the same user, or to the world.
    Outside(Target),
    /// Nowhere.
    Deny(Denial),
}

/// What the decision rests on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The addresses of who sends.
    pub(crate) own: Addresses,
    /// The addresses of the network.
    pub(crate) plan: Plan,
    /// Whether somebody in this process has the address.
    pub(crate) attached: bool,
    /// The name that the address stands for, if it does.
    pub(crate) name: Option<&'a str>,
    /// What may be dialled beyond the network.
    pub(crate) egress: &'a Egress,
}

/// Decides for one destination, in whatever spelling. The rules are the same for streams and datagrams.
///
/// The network is asked before the rules: where its addresses overlap with somebody else's, they mean the network.
pub(crate) fn route(view: &View<'_>, to: SocketAddr) -> Route {
    let to = destination(to);
    let ip = to.ip();
    let deny = |reason| {
        Route::Deny(Denial {
            target: to.to_string(),
            reason,
        })
    };
    if ip.is_loopback() || view.own.contains(ip) {
        Route::Local
    } else if is_for_many(ip) || view.plan.is_broadcast(ip) {
        deny(DenialReason::NotSupported)
    } else if view.plan.contains(ip) {
        if view.attached {
            Route::Virtual
        } else {
            Route::Outside(Target::Address(to))
        }
    } else if SYNTHETIC.contains(ip) {
        view.name.map_or_else(
            || deny(DenialReason::Protected),
            |name| route_name(view.egress, name, to.port()),
        )
    } else {
        match view.egress.decide_address(to) {
            Ok(()) => Route::Outside(Target::Address(to)),
            Err(denial) => Route::Deny(denial),
        }
    }
}

/// Decides for a name of the world.
pub(crate) fn route_name(egress: &Egress, name: &str, port: u16) -> Route {
    match egress.decide_name(name, port) {
        Ok(()) => Route::Outside(Target::Name {
            name: name.to_owned(),
            port,
        }),
        Err(denial) => Route::Deny(denial),
    }
}

/// The canonical destination: mapped IPv4 is IPv4, no scope, and "any address" is this instance.
pub(crate) fn destination(to: SocketAddr) -> SocketAddr {
    let ip = match to.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, to.port())
}

/// Whether an address means more than one receiver.
pub(crate) fn is_for_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == Ipv4Addr::BROADCAST
}

/// The address that the other side sees, for a socket that may be bound to one.
pub(crate) fn source(
    own: Addresses,
    route: &Route,
    bound: IpAddr,
    to: SocketAddr,
) -> Result<IpAddr, Refusal> {
    let local = *route == Route::Local;
    if !bound.is_unspecified() {
        // Nobody beyond this instance could answer its loopback address.
        let answerable = local || !bound.is_loopback();
        return answerable.then_some(bound).ok_or(Refusal::Unreachable);
    }
    Ok(match to {
        SocketAddr::V4(to) if local && to.ip().is_loopback() => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(to) if local && to.ip().is_loopback() => Ipv6Addr::LOCALHOST.into(),
        SocketAddr::V4(_) => own.v4.into(),
        SocketAddr::V6(_) => own.v6.into(),
    })
}

/// Whether a socket can send there at all, before any rule is asked.
pub(crate) fn check_destination(bound: SocketAddr, to: SocketAddr) -> Result<(), Refusal> {
    let mapped = to.ip().to_canonical() != to.ip();
    if to.port() == 0 || mapped || bound.is_ipv4() != to.is_ipv4() {
        return Err(Refusal::InvalidArgument);
    }
    Ok(())
}
