//! What the scheduler may do about an event, action by action.

use sublet_scheduler::{
    Action, AttemptId, JobId, Next, NodeMove, Outcome, Restart, SlotId, SubclusterId, TaskRange,
    UnixMillis,
};

use super::holds::Term;
use super::jobs::{Retry, Task};
use super::nodes::home_of;
use super::queues::{Sight, Turn};
use super::{Auditor, Checked, ensure};

impl Auditor {
    pub(super) fn judge_action(&mut self, now: UnixMillis, action: &Action) -> Checked {
        match action {
            Action::Start {
                attempt,
                slot,
                subcluster,
            } => self.start(now, *attempt, *slot, *subcluster),
            Action::Stop { attempt, .. } => {
                let is_live = matches!(self.task(*attempt), Some(Task::Live { number, .. }) if number == attempt.number);
                ensure(is_live, "S6", || {
                    format!("{attempt} is told to stop and does not run")
                })
            }
            Action::Finish {
                attempt,
                outcome,
                next,
            } => self.finish(now, *attempt, *outcome, *next),
            Action::Reclaim { attempt, slot } => self.reclaim(*attempt, *slot),
            Action::CancelWaiting { job, tasks, .. } => self.cancel_waiting(*job, tasks),
            Action::Routed { job, routing } => {
                let home = routing.as_ref().map(|routing| routing.subcluster);
                if let Some(account) = self.jobs.get_mut(job) {
                    account.home = home;
                    self.touched.push(*job);
                }
                let checked = routing.as_ref().map(|routing| self.ratios.check(routing));
                checked.unwrap_or(Ok(()))
            }
            Action::NodeMoved(moved) => self.node_moved(now, moved),
            Action::JobFinished(job) => self.job_finished(*job),
            Action::SubclusterGone(_) | Action::WakeAt(_) => Ok(()),
        }
    }

    fn node_moved(&mut self, now: UnixMillis, moved: &NodeMove) -> Checked {
        self.nodes.moved(now, moved, self.moves_per_minute_max)?;
        let mark = self.users.mark(now);
        for home in [moved.from, moved.to].into_iter().filter_map(home_of) {
            self.queues.disturb(mark, home);
        }
        Ok(())
    }

    fn start(
        &mut self,
        now: UnixMillis,
        id: AttemptId,
        slot: SlotId,
        subcluster: SubclusterId,
    ) -> Checked {
        ensure(!self.queues.is_paused(subcluster), "S6", || {
            format!("{id} starts in {subcluster:?}, which is paused")
        })?;
        let timeout_ms = self.jobs.get(&id.job).map_or(0, |job| job.timeout_ms);
        let term = Term {
            since: now,
            until: now.plus(timeout_ms),
        };
        let sight = Sight {
            now,
            aging_ms: self.aging_ms,
            nodes: &self.nodes,
            users: &self.users,
        };
        self.queues.note_heads(subcluster, sight);
        let amount = self.nodes.grant(slot, subcluster, id, term)?;
        let Some(job) = self.jobs.get_mut(&id.job) else {
            return ensure(false, "S6", || {
                format!("{id} starts, of a job that is not there")
            });
        };
        ensure(job.home == Some(subcluster), "S5", || {
            format!("{id} waits in {:?} and starts in {subcluster:?}", job.home)
        })?;
        let may_start = match job.active.get(&id.task) {
            Some(Task::Ready { number }) => *number == id.number,
            Some(Task::Live { .. } | Task::Over { .. } | Task::Paused(_)) => false,
            None => id.number == 1 && job.begin(id.task),
        };
        ensure(may_start && !job.has_succeeded(id.task), "S6", || {
            format!(
                "{id} starts, its task is {:?} of {job:?}",
                job.active.get(&id.task)
            )
        })?;
        let turn = Turn {
            now,
            subcluster,
            job: id.job,
            user: job.user,
            since: job.since,
            timeout_ms,
            is_of_gang: job.is_gang,
        };
        let sight = Sight {
            now,
            aging_ms: self.aging_ms,
            nodes: &self.nodes,
            users: &self.users,
        };
        self.queues.check_turn(&turn, sight)?;
        let number = id.number;
        job.put(id.task, Some(Task::Live { number, slot }));
        self.touched.push(id.job);
        self.users.grant(job.user, amount)
    }

    fn finish(&mut self, now: UnixMillis, id: AttemptId, outcome: Outcome, next: Next) -> Checked {
        let due = self.duties.finish.remove(&id);
        ensure(due == Some(outcome), "S6", || {
            format!("{id} ends as {outcome}, it was {due:?}")
        })?;
        let Some(job) = self.jobs.get_mut(&id.job) else {
            return Ok(());
        };
        let next = match next {
            Next::Retry { number, at } => Some(Retry { number, at }),
            Next::Settled => None,
        };
        let may_follow = !outcome.is_success() && job.restart != Restart::Never;
        let follows =
            next.is_none_or(|retry| may_follow && retry.number == id.number + 1 && retry.at >= now);
        ensure(follows, "S6", || {
            format!("{id} ended as {outcome}, then {next:?}")
        })?;
        let is_first = !outcome.is_success() || job.succeed(id.task);
        ensure(is_first, "S6", || format!("{id} succeeds again"))?;
        job.unsettled -= u64::from(next.is_none());
        let Some(Task::Live { number, slot }) = job.active.get(&id.task).copied() else {
            return ensure(false, "S6", || format!("{id} ends and did not run"));
        };
        // What a lost host held is back already.
        let still_holds = self.nodes.holder(slot) == Some(id);
        let state = if still_holds {
            Some(Task::Over { number, slot, next })
        } else {
            next.map(|retry| retry.due(now))
        };
        if let Some(Task::Paused(retry)) = state {
            self.paused.insert((retry.at, id.job, id.task));
        }
        job.put(id.task, state);
        self.touched.push(id.job);
        Ok(())
    }

    fn reclaim(&mut self, id: AttemptId, slot: SlotId) -> Checked {
        let due = self.duties.reclaim.iter().position(|due| *due == id);
        let Some(due) = due else {
            return ensure(false, "S4", || {
                format!("{id} is reclaimed and did not just end")
            });
        };
        self.duties.reclaim.swap_remove(due);
        let is_recorded = !self.duties.finish.contains_key(&id);
        ensure(is_recorded, "X3", || {
            format!("{id} is reclaimed before its end is recorded")
        })?;
        let holder = self.nodes.holder(slot);
        ensure(holder == Some(id), "S4", || {
            format!("{id} gives {slot} back, held by {holder:?}")
        })
    }

    fn cancel_waiting(&mut self, id: JobId, tasks: &[TaskRange]) -> Checked {
        let Some(job) = self.jobs.get_mut(&id) else {
            return ensure(false, "S6", || {
                format!("tasks of {id:?} are cancelled, which is not there")
            });
        };
        for task in tasks.iter().cloned().flatten() {
            let waited = job.waits(Some(task));
            ensure(waited, "S6", || {
                format!("task {task} of {id:?} is cancelled and did not wait")
            })?;
            match job.active.get(&task).copied() {
                Some(Task::Over { number, slot, .. }) => {
                    let next = None;
                    job.put(task, Some(Task::Over { number, slot, next }));
                }
                Some(_) => job.put(task, None),
                None => {
                    job.begin(task);
                }
            }
            job.unsettled -= 1;
        }
        self.touched.push(id);
        Ok(())
    }

    fn job_finished(&mut self, id: JobId) -> Checked {
        let job = self.jobs.get_mut(&id).filter(|job| job.unsettled == 0);
        let is_first = job.is_some_and(|job| !std::mem::replace(&mut job.is_announced, true));
        self.touched.push(id);
        ensure(is_first, "S6", || {
            format!("{id:?} is not finished, or was finished before")
        })
    }
}

impl Retry {
    /// How the task stands that is to have it and holds no slot.
    pub(super) fn due(self, now: UnixMillis) -> Task {
        if self.at <= now {
            Task::Ready {
                number: self.number,
            }
        } else {
            Task::Paused(self)
        }
    }
}
