//! What other rules would do, without doing it: a copy of the state is told of them, and what follows is looked at.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::scheduler::Scheduler;
use crate::{Action, Event, JobId, NodeMove, NodeState, RuleSet, SubclusterId, UnixMillis};

/// What applying a rule set would do at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Changes of place of nodes, in their order. One that is busy drains first, and where it goes then is decided then.
    pub moves: Vec<NodeMove>,
    /// Jobs that wait and that no sub-cluster would take any more.
    pub homeless: Vec<JobId>,
    /// The names of the sub-clusters before and after: what is new has numbers only in the plan.
    pub subclusters: BTreeMap<SubclusterId, String>,
}

impl Plan {
    /// Those moves after which the node still has work to finish.
    pub fn drains(&self) -> impl Iterator<Item = &NodeMove> {
        let drains = |one: &&NodeMove| matches!(one.to, NodeState::Draining(_));
        self.moves.iter().filter(drains)
    }
}

impl Scheduler {
    /// What [`Event::RulesChanged`] with these rules would do. Takes the time of a copy of all that waits and runs.
    #[must_use]
    pub fn plan(&self, now: UnixMillis, rules: RuleSet) -> Plan {
        self.rehearse(now, [Event::RulesChanged(rules)])
    }

    /// What some events, one after the other, would do.
    #[must_use]
    pub fn rehearse(&self, now: UnixMillis, events: impl IntoIterator<Item = Event>) -> Plan {
        let mut copy = self.clone();
        let mut actions = Vec::new();
        for event in events {
            copy.handle(now, event, &mut actions);
        }
        let moves = actions.into_iter().filter_map(|action| match action {
            Action::NodeMoved(moved) => Some(moved),
            Action::Start { .. }
            | Action::Stop { .. }
            | Action::Finish { .. }
            | Action::Reclaim { .. }
            | Action::CancelWaiting { .. }
            | Action::JobFinished(_)
            | Action::Routed { .. }
            | Action::SubclusterGone(_)
            | Action::WakeAt(_) => None,
        });
        let mut subclusters = self.subcluster_names();
        subclusters.extend(copy.subcluster_names());
        Plan {
            subclusters,
            moves: moves.collect(),
            homeless: copy.newly_homeless(&self.homeless),
        }
    }

    /// Jobs with tasks that wait for a home that they had. One of which everything runs only lost its queue.
    fn newly_homeless(&self, before: &BTreeSet<JobId>) -> Vec<JobId> {
        let homeless = self.homeless.difference(before).copied();
        homeless
            .filter(|id| self.jobs.get(id).is_some_and(|live| live.waits()))
            .collect()
    }
}
