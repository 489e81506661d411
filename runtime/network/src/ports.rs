//! The ports of one nic: who holds which, and what for.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};

use crate::listener::Backlog;
use crate::mailbox::Post;
use crate::nic::NicState;
use crate::{Addresses, Family, Protocol, Refusal};

/// The first port that is given to those who ask for any.
const EPHEMERAL_FIRST: u16 = 32_768;

/// A port that is held. Free again when dropped.
#[derive(Debug)]
pub struct Port {
    nic: Weak<NicState>,
    protocol: Protocol,
    local: SocketAddr,
    key: u64,
}

impl Port {
    pub(crate) fn new(nic: Weak<NicState>, protocol: Protocol, (local, key): Bound) -> Self {
        Self {
            nic,
            protocol,
            local,
            key,
        }
    }

    /// Its address and number; the address may mean all of the instance's.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// What is spoken there.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether it is of this nic, for this protocol.
    pub(crate) fn serves(&self, nic: &Arc<NicState>, protocol: Protocol) -> bool {
        self.protocol == protocol && std::ptr::eq(self.nic.as_ptr(), Arc::as_ptr(nic))
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(nic) = self.nic.upgrade() {
            nic.free_port(self.protocol, self.local, self.key);
        }
    }
}

/// An address and port, and the number of who holds it.
pub(crate) type Bound = (SocketAddr, u64);

/// What a port is used for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Bound, or one end of a connection.
    Held,
    /// Connections are accepted here.
    Listening(Arc<Backlog>),
    /// Datagrams arrive here.
    Mail(Arc<Post>),
}

/// All ports of a nic.
#[derive(Debug)]
pub(crate) struct Ports {
    own: Addresses,
    bindings: HashMap<(Protocol, Family, u16), Vec<Binding>>,
    key_next: u64,
    ephemeral_next: u16,
    open: bool,
}

#[derive(Debug)]
struct Binding {
    key: u64,
    ip: IpAddr,
    purpose: Purpose,
}

impl Ports {
    /// All free.
    pub(crate) fn new(own: Addresses) -> Self {
        Self {
            own,
            bindings: HashMap::new(),
            key_next: 0,
            ephemeral_next: EPHEMERAL_FIRST,
            open: true,
        }
    }

    /// Takes a port; port 0 takes any that is free.
    pub(crate) fn bind(&mut self, protocol: Protocol, at: SocketAddr) -> Result<Bound, Refusal> {
        let ip = at.ip();
        if !self.open || !(ip.is_unspecified() || ip.is_loopback() || self.own.contains(ip)) {
            return Err(Refusal::AddressNotBindable);
        }
        let port = match at.port() {
            0 => self.ephemeral(protocol, ip)?,
            port if self.is_free(protocol, ip, port) => port,
            _taken => return Err(Refusal::AddressInUse),
        };
        let key = self.key_next;
        self.key_next += 1;
        // Made anew, without the scope and flow that an IPv6 address may have had.
        let local = SocketAddr::new(ip, port);
        let slot = (protocol, Family::of(local), port);
        self.bindings.entry(slot).or_default().push(Binding {
            key,
            ip,
            purpose: Purpose::Held,
        });
        Ok((local, key))
    }

    /// Begins to use a port that is held for nothing yet.
    pub(crate) fn assign(&mut self, port: &Port, purpose: Purpose) -> Result<(), Refusal> {
        let slot = (port.protocol, Family::of(port.local), port.local.port());
        let bindings = self.bindings.get_mut(&slot).map_or(&mut [][..], |all| all);
        match bindings.iter_mut().find(|binding| binding.key == port.key) {
            Some(binding) => {
                binding.purpose = purpose;
                Ok(())
            }
            None => Err(Refusal::InvalidArgument),
        }
    }

    /// Frees a port. What it was used for is handed out, to be dropped without a lock.
    pub(crate) fn free(
        &mut self,
        protocol: Protocol,
        local: SocketAddr,
        key: u64,
    ) -> Option<Purpose> {
        let slot = (protocol, Family::of(local), local.port());
        let bindings = self.bindings.get_mut(&slot)?;
        let position = bindings.iter().position(|binding| binding.key == key)?;
        let binding = bindings.swap_remove(position);
        if bindings.is_empty() {
            self.bindings.remove(&slot);
        }
        Some(binding.purpose)
    }

    /// Who is at an address: bound to it exactly, or else to all addresses of its family.
    pub(crate) fn find(&self, protocol: Protocol, to: SocketAddr) -> Option<&Purpose> {
        let bindings = self.bindings.get(&(protocol, Family::of(to), to.port()))?;
        let exact = bindings.iter().find(|binding| binding.ip == to.ip());
        exact
            .or_else(|| bindings.iter().find(|binding| binding.ip.is_unspecified()))
            .map(|binding| &binding.purpose)
    }

    /// How many are held.
    pub(crate) fn held(&self) -> usize {
        self.bindings.values().map(Vec::len).sum()
    }

    /// What all ports are used for.
    pub(crate) fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.bindings
            .values()
            .flatten()
            .map(|binding| &binding.purpose)
    }

    /// Frees all, for good, and hands out what they were used for.
    pub(crate) fn close(&mut self) -> Vec<Purpose> {
        self.open = false;
        let bindings = std::mem::take(&mut self.bindings);
        bindings
            .into_values()
            .flatten()
            .map(|binding| binding.purpose)
            .collect()
    }

    fn ephemeral(&mut self, protocol: Protocol, ip: IpAddr) -> Result<u16, Refusal> {
        // In turn, so that a port is not reused while somebody may still mean its last holder.
        let from = self.ephemeral_next;
        let port = (from..=u16::MAX)
            .chain(EPHEMERAL_FIRST..from)
            .find(|port| self.is_free(protocol, ip, *port))
            .ok_or(Refusal::AddressInUse)?;
        self.ephemeral_next = port.checked_add(1).unwrap_or(EPHEMERAL_FIRST);
        Ok(port)
    }

    fn is_free(&self, protocol: Protocol, ip: IpAddr, port: u16) -> bool {
        let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
        let conflicts = |binding: &Binding| {
            binding.ip == ip || binding.ip.is_unspecified() || ip.is_unspecified()
        };
        self.bindings
            .get(&(protocol, family, port))
            .is_none_or(|bindings| !bindings.iter().any(conflicts))
    }
}
