//! Who is where on one network, over all processes of its user. Pure: for the front, which alone knows all of them.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use thiserror::Error;

use crate::names::{self, NotAName};
use crate::{Addresses, AttachError};

/// An entry cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Taken {
    /// Another nic has the address, or the name is none.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// The nic is known already.
    #[error("nic {0} is in the directory already")]
    Nic(u64),
}

/// Names, addresses and workers of one network.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    nics: HashMap<u64, Entry>,
    by_address: HashMap<IpAddr, u64>,
    by_name: HashMap<String, BTreeSet<u64>>,
}

#[derive(Clone, Debug)]
struct Entry {
    worker: u64,
    addresses: Addresses,
    names: Vec<String>,
}

impl Directory {
    /// Enters a nic.
    ///
    /// # Errors
    ///
    /// Something of it is taken or no name. Then nothing is entered.
    pub fn enter(
        &mut self,
        nic: u64,
        worker: u64,
        addresses: Addresses,
        names: &[String],
    ) -> Result<(), Taken> {
        if self.nics.contains_key(&nic) {
            return Err(Taken::Nic(nic));
        }
        let ips: [IpAddr; 2] = [addresses.v4.into(), addresses.v6.into()];
        if let Some(ip) = ips.iter().find(|ip| self.by_address.contains_key(ip)) {
            return Err(AttachError::AddressTaken(*ip).into());
        }
        let carry = |name: &String| {
            names::carried(name).map_err(|NotAName| AttachError::BadName(name.clone()))
        };
        let names: Vec<String> = names.iter().map(carry).collect::<Result<_, _>>()?;
        for ip in ips {
            self.by_address.insert(ip, nic);
        }
        for name in &names {
            self.by_name.entry(name.clone()).or_default().insert(nic);
        }
        let entry = Entry {
            worker,
            addresses,
            names,
        };
        self.nics.insert(nic, entry);
        Ok(())
    }

    /// Takes a nic out, and says which addresses are free now.
    pub fn leave(&mut self, nic: u64) -> Option<Addresses> {
        let entry = self.nics.remove(&nic)?;
        self.by_address.remove(&entry.addresses.v4.into());
        self.by_address.remove(&entry.addresses.v6.into());
        for name in &entry.names {
            if let Some(carriers) = self.by_name.get_mut(name) {
                carriers.remove(&nic);
                if carriers.is_empty() {
                    self.by_name.remove(name);
                }
            }
        }
        Some(entry.addresses)
    }

    /// Which nic has an address, and which worker that nic.
    pub fn at(&self, ip: IpAddr) -> Option<(u64, u64)> {
        let nic = *self.by_address.get(&ip.to_canonical())?;
        let entry = self.nics.get(&nic)?;
        Some((nic, entry.worker))
    }

    /// Addresses of those who carry a name, but for one worker, which knows its own. The name may end in `.internal`.
    pub fn neighbours(&self, name: &str, asking_worker: u64) -> Vec<IpAddr> {
        let carriers = names::carried(name)
            .ok()
            .and_then(|name| self.by_name.get(&name));
        carriers
            .into_iter()
            .flatten()
            .filter_map(|nic| self.nics.get(nic))
            .filter(|entry| entry.worker != asking_worker)
            .flat_map(|entry| [entry.addresses.v6.into(), entry.addresses.v4.into()])
            .collect()
    }
}
