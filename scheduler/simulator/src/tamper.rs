//! Planted faults. A tamper stands between the scheduler and everybody else and now and then breaks what passes: an
//! auditor that does not see it would not see the same fault in the scheduler either.

use sublet_scheduler::{
    Action, AttemptId, ClassRule, Event, NodeState, SlotId, SubclusterId, UnixMillis,
};

use crate::random::Random;

/// How much more a user is taken to weigh.
const WRONG_WEIGHT: u32 = 8;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// One slot in 10,000 that comes back is never free again.
    LeakSlot,
    /// A slot that was just given to somebody is given to the next one too.
    AssignTwice,
    /// A node that has to leave is left where it is, and nothing is said of it.
    IgnoreExit,
    /// The end of an attempt is not taken note of.
    IgnoreEnd,
    /// Every quota of slots is kept with one more than was said.
    QuotaOffByOne,
    /// The word to release what an attempt held is lost.
    LoseReturn,
    /// A start names another sub-cluster than the one its node is in.
    StartElsewhere,
    /// A start names a slot that its node does not have.
    InventSlot,
    /// An end is reported twice.
    FinishTwice,
    /// A task starts again under its last number.
    StartAgain,
    /// The end of a job is kept back.
    ForgetJobFinished,
    /// A node is reported to leave while it has work.
    LeaveBusy,
    /// A user is taken to weigh much more than was said.
    WeighWrongly,
    /// A job never comes of age.
    ForgetAge,
    /// Jobs whose tasks start one by one are taken to be over in no time.
    TrustHaste,
    /// The weights of each class are taken to be those of its targets in the opposite order.
    SpreadWrongly,
    /// After a restart tasks have all of their retries again.
    ForgetFailures,
}

/// Breaks things, in the same way for the same seed.
#[derive(Clone, Debug)]
pub struct Tamper {
    fault: Fault,
    /// Chances until it strikes again.
    ahead: u64,
    struck: u64,
    /// The last slot that was granted, while it is held for certain.
    last: Option<Granted>,
}

#[derive(Clone, Copy, Debug)]
struct Granted {
    attempt: AttemptId,
    slot: SlotId,
    subcluster: SubclusterId,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::LeakSlot,
        Self::AssignTwice,
        Self::IgnoreExit,
        Self::IgnoreEnd,
        Self::QuotaOffByOne,
        Self::LoseReturn,
        Self::StartElsewhere,
        Self::InventSlot,
        Self::FinishTwice,
        Self::StartAgain,
        Self::ForgetJobFinished,
        Self::LeaveBusy,
        Self::WeighWrongly,
        Self::ForgetAge,
        Self::TrustHaste,
        Self::SpreadWrongly,
        Self::ForgetFailures,
    ];

    /// One in how many chances is taken.
    const fn period(self) -> u64 {
        match self {
            Self::LeakSlot => 10_000,
            Self::QuotaOffByOne | Self::TrustHaste | Self::SpreadWrongly | Self::ForgetFailures => {
                1
            }
            Self::IgnoreExit | Self::LeaveBusy | Self::WeighWrongly => 3,
            Self::ForgetAge => 5,
            Self::AssignTwice
            | Self::IgnoreEnd
            | Self::LoseReturn
            | Self::StartElsewhere
            | Self::InventSlot
            | Self::FinishTwice
            | Self::StartAgain
            | Self::ForgetJobFinished => 500,
        }
    }
}

impl Tamper {
    /// One that plants a fault; the seed says how long it waits for the first time.
    #[must_use]
    pub const fn new(fault: Fault, seed: u64) -> Self {
        Self {
            fault,
            ahead: Random::of(seed, fault as u64).below(fault.period()),
            struck: 0,
            last: None,
        }
    }

    /// How often it struck.
    #[must_use]
    pub const fn struck(&self) -> u64 {
        self.struck
    }

    /// What the scheduler hears of an event; nothing when it never does.
    pub fn hear(&mut self, mut event: Event) -> Option<Event> {
        match &mut event {
            Event::Reclaimed(attempt) => {
                self.last = self.last.filter(|last| last.attempt != *attempt);
                if self.fault == Fault::LeakSlot && self.strikes() {
                    return None;
                }
            }
            Event::Exited { .. } if self.fault == Fault::IgnoreEnd && self.strikes() => {
                return None;
            }
            Event::UserTerms { terms, .. }
                if self.fault == Fault::QuotaOffByOne && self.strikes() =>
            {
                terms.quota.slots = terms.quota.slots.saturating_add(1);
            }
            Event::UserTerms { terms, .. }
                if self.fault == Fault::WeighWrongly && self.strikes() =>
            {
                terms.weight = terms.weight.saturating_mul(WRONG_WEIGHT);
            }
            Event::Submitted(job) if self.fault == Fault::ForgetAge && self.strikes() => {
                job.submitted_at = UnixMillis(u64::MAX);
            }
            Event::Submitted(job)
                if self.fault == Fault::TrustHaste && !job.is_gang && self.strikes() =>
            {
                job.timeout_ms = 1;
            }
            Event::RulesChanged(rules) if self.fault == Fault::SpreadWrongly && self.strikes() => {
                rules.classes.iter_mut().for_each(turn_round);
            }
            Event::Resumed(resumption) if self.fault == Fault::ForgetFailures && self.strikes() => {
                for again in &mut resumption.again {
                    again.failures = 0;
                }
                for interrupted in &mut resumption.interrupted {
                    interrupted.failures = 0;
                }
            }
            Event::HostLost { .. } => self.last = None,
            _ => {}
        }
        Some(event)
    }

    /// Breaks what the scheduler decided.
    pub fn spoil(&mut self, actions: &mut Vec<Action>) {
        let mut at = 0;
        while at < actions.len() {
            let before = self.last;
            if let Action::Start {
                attempt,
                slot,
                subcluster,
            } = actions[at]
            {
                self.last = Some(Granted {
                    attempt,
                    slot,
                    subcluster,
                });
            }
            if self.suits(&actions[at], before) && self.strikes() {
                at += self.break_at(at, before, actions);
            } else {
                at += 1;
            }
        }
    }

    /// Whether its time has come.
    const fn strikes(&mut self) -> bool {
        if self.ahead > 0 {
            self.ahead -= 1;
            return false;
        }
        self.ahead = self.fault.period() - 1;
        self.struck += 1;
        true
    }

    fn suits(&self, action: &Action, before: Option<Granted>) -> bool {
        match (self.fault, action) {
            (Fault::AssignTwice, Action::Start { subcluster, .. }) => {
                before.is_some_and(|before| before.subcluster == *subcluster)
            }
            (
                Fault::StartElsewhere | Fault::InventSlot | Fault::StartAgain,
                Action::Start { .. },
            )
            | (Fault::FinishTwice, Action::Finish { .. })
            | (Fault::LoseReturn, Action::Reclaim { .. })
            | (Fault::ForgetJobFinished, Action::JobFinished(_)) => true,
            (Fault::IgnoreExit, Action::NodeMoved(moved)) => {
                let leaves = matches!(moved.from, NodeState::In(_) | NodeState::Draining(_));
                leaves && moved.to == NodeState::Unassigned
            }
            (Fault::LeaveBusy, Action::NodeMoved(moved)) => {
                matches!(moved.to, NodeState::Draining(_))
            }
            _ => false,
        }
    }

    /// Breaks one action, and answers how many actions are in its place.
    fn break_at(&self, at: usize, before: Option<Granted>, actions: &mut Vec<Action>) -> usize {
        match self.fault {
            Fault::IgnoreExit | Fault::LoseReturn | Fault::ForgetJobFinished => {
                actions.remove(at);
                return 0;
            }
            Fault::FinishTwice | Fault::StartAgain => {
                actions.insert(at, actions[at].clone());
                return 2;
            }
            Fault::AssignTwice | Fault::StartElsewhere | Fault::InventSlot | Fault::LeaveBusy => {}
            // These break what the scheduler hears.
            Fault::LeakSlot
            | Fault::IgnoreEnd
            | Fault::QuotaOffByOne
            | Fault::WeighWrongly
            | Fault::ForgetAge
            | Fault::TrustHaste
            | Fault::SpreadWrongly
            | Fault::ForgetFailures => return 1,
        }
        match &mut actions[at] {
            Action::Start {
                slot, subcluster, ..
            } => match (self.fault, before) {
                (Fault::AssignTwice, Some(before)) => *slot = before.slot,
                (Fault::StartElsewhere, _) => subcluster.0 += 1,
                _ => slot.index += 1_000,
            },
            Action::NodeMoved(moved) => moved.to = NodeState::Unassigned,
            _ => {}
        }
        1
    }
}

/// Gives each target of a class the weight of the one in its place from the end.
fn turn_round(class: &mut ClassRule) {
    let weights: Vec<u32> = class.spread.iter().map(|(_, weight)| *weight).collect();
    for ((_, weight), other) in class.spread.iter_mut().zip(weights.into_iter().rev()) {
        *weight = other;
    }
}
