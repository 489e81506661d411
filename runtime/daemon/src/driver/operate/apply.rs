//! Other rules: recorded as a new version, then obeyed by the scheduler and by the shapes of workers.

use sublet_scheduler::{Burst, Isolation};
use sublet_store::{Record, RuleSet, Who};

use crate::config::{Rules, RulesError, SLOTS_MAX};
use crate::driver::ground::Adoption;
use crate::driver::{Answer, Driver, NotKept, reply};
use crate::workers::WorkerShape;

/// Somebody wants other rules to hold.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) rules: Rules,
    /// The version that they were made for: they hold only while it does.
    pub(crate) made_for: u64,
    pub(crate) who: Who,
    /// The word of the audit record.
    pub(crate) action: &'static str,
    pub(crate) object: String,
}

/// Why other rules do not hold.
#[derive(Debug)]
pub(crate) enum ApplyError {
    /// They were made for another version than the one in force.
    Stale {
        /// The version in force.
        current: u64,
    },
    /// The host cannot be carved as they say.
    Host(RulesError),
    /// They could not be recorded.
    NotKept(NotKept),
}

impl Driver {
    pub(in crate::driver) fn apply(
        &mut self,
        change: Change,
        answer: Answer<Result<u64, ApplyError>>,
    ) {
        let applied = self.try_apply(change);
        reply(answer, applied);
    }

    /// Answers the version that holds then: the old one where nothing changes.
    fn try_apply(&mut self, change: Change) -> Result<u64, ApplyError> {
        let current = self.ground.version();
        if change.made_for != current {
            return Err(ApplyError::Stale { current });
        }
        let offered = self.ground.offered;
        let carved = change.rules.carve(offered).map_err(ApplyError::Host)?;
        let (before, after) = (self.ground.rules.document(), change.rules.document());
        if before == after {
            return Ok(current);
        }
        let mut rules = change.rules;
        rules.set.version = current + 1;
        let mut ground = self.ground.clone();
        let adoption = ground.adopt(rules, carved);
        let at = (self.now)();
        let mut records = adoption.records.clone();
        records.push(Record::RuleSetApplied(RuleSet {
            version: current + 1,
            document: after.clone(),
            by: change.who.user.unwrap_or(self.owner),
            at,
        }));
        let mut audited = self.audited(change.who, change.action, change.object);
        (audited.before, audited.after) = (Some(before), Some(after));
        records.push(Record::Audited(Box::new(audited)));
        self.keep_now(records).map_err(ApplyError::NotKept)?;
        self.ground = ground;
        self.obey_rules(adoption);
        Ok(current + 1)
    }

    /// Has the scheduler and the workers go by other rules, which are recorded.
    pub(in crate::driver) fn obey_rules(&mut self, adoption: Adoption) {
        self.ground.rules = adoption.rules;
        for event in adoption.events {
            self.happened(event);
        }
        self.fit_workers();
    }

    /// Has workers be like the slots of their sub-clusters. Each can hold as many instances as the sub-cluster could have
    /// slots, so that one user may have them all.
    fn fit_workers(&mut self) {
        for one in self.scheduler.pool().subclusters {
            let slots = self.scheduler.slots_ever(one.subcluster);
            let shape = WorkerShape {
                instances_max: match one.spec.isolation {
                    Isolation::User => u32::try_from(slots.clamp(1, SLOTS_MAX)).unwrap_or(1),
                    Isolation::Process => 1,
                },
                memory_bytes_max: one.spec.slot.memory_bytes,
                isolation: match one.spec.isolation {
                    Isolation::User => sublet_worker::Isolation::User,
                    Isolation::Process => sublet_worker::Isolation::Process,
                },
                cpu_millis: one.spec.slot.cpu_millis,
                burst: match one.spec.burst {
                    Burst::Allowed => sublet_worker::Burst::Allowed,
                    Burst::Denied => sublet_worker::Burst::Forbidden,
                },
            };
            if !one.is_leaving {
                self.workers.reshape(one.subcluster, shape);
            }
        }
    }
}
