//! What a nic has. Everybody but the nic itself refers to it weakly, or for the length of one call.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Notify;

use crate::connection::{Account, End};
use crate::lock::lock;
use crate::meter::{Meter, count};
use crate::network::Shared;
use crate::places::{Place, Places};
use crate::policy::Egress;
use crate::ports::{Port, Ports, Purpose};
use crate::rate::Rate;
use crate::route::{self, Route, View};
use crate::synthetic::Synthetic;
use crate::{Addresses, Protocol, Refusal, Terms};

/// The smallest window: below it, one chunk would be most of it.
const WINDOW_BYTES_MIN: usize = 4 * 1024;

/// The burst of bytes, at least: a write of the largest size must fit.
const BYTES_BURST_MIN: u64 = 64 * 1024;

/// Peers outside with whom one nic exchanges datagrams at a time: each costs a descriptor and a buffer.
const FLOWS_MAX: u32 = 16;

/// One nic.
#[derive(Debug)]
pub(crate) struct NicState {
    id: u64,
    addresses: Addresses,
    names: Vec<String>,
    pub(super) egress: Egress,
    window_bytes: usize,
    pub(crate) network: Arc<Shared>,
    ports: Mutex<Ports>,
    ends: Mutex<Ends>,
    end_next: AtomicU64,
    /// No end is left.
    emptied: Arc<Notify>,
    pub(super) synthetic: Mutex<Synthetic>,
    sockets: Arc<Places>,
    flows: Arc<Places>,
    beyond: Arc<Places>,
    meter: Arc<Meter>,
    pub(crate) rates: Rates,
}

/// The rates of a nic.
#[derive(Debug)]
pub(crate) struct Rates {
    pub(crate) bytes: Arc<Rate>,
    pub(crate) datagrams: Arc<Rate>,
    pub(crate) connects: Rate,
    pub(crate) lookups: Rate,
}

/// The ends of living connections, to be cut when the nic goes.
#[derive(Debug)]
enum Ends {
    Open(HashMap<u64, Weak<End>>),
    /// The nic is going: nothing begins any more.
    Released,
}

impl NicState {
    /// A nic that is on no roll yet. Its names are canonical.
    pub(crate) fn new(terms: Terms, names: Vec<String>, network: Arc<Shared>) -> Arc<Self> {
        let limits = terms.limits;
        let window_bytes = usize::try_from(limits.window_bytes).unwrap_or(usize::MAX);
        Arc::new(Self {
            id: terms.id,
            addresses: terms.addresses,
            names,
            egress: terms.egress,
            window_bytes: window_bytes.max(WINDOW_BYTES_MIN),
            network,
            ports: Mutex::new(Ports::new(terms.addresses)),
            ends: Mutex::new(Ends::Open(HashMap::new())),
            end_next: AtomicU64::new(0),
            emptied: Arc::default(),
            synthetic: Mutex::default(),
            sockets: Places::new(limits.sockets),
            flows: Places::new(FLOWS_MAX),
            beyond: Places::new(limits.connections),
            meter: Arc::default(),
            rates: Rates {
                bytes: Arc::new(Rate::new(limits.bytes_per_s, BYTES_BURST_MIN)),
                datagrams: Arc::new(Rate::new(limits.datagrams_per_s, 1)),
                connects: Rate::new(limits.connects_per_s, 1),
                lookups: Rate::new(limits.lookups_per_s, 1),
            },
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    pub(crate) fn ips(&self) -> [IpAddr; 2] {
        [self.addresses.v4.into(), self.addresses.v6.into()]
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn window_bytes(&self) -> usize {
        self.window_bytes
    }

    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Whom the bytes of a new connection are charged to.
    pub(crate) fn account(&self) -> Account {
        Account {
            meter: Arc::clone(&self.meter),
            bytes: Arc::clone(&self.rates.bytes),
        }
    }

    /// Where something goes. Denials are counted.
    pub(crate) fn route(&self, to: SocketAddr) -> Result<Route, Refusal> {
        let ip = route::destination(to).ip();
        let name = lock(&self.synthetic).name_at(ip).map(str::to_owned);
        let decided = route::route(
            &View {
                own: self.addresses,
                plan: self.network.plan,
                attached: self.network.find(ip).is_some(),
                name: name.as_deref(),
                egress: &self.egress,
            },
            to,
        );
        self.counted(decided)
    }

    /// Makes a denial a refusal, and counts it.
    pub(super) fn counted(&self, route: Route) -> Result<Route, Refusal> {
        match route {
            Route::Deny(denial) => {
                self.meter.deny(&denial);
                Err(Refusal::Denied(denial))
            }
            route => Ok(route),
        }
    }

    pub(crate) fn place(&self) -> Result<Place, Refusal> {
        self.noted(self.sockets.take())
    }

    /// Room for one more connection that leads beyond this process.
    pub(crate) fn beyond(&self) -> Result<Place, Refusal> {
        self.noted(self.beyond.take())
    }

    /// Room for one more peer outside with whom datagrams are exchanged.
    pub(crate) fn flow(&self) -> Result<[Place; 2], Refusal> {
        let flow = self.noted(self.flows.take())?;
        Ok([flow, self.beyond()?])
    }

    /// A place, or the count of how often there was none.
    fn noted(&self, place: Result<Place, Refusal>) -> Result<Place, Refusal> {
        place.inspect_err(|_full| count(&self.meter.without_place, 1))
    }

    pub(crate) fn bind(
        self: &Arc<Self>,
        protocol: Protocol,
        at: SocketAddr,
    ) -> Result<Port, Refusal> {
        let bound = lock(&self.ports).bind(protocol, at)?;
        Ok(Port::new(Arc::downgrade(self), protocol, bound))
    }

    pub(crate) fn assign(
        self: &Arc<Self>,
        port: &Port,
        protocol: Protocol,
        purpose: Purpose,
    ) -> Result<(), Refusal> {
        if !port.serves(self, protocol) {
            return Err(Refusal::InvalidArgument);
        }
        lock(&self.ports).assign(port, purpose)
    }

    pub(crate) fn find_port(&self, protocol: Protocol, to: SocketAddr) -> Option<Purpose> {
        lock(&self.ports).find(protocol, to).cloned()
    }

    pub(crate) fn free_port(&self, protocol: Protocol, local: SocketAddr, key: u64) {
        let purpose = lock(&self.ports).free(protocol, local, key);
        // Without the lock: what waits there may have ports of its own.
        drop(purpose);
    }

    /// A number for a new end.
    pub(crate) fn number_end(&self) -> u64 {
        self.end_next.fetch_add(1, Relaxed)
    }

    /// Keeps an end in mind, to be cut with the nic.
    pub(crate) fn keep_end(&self, number: u64, end: &Arc<End>) -> Result<(), Refusal> {
        match &mut *lock(&self.ends) {
            Ends::Open(ends) => {
                ends.insert(number, Arc::downgrade(end));
                Ok(())
            }
            Ends::Released => Err(Refusal::ConnectionReset),
        }
    }

    /// An end is over.
    pub(crate) fn forget_end(&self, number: u64) {
        let mut ends = lock(&self.ends);
        if let Ends::Open(ends) = &mut *ends {
            ends.remove(&number);
        }
        drop(ends);
        if self.has_no_ends() {
            self.emptied.notify_waiters();
        }
    }

    pub(super) fn emptied(&self) -> Arc<Notify> {
        Arc::clone(&self.emptied)
    }

    pub(super) fn has_no_ends(&self) -> bool {
        match &*lock(&self.ends) {
            Ends::Open(ends) => ends.is_empty(),
            Ends::Released => true,
        }
    }

    pub(super) fn in_use(&self) -> (u32, usize) {
        (self.sockets.used(), lock(&self.ports).held())
    }

    pub(super) fn held_bytes(&self) -> usize {
        let ends: Vec<_> = match &*lock(&self.ends) {
            Ends::Open(ends) => ends.values().filter_map(Weak::upgrade).collect(),
            Ends::Released => Vec::new(),
        };
        // A connection to oneself or to the world has both its ends here, and its pipes once.
        let pipes = ends.iter().flat_map(|end| [&end.incoming, &end.outgoing]);
        let pipes: HashMap<_, _> = pipes.map(|pipe| (Arc::as_ptr(pipe), pipe)).collect();
        let mail: Vec<_> = lock(&self.ports)
            .purposes()
            .filter_map(|purpose| match purpose {
                Purpose::Mail(post) => Some(Arc::clone(post)),
                Purpose::Held | Purpose::Listening(_) => None,
            })
            .collect();
        pipes
            .values()
            .map(|pipe| pipe.charged_bytes())
            .sum::<usize>()
            + mail.iter().map(|post| post.held_bytes()).sum::<usize>()
    }

    /// Off the network, then sockets closed, then connections cut: nobody new can come while the old ones go.
    pub(super) fn release(&self) {
        self.network.detach(self);
        let purposes = lock(&self.ports).close();
        for purpose in purposes {
            match purpose {
                Purpose::Held => {}
                Purpose::Listening(backlog) => backlog.close(),
                Purpose::Mail(post) => post.close(),
            }
        }
        let ends = std::mem::replace(&mut *lock(&self.ends), Ends::Released);
        if let Ends::Open(ends) = ends {
            let living = ends.values().filter_map(Weak::upgrade);
            living.for_each(|end| end.cut());
        }
        self.emptied.notify_waiters();
    }
}
