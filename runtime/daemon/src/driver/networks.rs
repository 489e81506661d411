//! Which network is whose. Networks are prepared ahead, so that the first submission of a user only takes one; it is theirs
//! for as long as there is anything of theirs.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr};

use sublet_network::{Addresses, Plan};
use sublet_scheduler::{AttemptId, UnixMillis, UserId};
use sublet_store::{Error, Record, StoredNetwork};
use sublet_worker::network;
use sublet_worker::protocol::NetworkTerms;

use super::{ActiveJob, Driver};
use crate::broker::{BindError, Names, NicId};

/// The networks that there can be: each has 16,384 addresses of 10.0.0.0/8.
const NETWORKS_MAX: u32 = 1 << (V4_BITS - 8);
const V4_BITS: u8 = 18;
const V6_BITS: u8 = 64;

/// The networks of this server.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    free: VecDeque<StoredNetwork>,
    by_user: HashMap<UserId, Plan>,
    /// Fewer than so many free ones are worth a warning.
    low: usize,
}

/// No prepared network is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) prepared: usize,
}

impl Networks {
    /// Those of the store, and as many new ones as it takes for `prepared` in all.
    pub(super) fn prepare(
        stored: Vec<StoredNetwork>,
        prepared: u32,
        low: u32,
    ) -> (Self, Vec<Record>) {
        let known = stored.iter().map(|network| network.id + 1).max();
        let new: Vec<_> = (known.unwrap_or(0)..prepared.min(NETWORKS_MAX))
            .map(numbered)
            .collect();
        let records = new.iter().cloned().map(Record::NetworkPrepared).collect();
        let mut networks = Self {
            low: usize::try_from(low).unwrap_or(usize::MAX),
            ..Self::default()
        };
        for network in stored.into_iter().chain(new) {
            match network.user {
                Some(user) => {
                    networks.by_user.insert(user, plan(&network));
                }
                None => networks.free.push_back(network),
            }
        }
        (networks, records)
    }

    /// The networks that have a user.
    pub(super) fn assigned(&self) -> impl Iterator<Item = (UserId, Plan)> + '_ {
        self.by_user.iter().map(|(&user, &plan)| (user, plan))
    }

    /// The network of a user. One that has none gets one now, and the record says so.
    fn of(&mut self, user: UserId, at: UnixMillis) -> Result<(Plan, Option<Record>), Exhausted> {
        if let Some(plan) = self.by_user.get(&user) {
            return Ok((*plan, None));
        }
        let exhausted = Exhausted {
            prepared: self.by_user.len(),
        };
        let network = self.free.pop_front().ok_or(exhausted)?;
        if self.free.len() < self.low {
            tracing::warn!(
                left = self.free.len(),
                "few prepared networks are left for new users: raise networks.prepared in [service]"
            );
        }
        let plan = plan(&network);
        self.by_user.insert(user, plan);
        let record = Record::NetworkAssigned {
            network: network.id,
            user,
            at,
        };
        Ok((plan, Some(record)))
    }
}

impl Driver {
    /// Takes up the networks of the store and prepares what is missing.
    ///
    /// # Errors
    /// When the store cannot be read, or cannot keep what is new.
    pub(super) fn prepare_networks(&mut self, prepared: u32, low: u32) -> Result<(), Error> {
        let (networks, records) = Networks::prepare(self.reader.networks()?, prepared, low);
        self.writer.commit(&records)?;
        for (user, plan) in networks.assigned() {
            self.broker.assign(user, plan);
        }
        self.networks = networks;
        for (user, allow) in self.reader.egress_policies()? {
            self.policies.insert(user, allow);
        }
        Ok(())
    }

    /// Sees to it that the user has a network.
    pub(super) fn ensure_network(&mut self, user: UserId) -> Result<(), Exhausted> {
        let (plan, record) = self.networks.of(user, (self.now)())?;
        if let Some(record) = record {
            self.batch.record(record);
            self.broker.assign(user, plan);
        }
        Ok(())
    }

    /// What the operator allows a user to reach beyond the network.
    pub(super) fn policy_of(&self, user: UserId) -> &[String] {
        self.policies
            .get(&user)
            .unwrap_or(&self.network_terms.operator)
    }

    /// What the operator says of a user's network.
    pub(super) fn terms_of(&self, user: UserId) -> NetworkTerms {
        NetworkTerms {
            operator: self.policy_of(user).to_vec(),
            ..self.network_terms.clone()
        }
    }

    /// Makes the nic of an attempt that is about to start. One whose program can use none has none.
    pub(super) fn bind(
        &self,
        attempt: AttemptId,
        job: &ActiveJob,
    ) -> Result<Option<Addresses>, BindError> {
        if !job.has_nic {
            return Ok(None);
        }
        let names = Names {
            attempt,
            names: network::names(&job.definition, attempt.task),
        };
        self.broker
            .bind(job.user, names, &job.definition, &job.publish)
            .map(Some)
    }

    /// Takes the nic of an attempt back.
    pub(super) fn unbind(&self, user: UserId, nic: Option<Addresses>) {
        if let Some(Addresses { v4, .. }) = nic {
            self.broker.release(NicId { user, v4 });
        }
    }

    /// The place of an address in its user's network, as it is recorded.
    pub(super) fn number_of(&self, user: UserId, nic: Addresses) -> Option<u32> {
        let plan = self.networks.by_user.get(&user)?;
        u32::from(nic.v4).checked_sub(u32::from(plan.v4))
    }
}

/// The network of this number: they lie one behind the other.
fn numbered(id: u32) -> StoredNetwork {
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    let prefix = u128::from(Ipv6Addr::new(0xfd53, 0x7562, 0x6c65, 0, 0, 0, 0, 0));
    StoredNetwork {
        id,
        v4: Ipv4Addr::from(first + (id << (32 - V4_BITS))),
        v4_bits: V4_BITS,
        v6: Ipv6Addr::from(prefix + (u128::from(id) << (128 - V6_BITS))),
        v6_bits: V6_BITS,
        user: None,
        assigned_at: None,
    }
}

/// A stored network, as those who carry it out know it.
const fn plan(network: &StoredNetwork) -> Plan {
    Plan {
        v4: network.v4,
        v4_bits: network.v4_bits,
        v6: network.v6,
        v6_bits: network.v6_bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1);

    #[test]
    fn l9_networks_are_prepared_ahead_and_share_no_address() {
        let (networks, records) = Networks::prepare(Vec::new(), NETWORKS_MAX + 1, 8);
        assert_eq!(records.len(), 1024);
        let mut plans: Vec<_> = networks.free.iter().map(plan).collect();
        plans.sort_by_key(|plan| plan.v4);
        for pair in plans.windows(2) {
            let [one, next] = pair else { unreachable!() };
            assert!(!one.contains(next.v4.into()) && !one.contains(next.v6.into()));
            assert!(one.contains(Ipv4Addr::from(u32::from(next.v4) - 1).into()));
        }
    }

    #[test]
    fn l10_each_user_has_one_network_and_nobody_shares() {
        let (mut networks, _) = Networks::prepare(Vec::new(), 100, 8);
        let mut plans = Vec::new();
        for user in 0..100 {
            let (plan, record) = networks.of(UserId(user), NOW).unwrap();
            assert!(record.is_some());
            assert_eq!(networks.of(UserId(user), NOW), Ok((plan, None)));
            plans.push(plan.v4);
        }
        plans.sort();
        plans.dedup();
        assert_eq!(plans.len(), 100);
        assert_eq!(
            networks.of(UserId(100), NOW),
            Err(Exhausted { prepared: 100 })
        );
    }

    #[test]
    fn l10_a_network_stays_its_user_s_after_a_restart() {
        let mut stored: Vec<_> = (0..3).map(numbered).collect();
        stored[1].user = Some(UserId(7));
        let (mut networks, records) = Networks::prepare(stored, 2, 0);
        assert_eq!(
            records,
            [],
            "those that were prepared stay, however few are wanted"
        );
        let (theirs, record) = networks.of(UserId(7), NOW).unwrap();
        assert_eq!((theirs.v4, record), (Ipv4Addr::new(10, 0, 64, 0), None));
        let others = [networks.of(UserId(8), NOW), networks.of(UserId(9), NOW)];
        assert!(
            others
                .iter()
                .all(|other| other.as_ref().is_ok_and(|(plan, _)| *plan != theirs))
        );
    }
}
