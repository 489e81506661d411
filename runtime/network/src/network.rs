//! Who is on the network, under which addresses and names.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};

use crate::listener::{NoRoom, Waiting};
use crate::lock::lock;
use crate::mailbox;
use crate::names;
use crate::nic::NicState;
use crate::outside::{Carrier, DatagramCarrier};
use crate::ports::Purpose;
use crate::route::destination;
use crate::{AttachError, Nic, Outside, Plan, Protocol, Refusal, Terms};

/// The network of one user in one process. Cheap to clone: all clones are the same network.
#[derive(Clone, Debug)]
pub struct Network {
    shared: Arc<Shared>,
}

/// What lives on a network, for metrics and for tests that look for leaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Nics that are attached.
    pub nics: usize,
    /// Different names that are carried.
    pub names: usize,
    /// Pipes that somebody holds; a connection has two.
    pub pipes: usize,
}

impl Network {
    /// A network with nobody on it.
    pub fn new(plan: Plan, outside: Arc<dyn Outside>) -> Self {
        // Any number that differs between networks will do: names are shuffled for balance, not for secrecy.
        let seed = std::hash::RandomState::new().build_hasher().finish();
        Self {
            shared: Arc::new(Shared {
                plan,
                outside,
                roll: Mutex::new(Roll {
                    by_address: HashMap::new(),
                    by_name: HashMap::new(),
                    shuffle: seed | 1,
                }),
                pipes: Arc::new(AtomicUsize::new(0)),
            }),
        }
    }

    /// Joins one instance. What is dropped with the nic: address, names, ports; its live connections are reset.
    ///
    /// # Errors
    ///
    /// An address that is taken or foreign, or a name that is none. Then nothing has joined.
    pub fn attach(&self, terms: Terms) -> Result<Nic, AttachError> {
        let addresses = terms.addresses;
        for ip in [addresses.v4.into(), addresses.v6.into()] {
            if !self.shared.plan.contains(ip) {
                return Err(AttachError::ForeignAddress(ip));
            }
        }
        let carry = |name: &String| {
            names::carried(name).map_err(|_not_a_name| AttachError::BadName(name.clone()))
        };
        let mut names: Vec<String> = terms.names.iter().map(carry).collect::<Result<_, _>>()?;
        names.sort_unstable();
        names.dedup();
        let state = NicState::new(terms, names, Arc::clone(&self.shared));
        lock(&self.shared.roll).enter(&state)?;
        Ok(Nic::new(state))
    }

    /// Hands a connection that came from beyond this process to who listens at `to`.
    ///
    /// # Errors
    ///
    /// Nobody is at the address, nobody listens at the port, or as many wait there as may.
    pub fn deliver(
        &self,
        to: SocketAddr,
        from: SocketAddr,
        carrier: Box<dyn Carrier>,
    ) -> Result<(), Refusal> {
        let to = destination(to);
        let nic = self.shared.find(to.ip()).ok_or(Refusal::Unreachable)?;
        let Some(Purpose::Listening(backlog)) = nic.find_port(Protocol::Tcp, to) else {
            return Err(Refusal::ConnectionRefused);
        };
        let place = backlog.reserve().map_err(|no_room| match no_room {
            NoRoom::Full => Refusal::Limit,
            NoRoom::Closed => Refusal::ConnectionRefused,
        })?;
        place.fill(Waiting::Carrier { carrier, to, from });
        Ok(())
    }

    /// Hands the datagrams of one peer beyond this process to the mailbox at `to`, and its answers back. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// Nobody is at the address, nobody receives at the port, or the nic has as many such peers as may be.
    pub fn deliver_datagrams(
        &self,
        to: SocketAddr,
        from: SocketAddr,
        carrier: Box<dyn DatagramCarrier>,
    ) -> Result<(), Refusal> {
        let to = destination(to);
        let nic = self.shared.find(to.ip()).ok_or(Refusal::Unreachable)?;
        let Some(Purpose::Mail(post)) = nic.find_port(Protocol::Udp, to) else {
            return Err(Refusal::ConnectionRefused);
        };
        mailbox::accept_flow(&nic, &post, from, carrier)
    }

    /// What lives on it now.
    pub fn census(&self) -> Census {
        let roll = lock(&self.shared.roll);
        Census {
            nics: roll.by_address.len() / 2,
            names: roll.by_name.len(),
            pipes: self.shared.pipes.load(Relaxed),
        }
    }
}

/// What the nics of a network share.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) outside: Arc<dyn Outside>,
    roll: Mutex<Roll>,
    pub(crate) pipes: Arc<AtomicUsize>,
}

/// Weak all over: only who was given a nic keeps it alive.
struct Roll {
    by_address: HashMap<IpAddr, Weak<NicState>>,
    by_name: HashMap<String, Vec<Weak<NicState>>>,
    shuffle: u64,
}

impl Shared {
    /// Who has an address.
    pub(crate) fn find(&self, ip: IpAddr) -> Option<Arc<NicState>> {
        lock(&self.roll).by_address.get(&ip)?.upgrade()
    }

    /// Who carries a name, in an order that differs from time to time.
    pub(crate) fn carriers_of(&self, name: &str) -> Vec<Arc<NicState>> {
        let mut roll = lock(&self.roll);
        let Some(carriers) = roll.by_name.get(name) else {
            return Vec::new();
        };
        let mut carriers: Vec<_> = carriers.iter().filter_map(Weak::upgrade).collect();
        for last in (1..carriers.len()).rev() {
            let other = roll.random() % (last + 1);
            carriers.swap(last, other);
        }
        drop(roll);
        carriers
    }

    /// Takes a nic off: from now on its addresses and names mean nobody.
    pub(crate) fn detach(&self, nic: &NicState) {
        lock(&self.roll).leave(nic);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Roll {
    fn enter(&mut self, nic: &Arc<NicState>) -> Result<(), AttachError> {
        let ips = nic.ips();
        if let Some(ip) = ips.iter().find(|ip| self.by_address.contains_key(ip)) {
            return Err(AttachError::AddressTaken(*ip));
        }
        for ip in ips {
            self.by_address.insert(ip, Arc::downgrade(nic));
        }
        for name in nic.names() {
            let carriers = self.by_name.entry(name.clone()).or_default();
            carriers.push(Arc::downgrade(nic));
        }
        Ok(())
    }

    fn leave(&mut self, nic: &NicState) {
        let is_this = |other: &Weak<NicState>| std::ptr::eq(other.as_ptr(), nic);
        for ip in nic.ips() {
            // By then somebody else may have it.
            if self.by_address.get(&ip).is_some_and(is_this) {
                self.by_address.remove(&ip);
            }
        }
        for name in nic.names() {
            if let Some(carriers) = self.by_name.get_mut(name) {
                carriers.retain(|other| !is_this(other));
                if carriers.is_empty() {
                    self.by_name.remove(name);
                }
            }
        }
    }

    /// The next number of a xorshift generator.
    fn random(&mut self) -> usize {
        self.shuffle ^= self.shuffle << 13;
        self.shuffle ^= self.shuffle >> 7;
        self.shuffle ^= self.shuffle << 17;
        usize::try_from(self.shuffle >> 33).unwrap_or(0)
    }
}
