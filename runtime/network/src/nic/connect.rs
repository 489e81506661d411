//! Dialling.
//!
//! ```text
//!  wait for the rate ─► route ─┬─ here: knock at the listener, wait for a place in its backlog
//!                              └─ outside: dial, then splice
//! ```
//!
//! While it waits it holds nobody's nic, so that neither end is kept alive by a dialler.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::lookup;
use super::state::NicState;
use crate::connection::{self, Connection, Party, Side};
use crate::listener::{Backlog, NoRoom, Reserved, Waiting};
use crate::meter::count;
use crate::names::{self, Name};
use crate::outside::{Pending, Target};
use crate::ports::{Port, Purpose};
use crate::route::{self, Route};
use crate::{Protocol, Refusal, splice};

/// How long a connection waits for a place in a backlog, its turn in the rate included.
const CONNECT_WAIT: Duration = Duration::from_secs(20);

/// How long a dial to the outside may take. Who dials has shorter bounds; this one is for when it does not answer.
const DIAL_WAIT: Duration = Duration::from_secs(60);

/// Addresses of a name that are tried: a name that thousands carry must not make one connection wait for all of them.
const TRIES_MAX: usize = 16;

/// Dials an address.
pub(super) async fn to_address(
    nic: Weak<NicState>,
    from: Option<Port>,
    to: SocketAddr,
) -> Result<Connection, Refusal> {
    let deadline = Instant::now() + CONNECT_WAIT;
    let (bound, way) = {
        let nic = living(&nic)?;
        let bound = from.as_ref().map_or_else(|| any(to), Port::local);
        route::check_destination(bound, to)?;
        if from
            .as_ref()
            .is_some_and(|port| !port.serves(&nic, Protocol::Tcp))
        {
            return Err(Refusal::InvalidArgument);
        }
        (bound, nic.route(to)?)
    };
    wait_turn(&nic, deadline).await?;
    let caller = {
        let nic = living(&nic)?;
        let ip = route::source(nic.addresses(), &way, bound.ip(), route::destination(to))?;
        Caller::new(&nic, from, ip)?
    };
    match way {
        Route::Outside(target) => {
            let (connection, _peer) = dial(&nic, caller, target, Some(to)).await?;
            Ok(connection)
        }
        // Denials were answered above.
        Route::Local | Route::Virtual | Route::Deny(_) => {
            knock(&nic, caller, route::destination(to), deadline).await
        }
    }
}

/// Dials whatever a name means.
pub(super) fn to_name(
    nic: &Arc<NicState>,
    name: &str,
    port: u16,
) -> Pending<Result<Connection, Refusal>> {
    let weak = Arc::downgrade(nic);
    match names::parse(name) {
        Err(_) => Box::pin(std::future::ready(Err(Refusal::NameNotFound))),
        Ok(Name::Literal(ip)) => Box::pin(to_address(weak, None, SocketAddr::new(ip, port))),
        Ok(Name::Localhost) => Box::pin(to_any(
            weak,
            vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
            port,
        )),
        Ok(Name::Internal(name)) => {
            let answers = lookup::internal(nic, &name);
            Box::pin(async move {
                let answers = answers.await.map_err(|_nobody| Refusal::NameNotFound)?;
                to_any(weak, answers, port).await
            })
        }
        Ok(Name::External(name)) => Box::pin(to_world(weak, name, port)),
    }
}

/// Dials one address after the other until one answers.
async fn to_any(nic: Weak<NicState>, ips: Vec<IpAddr>, port: u16) -> Result<Connection, Refusal> {
    let mut refusal = Refusal::NameNotFound;
    for ip in ips.into_iter().take(TRIES_MAX) {
        match to_address(Weak::clone(&nic), None, SocketAddr::new(ip, port)).await {
            Ok(connection) => return Ok(connection),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

async fn to_world(nic: Weak<NicState>, name: String, port: u16) -> Result<Connection, Refusal> {
    let deadline = Instant::now() + CONNECT_WAIT;
    {
        let nic = living(&nic)?;
        nic.counted(route::route_name(&nic.egress, &name, port))?;
    }
    wait_turn(&nic, deadline).await?;
    let caller = {
        let nic = living(&nic)?;
        Caller::new(&nic, None, nic.addresses().v4.into())?
    };
    let (connection, _peer) = dial(&nic, caller, Target::Name { name, port }, None).await?;
    Ok(connection)
}

/// Who dials: the port that it holds, and the address that the other side sees.
struct Caller {
    port: Port,
    address: SocketAddr,
}

impl Caller {
    fn new(nic: &Arc<NicState>, from: Option<Port>, ip: IpAddr) -> Result<Self, Refusal> {
        let port = match from {
            Some(port) => port,
            None => nic.bind(Protocol::Tcp, SocketAddr::new(ip, 0))?,
        };
        let address = SocketAddr::new(ip, port.local().port());
        Ok(Self { port, address })
    }
}

/// Waits for the rate of connections. Whoever would wait too long waits that long and is refused, so that trying again
/// at once gains nothing.
async fn wait_turn(nic: &Weak<NicState>, deadline: Instant) -> Result<(), Refusal> {
    match living(nic)?.rates.connects.reserve(CONNECT_WAIT) {
        Some(Duration::ZERO) => Ok(()),
        Some(wait) => {
            sleep(wait).await;
            Ok(())
        }
        None => {
            tokio::time::sleep_until(deadline).await;
            Err(Refusal::ConnectionRefused)
        }
    }
}

/// Knocks at a listener of this process until there is a place in its backlog.
async fn knock(
    nic: &Weak<NicState>,
    caller: Caller,
    to: SocketAddr,
    deadline: Instant,
) -> Result<Connection, Refusal> {
    loop {
        let backlog = listener_at(&living(nic)?, to)?;
        // Made before looking, it counts from now on: a place that is given back in between is not missed.
        let changed = backlog.changed().notified();
        match backlog.reserve() {
            Ok(place) => return enter(&living(nic)?, caller, to, place),
            Err(NoRoom::Closed) => return Err(Refusal::ConnectionRefused),
            Err(NoRoom::Full) => {}
        }
        timeout_at(deadline, changed)
            .await
            .map_err(|_elapsed| Refusal::TimedOut)?;
    }
}

fn listener_at(nic: &Arc<NicState>, to: SocketAddr) -> Result<Arc<Backlog>, Refusal> {
    let target = target_of(nic, to)?;
    match target.find_port(Protocol::Tcp, to) {
        Some(Purpose::Listening(backlog)) => Ok(backlog),
        Some(Purpose::Held | Purpose::Mail(_)) | None => Err(Refusal::ConnectionRefused),
    }
}

/// Whose address it is, in this process.
pub(crate) fn target_of(nic: &Arc<NicState>, to: SocketAddr) -> Result<Arc<NicState>, Refusal> {
    if to.ip().is_loopback() {
        return Ok(Arc::clone(nic));
    }
    nic.network.find(to.ip()).ok_or(Refusal::Unreachable)
}

/// Connects the two and queues one end for the listener.
fn enter(
    nic: &Arc<NicState>,
    caller: Caller,
    to: SocketAddr,
    place: Reserved,
) -> Result<Connection, Refusal> {
    let target = target_of(nic, to)?;
    let (connection, accepted) = connection::connect(
        Party {
            side: Side::Instance(nic),
            address: caller.address,
            port: Some(caller.port),
        },
        Party {
            side: Side::Instance(&target),
            address: to,
            port: None,
        },
        &nic.network.pipes,
    )?;
    place.fill(Waiting::Connection(accepted));
    count(&nic.meter().connections_out, 1);
    Ok(connection)
}

/// Dials out of this process. The guest sees the peer that it dialled, or the one that a name turned out to be.
async fn dial(
    nic: &Weak<NicState>,
    caller: Caller,
    target: Target,
    dialled: Option<SocketAddr>,
) -> Result<(Connection, SocketAddr), Refusal> {
    let (dialling, place) = {
        let nic = living(nic)?;
        let place = nic.beyond()?;
        (nic.network.outside.dial(nic.id(), target), place)
    };
    let answer = timeout(DIAL_WAIT, dialling).await;
    let nic = living(nic)?;
    let outside = answer
        .unwrap_or(Err(Refusal::TimedOut))
        .inspect_err(|refusal| nic.meter().note(refusal))?;
    let peer = dialled.unwrap_or(outside.peer);
    let ends = (caller.address, peer);
    let connection = splice::carry(&nic, Some(caller.port), ends, (outside.carrier, place))?;
    count(&nic.meter().connections_out, 1);
    Ok((connection, peer))
}

fn living(nic: &Weak<NicState>) -> Result<Arc<NicState>, Refusal> {
    nic.upgrade().ok_or(Refusal::ConnectionReset)
}

/// Any address and port of the family that is dialled.
fn any(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}
