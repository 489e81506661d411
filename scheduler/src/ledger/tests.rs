//! The ledger against a plain list of grants.

use alloc::collections::BTreeMap;

use proptest::prelude::*;

use super::{Ledger, Standing};
use crate::{AttemptId, JobId, NodeId, Resources, SlotId};

const SHAPE: Resources = Resources {
    cpu_millis: 50,
    memory_bytes: 64,
};
const SLOTS: u32 = 4;
const CAPACITY: Resources = Resources {
    cpu_millis: 210,
    memory_bytes: 300,
};

fn slot(node: u32, index: u32) -> SlotId {
    SlotId {
        node: NodeId(node),
        index,
    }
}

fn attempt(number: u32) -> AttemptId {
    AttemptId {
        job: JobId(1),
        task: 0,
        number,
    }
}

fn two_nodes() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.open(NodeId(0), CAPACITY, Standing::Open);
    ledger.open(NodeId(1), CAPACITY, Standing::Open);
    ledger
}

proptest! {
    #[test]
    fn s3_free_and_granted_are_the_capacity_whatever_is_granted_and_returned(
        touches in prop::collection::vec((0..2_u32, 0..SLOTS), 0..80),
    ) {
        let mut ledger = two_nodes();
        let mut held = BTreeMap::new();
        for (number, (node, index)) in (1..).zip(touches) {
            let slot = slot(node, index);
            // A touch takes the slot, or gives it back when it is taken.
            match held.remove(&slot) {
                Some(holder) => ledger.give_back(slot, holder),
                None => {
                    ledger.grant(slot, attempt(number), SHAPE);
                    held.insert(slot, attempt(number));
                }
            }
            for node in [NodeId(0), NodeId(1)] {
                let count = held.keys().filter(|slot| slot.node == node).count() as u64;
                let account = ledger.account(node).expect("it was opened");
                prop_assert_eq!(account.granted().cpu_millis, count * SHAPE.cpu_millis);
                prop_assert_eq!(account.granted().memory_bytes, count * SHAPE.memory_bytes);
                prop_assert_eq!(account.granted().checked_add(account.free), Some(CAPACITY));
            }
            prop_assert_eq!(ledger.totals(), ledger.recount());
            prop_assert_eq!(ledger.totals().sum(), Some(ledger.totals().total));
            {
            }
            prop_assert_eq!(ledger.is_balanced(), held.is_empty());
        }
    }
}

#[test]
#[should_panic(expected = "slots are cut from what their node has")]
fn s1_a_grant_beyond_the_capacity_stops_the_process() {
    let mut ledger = two_nodes();
    for index in 0..=SLOTS {
        ledger.grant(slot(0, index), attempt(index + 1), SHAPE);
    }
}

#[test]
#[should_panic(expected = "granted twice")]
fn s4_a_slot_has_one_holder() {
    let mut ledger = two_nodes();
    ledger.grant(slot(0, 0), attempt(1), SHAPE);
    ledger.grant(slot(0, 0), attempt(2), SHAPE);
}

#[test]
#[should_panic(expected = "given back by somebody else")]
fn s4_only_the_holder_gives_a_slot_back() {
    let mut ledger = two_nodes();
    ledger.grant(slot(0, 0), attempt(1), SHAPE);
    ledger.give_back(slot(0, 0), attempt(2));
}

#[test]
#[should_panic(expected = "only a granted slot")]
fn s3_nothing_is_returned_twice() {
    let mut ledger = two_nodes();
    ledger.grant(slot(0, 0), attempt(1), SHAPE);
    ledger.give_back(slot(0, 0), attempt(1));
    ledger.give_back(slot(0, 0), attempt(1));
}
