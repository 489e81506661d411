//! The flow. In each round everybody whose exit rule is to be asked is asked, and leaves if it is empty; then the entry
//! rules are asked about everybody who is in no sub-cluster and changed. Both go by the ids of the nodes, so the order in
//! which changes came does not matter. Moves change the sub-clusters they concern, and that may be another round.
//!
//! It ends: a node that entered at this instant stays at least until the next, so within one run each leaves a
//! sub-cluster by its rule at most once.

use core::mem;

use super::Partition;
use super::alarms::Alarm;
use super::alike::{GroupId, Values};
use super::moves::MoveCause;
use super::node::{Departure, Grace, Next, Place};
use super::reorganised::{Answer, Reorganised, Step};
use super::subcluster::Subcluster;
use crate::rules::{AttributeSet, Facts, NodeFacts, Object, Pace, Rule, RuleKind, SubclusterFacts};
use crate::{NodeId, SubclusterId, UnixMillis};

/// What may change an answer without an event of the node: a rule that reads none of it needs no groups.
const WITHOUT_THE_NODE: AttributeSet =
    AttributeSet::of_object(Object::Subcluster).union(AttributeSet::of_pace(Pace::Aging));

impl Partition {
    /// Runs the flow for everything that changed since, and adds what came of it to `outcome`.
    pub(crate) fn reorganise(&mut self, now: UnixMillis, outcome: &mut Reorganised) {
        self.report
            .trace
            .clone_from(&outcome.trace.as_ref().map(|_| alloc::vec::Vec::new()));
        loop {
            self.hear_alarms(now);
            if self.changes.is_empty() {
                break;
            }
            self.settle_hosts(now);
            self.let_emptied_go(now);
            self.ask_for_subclusters(now);
            for id in mem::take(&mut self.changes.exit_due) {
                self.ask_exit(now, id);
            }
            for id in mem::take(&mut self.changes.entry_due) {
                self.ask_entries(now, id);
            }
        }
        self.changes.just_left.clear();
        self.drop_gone();
        outcome.absorb(mem::take(&mut self.report));
    }

    /// Whether a run of the flow would ask nobody and report nothing.
    pub(crate) fn is_at_rest(&self, now: UnixMillis) -> bool {
        let is_due = self.alarms.next().is_some_and(|at| at <= now);
        !is_due
            && self.changes.is_empty()
            && self.changes.maybe_gone.is_empty()
            && self.report.is_empty()
    }

    /// When to run the flow again although nothing happens.
    pub(crate) fn next_wake(&self) -> Option<UnixMillis> {
        self.alarms.next()
    }

    fn hear_alarms(&mut self, now: UnixMillis) {
        while let Some(alarm) = self.alarms.pop_due(now) {
            match alarm {
                Alarm::Grace(id) => self.end_grace(id),
                Alarm::Held(id) => {
                    self.changes.exit_due.insert(id);
                }
                Alarm::Exit(id, group) => self.ask_members_alike(now, id, group),
                Alarm::Entry(group) => self.ask_about_unassigned_alike(group),
            }
        }
    }

    fn settle_hosts(&mut self, now: UnixMillis) {
        for host in mem::take(&mut self.changes.hosts) {
            self.settle_host(now, &host);
        }
    }

    fn let_emptied_go(&mut self, now: UnixMillis) {
        for id in mem::take(&mut self.changes.emptied) {
            self.leave_if_empty(now, id);
        }
    }

    /// Finds out whom the changes of sub-clusters concern, one group at a time.
    fn ask_for_subclusters(&mut self, now: UnixMillis) {
        for id in mem::take(&mut self.changes.for_members) {
            let Some(subcluster) = self.subclusters.get(&id) else {
                continue;
            };
            for group in subcluster.alike.groups() {
                self.ask_members_alike(now, id, group);
            }
        }
        for id in mem::take(&mut self.changes.for_unassigned) {
            for group in self.lobby.groups() {
                self.ask_entry_of_alike(now, id, group);
            }
        }
    }

    /// Asks the exit rule about one of several members that it cannot tell apart.
    fn ask_members_alike(&mut self, now: UnixMillis, id: SubclusterId, group: GroupId) {
        let Some(subcluster) = self.subclusters.get(&id) else {
            return;
        };
        let Some(speaker) = subcluster.alike.speaker(group) else {
            return;
        };
        match self.exit_answer(now, speaker, id) {
            Some(Answer::Holds) => {
                let members = self.subclusters[&id].alike.members(group);
                self.changes.exit_due.extend(members);
            }
            Some(Answer::DoesNotHold) => self.watch_members(now, id, group, speaker),
            None => {}
        }
    }

    /// Asks the exit rule about a member, and sends it away if the rule holds and nothing forbids that now.
    fn ask_exit(&mut self, now: UnixMillis, id: NodeId) {
        let Some(node) = self.nodes.get(&id) else {
            return;
        };
        let Place::In(seat) = &node.place else {
            return;
        };
        let home = seat.subcluster;
        let Some(answer) = self.exit_answer(now, id, home) else {
            return;
        };
        let held_until = match answer {
            Answer::Holds => self.must_stay_until(now, id),
            Answer::DoesNotHold => None,
        };
        self.alarms.set(Alarm::Held(id), held_until);
        if answer == Answer::Holds && held_until.is_none() {
            self.depart_by_rule(now, id, home);
        } else {
            self.group_member(now, id, home);
        }
    }

    fn exit_answer(&mut self, now: UnixMillis, id: NodeId, home: SubclusterId) -> Option<Answer> {
        let node = self.nodes.get(&id)?;
        let free = self.free_of(id);
        let subcluster = self.subclusters.get_mut(&home)?;
        subcluster.note_exit_asked(now);
        let rule = subcluster.spec.exit.as_ref()?;
        let answer = ask(rule, now, &node.facts(free), &subcluster.facts());
        self.report.evaluations.exit += 1;
        self.report.step(Step::AskedExit(id, home, answer));
        Some(answer)
    }

    /// Until when a member may not leave by its rule: it stays a minimum, and moves only so often in a minute.
    pub(super) fn must_stay_until(&self, now: UnixMillis, id: NodeId) -> Option<UnixMillis> {
        let node = self.node(id);
        let seat = node.seat()?;
        // At least to the next instant, or one run of the flow could take it through all sub-clusters.
        let dwell_min_ms = self.subclusters[&seat.subcluster].spec.dwell_min_ms.max(1);
        let stays = Some(seat.entered_at.plus(dwell_min_ms)).filter(|&until| until > now);
        let moves = node.recent.forbid_until(now, self.moves_per_minute_max);
        stays.max(moves)
    }

    fn depart_by_rule(&mut self, now: UnixMillis, id: NodeId, home: SubclusterId) {
        let cause = self.cause_by_rule(now, id, home, RuleKind::Exit);
        let departure = Departure {
            cause,
            next: Next::Elsewhere,
            grace: Grace::from(now, self.subclusters[&home].spec.grace_ms),
        };
        self.depart(now, id, departure);
    }

    /// What a rule of a sub-cluster says of a node now, as the cause of a move.
    pub(super) fn cause_by_rule(
        &self,
        now: UnixMillis,
        id: NodeId,
        of: SubclusterId,
        kind: RuleKind,
    ) -> MoveCause {
        let subcluster = &self.subclusters[&of];
        let rule = match kind {
            RuleKind::Exit => subcluster.spec.exit.as_ref(),
            RuleKind::Entry | RuleKind::Accept | RuleKind::Route | RuleKind::Class => {
                subcluster.spec.entry.as_ref()
            }
        };
        let rule = rule.expect("a rule that held is there");
        let (node, sub) = (self.facts_of(id), subcluster.facts());
        MoveCause::Rule {
            subcluster: subcluster.spec.name.clone(),
            kind,
            version: self.rules_version,
            explanation: rule.explain(&facts(now, &node, &sub)),
        }
    }

    /// Puts a member among those that its exit rule cannot tell from it, if that may be of use.
    fn group_member(&mut self, now: UnixMillis, id: NodeId, home: SubclusterId) {
        let reads = self.subclusters[&home].exit_reads();
        if !reads.intersects(WITHOUT_THE_NODE) {
            return;
        }
        let values = Values::of(&self.facts_of(id), reads);
        let (group, emptied) = self.subcluster_mut(home).alike.put(id, values);
        self.forget_group(emptied.map(|group| Alarm::Exit(home, group)));
        self.watch_members(now, home, group, id);
    }

    /// Asks to be woken when an age may change the answer of the exit rule.
    fn watch_members(
        &mut self,
        now: UnixMillis,
        home: SubclusterId,
        group: GroupId,
        speaker: NodeId,
    ) {
        let subcluster = &self.subclusters[&home];
        let rule = subcluster.spec.exit.as_ref();
        let at = rule.and_then(|rule| self.next_flip(now, rule, speaker, subcluster));
        self.alarms.set(Alarm::Exit(home, group), at);
    }

    /// When an age may change what a rule says of a node, at the earliest.
    pub(super) fn next_flip(
        &self,
        now: UnixMillis,
        rule: &Rule,
        id: NodeId,
        subcluster: &Subcluster,
    ) -> Option<UnixMillis> {
        if !rule.reads().intersects(AttributeSet::of_pace(Pace::Aging)) {
            return None;
        }
        let (node, sub) = (self.facts_of(id), subcluster.facts_for_alarm(now));
        rule.next_change(&facts(now, &node, &sub))
    }

    pub(super) fn facts_of(&self, id: NodeId) -> NodeFacts<'_> {
        self.node(id).facts(self.free_of(id))
    }

    fn free_of(&self, id: NodeId) -> crate::Resources {
        let account = self.ledger.account(id);
        account.expect("a known node has an account").free()
    }

    fn drop_gone(&mut self) {
        for id in mem::take(&mut self.changes.maybe_gone) {
            let one = self.subclusters.get(&id);
            if one.is_some_and(|one| !one.is_declared() && one.members.is_empty()) {
                self.subclusters.remove(&id);
                self.report.gone.push(id);
            }
        }
    }
}

/// What entry and exit rules may read.
pub(super) const fn facts<'a>(
    now: UnixMillis,
    node: &'a NodeFacts<'a>,
    subcluster: &'a SubclusterFacts<'a>,
) -> Facts<'a> {
    Facts {
        now,
        node: Some(node),
        subcluster: Some(subcluster),
        job: None,
        user: None,
    }
}

/// Asks a rule.
pub(super) fn ask(
    rule: &Rule,
    now: UnixMillis,
    node: &NodeFacts<'_>,
    subcluster: &SubclusterFacts<'_>,
) -> Answer {
    Answer::of(rule.holds(&facts(now, node, subcluster)))
}
