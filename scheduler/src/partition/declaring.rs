//! A rule set takes effect. Sub-clusters are the same as before when their name is. What is gone from the rules, and what
//! has slots of another shape, lets its nodes drain; everything else is asked anew.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::Partition;
use super::alarms::Alarm;
use super::moves::MoveCause;
use super::node::{Departure, Grace, Next, Place};
use super::subcluster::{Life, Subcluster};
use crate::rule_set::{RuleSet, SubclusterSpec};
use crate::rules::AttributeSet;
use crate::{NodeId, SubclusterId, UnixMillis};

impl Partition {
    /// Takes the sub-clusters of a rule set for those there are. The rule set passed its review.
    pub(crate) fn rules_changed(&mut self, now: UnixMillis, rules: &RuleSet) {
        self.rules_version = rules.version;
        self.moves_per_minute_max = rules.moves_per_minute_max;
        self.forget_groups();
        let mut before = mem::take(&mut self.names);
        for spec in &rules.subclusters {
            match before.remove(&spec.name) {
                Some(id) => self.redeclare(now, id, spec.clone()),
                None => self.declare(now, spec.clone()),
            }
        }
        for id in before.into_values() {
            self.remove(now, id);
        }
        self.names = self.declared_by_name();
        self.count_slots_ever();
        self.entry_reads = self.reads_of_entry_rules();
        self.ask_everything();
    }

    /// The declared sub-clusters that had this name last.
    fn declared_by_name(&self) -> BTreeMap<String, SubclusterId> {
        let declared = self.subclusters.iter().filter(|(_, one)| one.is_declared());
        declared
            .map(|(id, one)| (one.spec.name.clone(), id))
            .collect()
    }

    fn declare(&mut self, now: UnixMillis, spec: SubclusterSpec) {
        let id = SubclusterId(self.subclusters_made);
        self.subclusters_made += 1;
        self.subclusters.insert(id, Subcluster::new(now, spec));
    }

    fn redeclare(&mut self, now: UnixMillis, id: SubclusterId, spec: SubclusterSpec) {
        let subcluster = self.subcluster_mut(id);
        let is_reshaped = subcluster.spec.slot != spec.slot;
        subcluster.spec = spec;
        if is_reshaped {
            self.send_members_away(now, id, Next::Recut);
        }
    }

    fn remove(&mut self, now: UnixMillis, id: SubclusterId) {
        self.subcluster_mut(id).life = Life::Removed;
        self.changes.maybe_gone.insert(id);
        self.send_members_away(now, id, Next::Anywhere);
    }

    fn send_members_away(&mut self, now: UnixMillis, id: SubclusterId, next: Next) {
        let subcluster = &self.subclusters[&id];
        let departure = Departure {
            cause: MoveCause::RulesChanged {
                version: self.rules_version,
            },
            next,
            grace: Grace::from(now, subcluster.spec.grace_ms),
        };
        let members: Vec<NodeId> = subcluster.members.iter().copied().collect();
        for node in members {
            // Who drains already keeps the reason and the time it was given.
            if matches!(self.node(node).place, Place::In(_)) {
                self.depart(now, node, departure.clone());
            }
        }
    }

    fn reads_of_entry_rules(&self) -> AttributeSet {
        let declared = self.subclusters.values().filter(|one| one.is_declared());
        declared
            .map(Subcluster::entry_reads)
            .fold(AttributeSet::EMPTY, AttributeSet::union)
    }

    /// What nodes had in common was what the old rules read.
    fn forget_groups(&mut self) {
        for group in self.lobby.clear() {
            self.alarms.set(Alarm::Entry(group), None);
        }
        for (id, subcluster) in self.subclusters.iter_mut() {
            for group in subcluster.alike.clear() {
                self.alarms.set(Alarm::Exit(id, group), None);
            }
        }
    }

    fn ask_everything(&mut self) {
        for (id, node) in self.nodes.iter() {
            if node.may_enter() {
                self.changes.entry_due.insert(id);
            }
            if matches!(node.place, Place::In(_)) {
                self.changes.exit_due.insert(id);
            }
        }
    }
}
