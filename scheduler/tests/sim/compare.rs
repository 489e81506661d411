//! What must hold after every event: what the scheduler says of itself, beside the model and the rules.

use std::collections::BTreeMap;

use sublet_scheduler::*;

use crate::model::{Checked, Model, SLOT, Task, ensure};

impl Model {
    /// Compares what the scheduler says of itself with the model, and the model with the rules.
    pub(crate) fn compare(&self, scheduler: &Scheduler) -> Checked {
        let pool = scheduler.pool();
        self.compare_nodes(&pool)?;
        self.compare_totals(&pool)?;
        ensure(scheduler.conservation().is_ok(), "X1", || {
            format!("{:?}", scheduler.conservation())
        })?;
        let is_busy = self.draining || !self.has_free_slot() || self.any_ready_job().is_none();
        ensure(is_busy, "F1", || {
            format!("a slot is free for {:?}", self.any_ready_job())
        })?;
        self.compare_attempts(scheduler, &pool)?;
        let pauses = self.jobs.values().flat_map(|model| model.active.values());
        let first = pauses
            .filter_map(|task| match *task {
                Task::Waiting {
                    at, ready: false, ..
                } => Some(at),
                Task::Waiting { .. } | Task::Live { .. } | Task::Over { .. } => None,
            })
            .min();
        ensure(first.is_none() || first == self.alarm, "wake", || {
            format!(
                "the alarm is set to {:?}, the first pause ends at {first:?}",
                self.alarm
            )
        })
    }

    fn compare_nodes(&self, pool: &PoolView) -> Checked {
        let names: Vec<NodeId> = pool.nodes.iter().map(|node| node.node).collect();
        let registered: Vec<NodeId> = self.nodes.keys().copied().collect();
        ensure(names == registered, "S2", || {
            format!("{names:?}, registered {registered:?}")
        })?;
        for node in &pool.nodes {
            let held = self.held_on(node.node);
            let granted = Resources {
                cpu_millis: SLOT.cpu_millis * held,
                memory_bytes: SLOT.memory_bytes * held,
            };
            let capacity = self.nodes[&node.node];
            ensure(capacity.covers(granted), "S1", || {
                format!("{granted} of {capacity} granted")
            })?;
            let home = match self.slots_of(node.node) {
                0 => NodeState::Unassigned,
                _ => NodeState::In(SubclusterId(0)),
            };
            ensure(node.state == home, "S2", || format!("{node:?}"))?;
            let is_equal = node.capacity == capacity
                && node.granted == granted
                && node.slots.in_use() == held
                && node.slots.total == self.slots_of(node.node);
            ensure(is_equal, "S3", || {
                format!("{node:?}, and {held} slots are held")
            })?;
        }
        Ok(())
    }

    fn compare_totals(&self, pool: &PoolView) -> Checked {
        let in_use: u64 = pool.subclusters.iter().map(|one| one.slots.in_use()).sum();
        ensure(in_use == self.held.len() as u64, "S3", || {
            format!("{in_use} slots are in use")
        })
    }

    fn compare_attempts(&self, scheduler: &Scheduler, pool: &PoolView) -> Checked {
        let mut seen = BTreeMap::new();
        for (&id, model) in &self.jobs {
            for view in scheduler.attempts(id) {
                let before = seen.insert(view.slot, view.attempt);
                ensure(before.is_none(), "S4", || {
                    format!("{before:?} and {view:?} share a slot")
                })?;
                let expected = self.task(view.attempt).and_then(|task| match task {
                    Task::Live {
                        number,
                        slot,
                        state,
                        ..
                    } => Some((number, slot, state)),
                    Task::Over { number, slot, .. } => Some((number, slot, AttemptState::Finished)),
                    Task::Waiting { .. } => None,
                });
                let found = (view.attempt.number, view.slot, view.state);
                ensure(expected == Some(found), "S6", || {
                    format!("{view:?}, not {expected:?}")
                })?;
            }
            let view = scheduler.job(id);
            let unsettled = view.as_ref().map(JobView::unsettled);
            ensure(unsettled == Some(model.unsettled()), "S6", || {
                format!("{view:?} of {model:?}")
            })?;
        }
        ensure(seen == self.held, "S4", || {
            format!("{seen:?} hold slots, granted {:?}", self.held)
        })?;
        let jobs = self.jobs.len() as u64;
        ensure(pool.jobs == jobs, "S6", || {
            format!("{} jobs are known, not {jobs}", pool.jobs)
        })
    }
}
