//! Random histories of the pool: what the store says after each restart equals what a model in memory says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sublet_store::{
    AuditChain, DrainedNode, Membership, NodeState, Page, PausedSubcluster, Record, Wishes,
};

use crate::support::*;

const NODES: u32 = 4;
const SUBCLUSTERS: [&str; 2] = ["short", "long"];

/// What happens to the pool.
#[derive(Clone, Debug)]
enum Happening {
    Moved {
        node: u32,
        state: NodeState,
        subcluster: usize,
    },
    Paused(usize),
    Resumed(usize),
    Drained(u32),
    NodeResumed(u32),
    Labelled(u32, Option<u8>),
    RulesApplied,
    Audited,
}

/// What is known of the pool; the time is the number of happenings so far.
#[derive(Default)]
struct Model {
    now: u64,
    moves: Vec<Membership>,
    wishes: Wishes,
    rules: u64,
    audited: u64,
}

fn happening() -> impl Strategy<Value = Happening> {
    let node = || 1..=NODES;
    let subcluster = || 0..SUBCLUSTERS.len();
    let state = prop_oneof![
        Just(NodeState::In),
        Just(NodeState::Draining),
        Just(NodeState::Unassigned),
        Just(NodeState::Down),
    ];
    prop_oneof![
        6 => (node(), state, subcluster())
            .prop_map(|(node, state, subcluster)| Happening::Moved { node, state, subcluster }),
        1 => subcluster().prop_map(Happening::Paused),
        1 => subcluster().prop_map(Happening::Resumed),
        1 => node().prop_map(Happening::Drained),
        1 => node().prop_map(Happening::NodeResumed),
        2 => (node(), proptest::option::of(0..3_u8))
            .prop_map(|(node, value)| Happening::Labelled(node, value)),
        1 => Just(Happening::RulesApplied),
        1 => Just(Happening::Audited),
    ]
}

fn node_name(node: u32) -> String {
    format!("node-{node}")
}

impl Model {
    /// The record of what happens, and the model after it.
    fn after(&mut self, happening: &Happening) -> Record {
        self.now += 1;
        match *happening {
            Happening::Moved {
                node,
                state,
                subcluster,
            } => self.moved(node, state, SUBCLUSTERS[subcluster]),
            Happening::Paused(subcluster) => self.pause(SUBCLUSTERS[subcluster]),
            Happening::Resumed(subcluster) => self.resume(SUBCLUSTERS[subcluster]),
            Happening::Drained(node) => self.drain(&node_name(node)),
            Happening::NodeResumed(node) => self.resume_node(node_name(node)),
            Happening::Labelled(node, value) => self.label(&node_name(node), value),
            Happening::RulesApplied => {
                self.rules += 1;
                rules(self.rules)
            }
            Happening::Audited => {
                self.audited += 1;
                Record::Audited(Box::new(audited("rules.apply", "rules", self.now)))
            }
        }
    }

    fn moved(&mut self, node: u32, state: NodeState, subcluster: &str) -> Record {
        let subcluster = (state != NodeState::Unassigned).then_some(subcluster);
        let membership = stands(node, state, subcluster, self.now);
        self.moves.push(membership.clone());
        Record::NodeMoved(membership)
    }

    fn pause(&mut self, name: &str) -> Record {
        let record = paused(name, self.now);
        let Record::SubclusterPaused(asked) = &record else {
            unreachable!("it is one")
        };
        let known = self.wishes.paused.iter_mut().find(|one| one.name == name);
        match known {
            Some(known) => known.reason.clone_from(&asked.reason),
            None => self.wishes.paused.push(PausedSubcluster::clone(asked)),
        }
        record
    }

    fn resume(&mut self, name: &str) -> Record {
        self.wishes.paused.retain(|one| one.name != name);
        Record::SubclusterResumed {
            name: name.to_owned(),
        }
    }

    fn drain(&mut self, node: &str) -> Record {
        let record = drained(node, self.now);
        let Record::NodeDrained(asked) = &record else {
            unreachable!("it is one")
        };
        let known = self.wishes.drained.iter_mut().find(|one| one.node == node);
        match known {
            Some(known) => known.reason.clone_from(&asked.reason),
            None => self.wishes.drained.push(DrainedNode::clone(asked)),
        }
        record
    }

    fn resume_node(&mut self, node: String) -> Record {
        self.wishes.drained.retain(|one| one.node != node);
        Record::NodeResumed { node }
    }

    fn label(&mut self, node: &str, value: Option<u8>) -> Record {
        let value = value.map(|value| value.to_string());
        let labels = self.wishes.labels.entry(node.to_owned()).or_default();
        match &value {
            Some(value) => labels.insert("size".to_owned(), value.clone()),
            None => labels.remove("size"),
        };
        self.wishes.labels.retain(|_, labels| !labels.is_empty());
        labelled(node, "size", value.as_deref())
    }

    fn wishes(&self) -> Wishes {
        let mut wishes = self.wishes.clone();
        wishes.paused.sort_by(|a, b| a.name.cmp(&b.name));
        wishes.drained.sort_by(|a, b| a.node.cmp(&b.node));
        wishes
    }

    /// The last move of each node.
    fn memberships(&self) -> Vec<Membership> {
        let last: BTreeMap<_, _> = self.moves.iter().map(|one| (one.node, one)).collect();
        last.into_values().cloned().collect()
    }
}

fn moves_of(store: &Store) -> Vec<Membership> {
    let page = Page {
        before: None,
        limit: 1_000,
    };
    let moves = store.reader().node_moves(page).unwrap();
    moves.into_iter().rev().map(|one| one.membership).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn i04_the_pool_equals_the_model_after_every_restart(
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let mut store = store_in(memory_folder());
        store.commit(&(1..=NODES).map(named).collect::<Vec<_>>());
        let mut model = Model::default();
        for batch in happenings.chunks(10) {
            let records: Vec<_> = batch.iter().map(|one| model.after(one)).collect();
            store.commit(&records);
            store = restarted(store);
            let reader = store.reader();
            prop_assert_eq!(reader.memberships().unwrap(), model.memberships());
            prop_assert_eq!(reader.wishes().unwrap(), model.wishes());
            prop_assert_eq!(moves_of(&store), model.moves.clone());
            let version = reader.rule_set().unwrap().map_or(0, |rules| rules.version);
            prop_assert_eq!(version, model.rules);
            let chain = reader.audit_verify().unwrap();
            let is_whole = matches!(chain, AuditChain::Whole { rows, .. } if rows == model.audited);
            prop_assert!(is_whole, "{:?}", chain);
        }
    }
}
