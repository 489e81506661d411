//! What operators say while everything runs: other rules, pauses, terms of users.

use alloc::string::String;
use alloc::vec::Vec;

use crate::rule_set::Preemption;
use crate::scheduler::Scheduler;
use crate::{Action, JobId, Role, RuleSet, SubclusterId, Terms, UnixMillis, UserId};

impl Scheduler {
    /// Other rules hold. Nodes find their places by the flow that follows every event; jobs that wait where they are not
    /// taken any more are routed anew. What runs, runs on.
    pub(crate) fn rules_changed(
        &mut self,
        now: UnixMillis,
        rules: RuleSet,
        actions: &mut Vec<Action>,
    ) {
        self.partition.rules_changed(now, &rules);
        self.rules = rules;
        for (id, spec) in self.partition.open_subclusters() {
            self.queues.open(id, spec.slot);
            self.changed.insert(id);
        }
        let preemptive = self
            .partition
            .open_subclusters()
            .filter(|(_, spec)| spec.preemption == Preemption::On);
        self.preemptions
            .allow(preemptive.map(|(id, _)| id).collect());
        let misplaced: Vec<JobId> = self
            .jobs
            .iter()
            .filter(|(_, live)| !self.is_well_placed(now, live))
            .map(|(id, _)| id)
            .collect();
        for id in misplaced {
            self.find_home(now, id, actions);
        }
    }

    pub(crate) fn pause(&mut self, subcluster: SubclusterId, reason: String) {
        if self.partition.is_open(subcluster) {
            self.pauses.set(subcluster, reason);
        }
    }

    pub(crate) fn unpause(&mut self, subcluster: SubclusterId) {
        self.pauses.end(subcluster);
        self.look_again_at(subcluster);
    }

    pub(crate) fn user_terms(&mut self, user: UserId, name: String, role: Role, terms: Terms) {
        self.users.set(user, name, role);
        self.queues.set_terms(user, terms);
        self.look_again_at_all();
    }
}
