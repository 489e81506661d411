//! Which sub-cluster an unassigned node joins: of those whose entry rule holds, that are open and for which it is large
//! enough, the one that takes precedence. The one it has just left by a rule is not asked in the same run.

use alloc::vec::Vec;

use super::Partition;
use super::alarms::Alarm;
use super::alike::{GroupId, Values};
use super::flow::ask;
use super::node::{Offer, Place, Seat};
use super::reorganised::{Answer, Step};
use super::slots::Slots;
use super::subcluster::Subcluster;
use crate::rules::RuleKind;
use crate::{NodeId, Resources, SubclusterId, UnixMillis};

/// Why a sub-cluster does not ask its entry rule about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is being removed.
    Removed,
    /// It has no entry rule.
    NoRule,
    /// It has as many nodes as it may have.
    Full,
    /// The node has no room for a single slot of its shape.
    TooSmall,
}

impl Partition {
    /// Asks the entry rules about a node, and lets it join the sub-cluster that is determined.
    pub(super) fn ask_entries(&mut self, now: UnixMillis, id: NodeId) {
        let Some(node) = self.nodes.get(&id) else {
            return;
        };
        if !node.may_enter() {
            return;
        }
        let capacity = node.spec.capacity;
        let just_left = self.changes.just_left.get(&id).copied();
        if let Some(just_left) = just_left.and_then(|one| self.subclusters.get_mut(&one)) {
            // Not asking is an answer too, and it is void with the next change.
            just_left.note_entry_asked(now);
        }
        let mut open: Vec<SubclusterId> = self.open_to(capacity).collect();
        open.retain(|&one| Some(one) != just_left);
        open.retain(|&one| self.entry_answer(now, id, one) == Answer::Holds);
        let determined = open.into_iter().min_by(|one, other| {
            let [one, other] = [one, other].map(|id| &self.subclusters[id]);
            one.precedence(other)
        });
        match determined {
            Some(home) => self.join(now, id, home),
            None => self.wait_in_lobby(now, id),
        }
    }

    fn open_to(&self, capacity: Resources) -> impl Iterator<Item = SubclusterId> {
        let all = self.subclusters.iter();
        all.filter(move |(_, one)| one.closed_to(capacity).is_none())
            .map(|(id, _)| id)
    }

    fn entry_answer(&mut self, now: UnixMillis, id: NodeId, asked: SubclusterId) -> Answer {
        let subcluster = self.subcluster_mut(asked);
        subcluster.note_entry_asked(now);
        let subcluster = &self.subclusters[&asked];
        let rule = subcluster.spec.entry.as_ref();
        let rule = rule.expect("a sub-cluster that is open has an entry rule");
        let answer = ask(rule, now, &self.facts_of(id), &subcluster.facts());
        self.report.evaluations.entry += 1;
        self.report.step(Step::AskedEntry(id, asked, answer));
        answer
    }

    fn join(&mut self, now: UnixMillis, id: NodeId, home: SubclusterId) {
        let cause = self.cause_by_rule(now, id, home, RuleKind::Entry);
        let shape = self.subclusters[&home].spec.slot;
        let seat = Seat {
            subcluster: home,
            entered_at: now,
            slots: Slots::cut(self.node(id).spec.capacity, shape),
            offer: Offer::Open,
        };
        self.put(now, id, cause, |_| Place::In(seat));
        self.report.step(Step::Joined(id, home));
        self.changes.exit_due.insert(id);
    }

    /// Keeps an unassigned node with those that no entry rule can tell from it.
    fn wait_in_lobby(&mut self, now: UnixMillis, id: NodeId) {
        let values = Values::of(&self.facts_of(id), self.entry_reads);
        let (group, emptied) = self.lobby.put(id, values);
        self.forget_group(emptied.map(Alarm::Entry));
        // Also for the one it has just left: that one may be asked as soon as it is another instant.
        let capacity = self.node(id).spec.capacity;
        let open = self.open_to(capacity);
        let flips = open.filter_map(|one| self.next_entry_flip(now, one, id));
        let at = flips.min();
        self.alarms.set(Alarm::Entry(group), at);
    }

    fn next_entry_flip(
        &self,
        now: UnixMillis,
        asked: SubclusterId,
        id: NodeId,
    ) -> Option<UnixMillis> {
        let subcluster = &self.subclusters[&asked];
        let rule = subcluster.spec.entry.as_ref()?;
        self.next_flip(now, rule, id, subcluster)
    }

    /// A sub-cluster changed: asks its entry rule about one of several unassigned nodes that it cannot tell apart.
    pub(super) fn ask_entry_of_alike(
        &mut self,
        now: UnixMillis,
        asked: SubclusterId,
        group: GroupId,
    ) {
        let Some(speaker) = self.lobby.speaker(group) else {
            return;
        };
        let capacity = self.node(speaker).spec.capacity;
        let subcluster = self.subclusters.get(&asked);
        if subcluster.is_none_or(|one| one.closed_to(capacity).is_some()) {
            return;
        }
        match self.entry_answer(now, speaker, asked) {
            Answer::Holds => self.ask_about_unassigned_alike(group),
            Answer::DoesNotHold => {
                if let Some(at) = self.next_entry_flip(now, asked, speaker) {
                    self.alarms.set_if_earlier(Alarm::Entry(group), at);
                }
            }
        }
    }

    /// Has the entry rules asked about every unassigned node of a group.
    pub(super) fn ask_about_unassigned_alike(&mut self, group: GroupId) {
        self.changes.entry_due.extend(self.lobby.members(group));
    }
}

impl Subcluster {
    /// Why it would not ask its entry rule about a node with that capacity.
    pub(super) fn closed_to(&self, capacity: Resources) -> Option<Closed> {
        if !self.is_declared() {
            Some(Closed::Removed)
        } else if self.spec.entry.is_none() {
            Some(Closed::NoRule)
        } else if self.is_full() {
            Some(Closed::Full)
        } else if capacity.slots_of(self.spec.slot) == 0 {
            Some(Closed::TooSmall)
        } else {
            None
        }
    }
}
