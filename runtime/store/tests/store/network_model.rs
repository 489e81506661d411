//! Random histories of networks, contradictions among them: the store takes what a model in memory takes, refuses what it
//! refuses, and says after each restart what the model says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sublet_scheduler::UserId;
use sublet_store::{Record, StoredNetwork};

use crate::support::*;

const NETWORKS: u32 = 4;
const USERS: u64 = 4;

/// What somebody has recorded, whether or not it can be.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Prepared(u32),
    Assigned(u32, UserId),
    MayReach(UserId, usize),
}

/// What is known of networks; the time is the number of happenings so far.
#[derive(Default)]
struct Model {
    now: u64,
    networks: BTreeMap<u32, StoredNetwork>,
    policies: BTreeMap<UserId, Vec<String>>,
}

fn happening() -> impl Strategy<Value = Happening> {
    let network = || 1..=NETWORKS;
    let user = || (1..=USERS).prop_map(UserId);
    prop_oneof![
        2 => network().prop_map(Happening::Prepared),
        4 => (network(), user()).prop_map(|(network, user)| Happening::Assigned(network, user)),
        1 => (user(), 0..3_usize).prop_map(|(user, places)| Happening::MayReach(user, places)),
    ]
}

impl Model {
    /// The record of what happens, whether it can be, and the model after it.
    fn after(&mut self, happening: Happening) -> (Record, bool) {
        self.now += 1;
        match happening {
            Happening::Prepared(id) => (prepared(id), self.prepare(id)),
            Happening::Assigned(id, user) => (assigned(id, user, self.now), self.assign(id, user)),
            Happening::MayReach(user, places) => {
                let allow = &["a.example:1", "b.example:2"][..places];
                let kept = allow.iter().map(|place| (*place).to_owned());
                self.policies.insert(user, kept.collect());
                (may_reach(user, allow), true)
            }
        }
    }

    fn prepare(&mut self, id: u32) -> bool {
        let is_new = !self.networks.contains_key(&id);
        self.networks.entry(id).or_insert_with(|| network(id));
        is_new
    }

    fn assign(&mut self, id: u32, user: UserId) -> bool {
        if self.network_of(user).is_some() {
            return false;
        }
        match self.networks.get_mut(&id) {
            Some(network) if network.user.is_none() => {
                *network = network_for(id, user, self.now);
                true
            }
            Some(_) | None => false,
        }
    }

    fn network_of(&self, user: UserId) -> Option<StoredNetwork> {
        let mut networks = self.networks.values();
        networks.find(|one| one.user == Some(user)).cloned()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn l10_whatever_is_recorded_no_two_users_share_a_network(
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let mut store = store_in(memory_folder());
        store.commit(&(3..=USERS).map(|id| user(UserId(id), &id.to_string())).collect::<Vec<_>>());
        let mut model = Model::default();
        for some in happenings.chunks(10) {
            for happening in some {
                let (record, can_be) = model.after(*happening);
                prop_assert_eq!(store.writer.commit(&[record]).is_ok(), can_be, "{:?}", happening);
            }
            store = restarted(store);
            let reader = store.reader();
            let networks: Vec<_> = model.networks.values().cloned().collect();
            prop_assert_eq!(reader.networks().unwrap(), networks);
            prop_assert_eq!(reader.egress_policies().unwrap(), model.policies.clone());
            for user in (1..=USERS).map(UserId) {
                prop_assert_eq!(reader.network_of(user).unwrap(), model.network_of(user));
                let policy = model.policies.get(&user).cloned();
                prop_assert_eq!(reader.egress_policy(user).unwrap(), policy);
            }
        }
    }
}
