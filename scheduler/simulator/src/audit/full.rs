//! The check of everything: the auditor's sums anew from their parts, and what the scheduler says of itself beside them.
//! It costs as much as there is, so it is made at intervals.

use std::collections::BTreeMap;

use sublet_scheduler::{AttemptId, AttemptState, PoolView, Scheduler, SlotId};

use super::jobs::Task;
use super::{Auditor, Checked, ensure};

impl Auditor {
    /// Compares the scheduler's view of itself with these accounts.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&self, scheduler: &Scheduler) -> Checked {
        self.nodes.recount()?;
        if let Err(message) = scheduler.conservation() {
            return ensure(false, "X1", || message);
        }
        let pool = scheduler.pool();
        self.compare_nodes(&pool)?;
        self.compare_subclusters(&pool)?;
        self.compare_attempts(scheduler)?;
        let jobs = self.jobs.len() as u64;
        ensure(pool.jobs == jobs, "S6", || {
            format!("the scheduler knows {} jobs, there are {jobs}", pool.jobs)
        })?;
        ensure(
            scheduler.is_idle() == self.nodes.held().next().is_none(),
            "S3",
            || format!("the scheduler is idle: {}", scheduler.is_idle()),
        )
    }

    fn compare_nodes(&self, pool: &PoolView) -> Checked {
        let registered = self.nodes.len();
        ensure(pool.nodes.len() == registered, "S2", || {
            format!(
                "{} nodes are known, {registered} registered",
                pool.nodes.len()
            )
        })?;
        for (view, (id, node)) in pool.nodes.iter().zip(self.nodes.iter()) {
            ensure(view.node == id && view.state == node.state, "S2", || {
                format!("{view:?}, and {id:?} is {:?}", node.state)
            })?;
            let is_equal = view.granted == node.granted && view.capacity == node.capacity();
            ensure(is_equal && view.slots.in_use() == node.held, "S3", || {
                format!("{view:?}, and it is {node:?}")
            })?;
        }
        Ok(())
    }

    fn compare_subclusters(&self, pool: &PoolView) -> Checked {
        for view in &pool.subclusters {
            let id = view.subcluster;
            let (free, queued) = (self.nodes.free_slots(id), self.queues.tasks(id));
            ensure(view.slots.free == free, "S3", || {
                format!(
                    "{} has {} slots free, and {free} are",
                    view.spec.name, view.slots.free
                )
            })?;
            ensure(view.queued_tasks == queued, "S6", || {
                format!(
                    "in {} {} tasks wait, and {queued} do",
                    view.spec.name, view.queued_tasks
                )
            })?;
        }
        Ok(())
    }

    fn compare_attempts(&self, scheduler: &Scheduler) -> Checked {
        let mut seen: BTreeMap<SlotId, AttemptId> = BTreeMap::new();
        for (&id, job) in &self.jobs {
            for view in scheduler.attempts(id) {
                let before = seen.insert(view.slot, view.attempt);
                ensure(before.is_none(), "S4", || {
                    format!("{before:?} and {view:?} share a slot")
                })?;
                let is_over = view.state == AttemptState::Finished;
                let agrees = match job.active.get(&view.attempt.task) {
                    Some(Task::Live { number, slot }) => {
                        (*number, *slot, is_over) == (view.attempt.number, view.slot, false)
                    }
                    Some(Task::Over { number, slot, .. }) => {
                        (*number, *slot, is_over) == (view.attempt.number, view.slot, true)
                    }
                    Some(Task::Paused(_) | Task::Ready { .. }) | None => false,
                };
                ensure(agrees, "S6", || format!("{view:?}, of {job:?}"))?;
            }
            let unsettled = scheduler.job(id).map(|view| view.unsettled());
            ensure(unsettled == Some(job.unsettled), "S6", || {
                format!(
                    "{unsettled:?} tasks of {id:?} are unsettled, not {}",
                    job.unsettled
                )
            })?;
        }
        ensure(seen.into_iter().eq(self.nodes.held()), "S4", || {
            "who holds slots is not who was granted them".to_owned()
        })
    }
}
