//! What the scheduler may and must do about an event, action by action.

use sublet_scheduler::*;

use crate::model::{Checked, Model, Past, Task, ensure};

impl Model {
    /// Checks the answer to an event: each action in its turn, and then that nothing is missing.
    pub(crate) fn judge(&mut self, now: UnixMillis, event: &Event, actions: &[Action]) -> Checked {
        self.take_note(now, event);
        ensure(!self.duties.none || actions.is_empty(), "M2", || {
            format!("{event:?} was nothing new, yet {actions:?}")
        })?;
        for action in actions {
            self.act(now, action)?;
        }
        self.nothing_is_missing(event, actions)?;
        self.settle_gone();
        Ok(())
    }

    fn act(&mut self, now: UnixMillis, action: &Action) -> Checked {
        match action {
            Action::Start {
                attempt,
                slot,
                subcluster,
            } => self.start(*attempt, *slot, *subcluster),
            Action::Stop { attempt, reason } => self.stop(*attempt, *reason),
            Action::Finish {
                attempt,
                outcome,
                next,
            } => self.finish(now, *attempt, *outcome, *next),
            Action::Reclaim { attempt, slot } => self.reclaim(*attempt, *slot),
            Action::CancelWaiting { job, tasks, reason } => {
                ensure(*reason == CancelReason::Asked, "S6", || {
                    format!("tasks of {job:?} are cancelled: {reason:?}")
                })?;
                self.cancel_waiting(*job, tasks)
            }
            Action::JobFinished(job) => self.job_finished(*job),
            Action::Routed { job, routing } => {
                let home = routing.as_ref().map(|routing| routing.subcluster);
                ensure(home == Some(SubclusterId(0)), "S5", || {
                    format!("{job:?} goes to {home:?}")
                })
            }
            Action::NodeMoved(moved) => ensure(self.nodes.contains_key(&moved.node), "S2", || {
                format!("{moved:?} is of no node that joined")
            }),
            Action::SubclusterGone(gone) => ensure(false, "S2", || format!("{gone:?} is gone")),
            Action::WakeAt(at) => {
                self.alarm = Some(*at);
                Ok(())
            }
        }
    }

    fn start(&mut self, id: AttemptId, slot: SlotId, subcluster: SubclusterId) -> Checked {
        ensure(!self.draining, "S6", || format!("{id} starts in a drain"))?;
        ensure(subcluster == SubclusterId(0), "S5", || {
            format!("{slot} is not in {subcluster:?}")
        })?;
        ensure(self.nodes.contains_key(&slot.node), "S5", || {
            format!("{slot} is on no node")
        })?;
        ensure(
            u64::from(slot.index) < self.slots_of(slot.node),
            "S1",
            || format!("{slot} is not covered by its node"),
        )?;
        let holder = self.held.insert(slot, id);
        ensure(holder.is_none(), "S4", || {
            format!("{slot} goes to {id} and is held by {holder:?}")
        })?;
        self.has_its_turn(id)?;
        let model = self.jobs.get_mut(&id.job).expect("it is ready");
        let next = model.next_ready();
        ensure(next == Some((id.task, id.number)), "S6", || {
            format!("{id} starts before {next:?}")
        })?;
        let past = model.past.entry(id.task).or_default();
        ensure(past.attempts < id.number, "S6", || {
            format!("{id} starts after {past:?}")
        })?;
        ensure(!past.succeeded, "S6", || {
            format!("{id} starts after a success")
        })?;
        past.attempts = id.number;
        let (state, cancelled) = (AttemptState::Starting, false);
        model.remove_fresh(id.task);
        model.active.insert(
            id.task,
            Task::Live {
                number: id.number,
                slot,
                state,
                cancelled,
            },
        );
        Ok(())
    }

    /// The job is the first of its user, and no other user who waits holds fewer slots.
    fn has_its_turn(&self, id: AttemptId) -> Checked {
        let user = self.jobs.get(&id.job).map(|model| model.job.user);
        let first = user.and_then(|user| self.first_ready_job_of(user));
        ensure(first == Some(id.job), "order", || {
            format!("{id} starts in the turn of {first:?}")
        })?;
        let held = self.held_by(user, id);
        let waiting = self
            .jobs
            .values()
            .filter(|model| model.next_ready().is_some());
        let fewest = waiting
            .map(|model| self.held_by(Some(model.job.user), id))
            .min();
        ensure(fewest == Some(held), "F3", || {
            format!("{id} starts, its user holds {held} slots, another who waits {fewest:?}")
        })
    }

    /// The slots of a user, but for the one that was just given to an attempt.
    fn held_by(&self, user: Option<UserId>, but_for: AttemptId) -> usize {
        let owner = |job: &JobId| self.jobs.get(job).map(|model| model.job.user);
        let theirs = |id: &&AttemptId| **id != but_for && owner(&id.job) == user;
        self.held.values().filter(theirs).count()
    }

    fn stop(&mut self, id: AttemptId, reason: StopReason) -> Checked {
        let due = self.duties.stop.remove(&id);
        ensure(due == Some(reason), "S6", || {
            format!("{id} is told to stop, {due:?} was asked")
        })?;
        let model = self.jobs.get_mut(&id.job).expect("it has a live attempt");
        if let Some(Task::Live { state, .. }) = model.active.get_mut(&id.task) {
            *state = AttemptState::Stopping;
        }
        Ok(())
    }

    fn finish(&mut self, now: UnixMillis, id: AttemptId, outcome: Outcome, next: Next) -> Checked {
        let due = self.duties.finish.remove(&id);
        ensure(due == Some(outcome), "S6", || {
            format!("{id} ends as {outcome}, it was {due:?}")
        })?;
        let task = self.task(id);
        let model = self
            .jobs
            .get_mut(&id.job)
            .expect("it has an attempt that ends");
        model.durable = true;
        let cancelled = matches!(
            task,
            Some(Task::Live {
                cancelled: true,
                ..
            })
        );
        let past = model.past.entry(id.task).or_default();
        let expected = match follow(model.job.restart, outcome, past) {
            Some(pause) if !cancelled => Next::Retry {
                number: id.number + 1,
                at: UnixMillis(now.0 + pause),
            },
            Some(_) | None => Next::Settled,
        };
        ensure(next == expected, "restart", || {
            format!("{id}, {outcome}: {next:?}, not {expected:?}")
        })?;
        ensure(!(past.succeeded && outcome.is_success()), "S6", || {
            format!("{id} succeeds again")
        })?;
        past.succeeded |= outcome.is_success();
        let retry = match next {
            Next::Retry { number, at } => Some((number, at)),
            Next::Settled => None,
        };
        match (task, retry) {
            (Some(Task::Live { number, slot, .. }), retry) => {
                model.active.insert(
                    id.task,
                    Task::Over {
                        number,
                        slot,
                        retry,
                    },
                );
            }
            (_, Some((number, at))) => {
                model.active.insert(
                    id.task,
                    Task::Waiting {
                        number,
                        at,
                        ready: at <= now,
                    },
                );
            }
            (_, None) => {}
        }
        Ok(())
    }

    fn reclaim(&mut self, id: AttemptId, slot: SlotId) -> Checked {
        let due = self.duties.reclaim.remove(&id);
        ensure(due, "S4", || {
            format!("{id} is reclaimed and did not just end")
        })?;
        let is_over = !self.duties.finish.contains_key(&id);
        ensure(is_over, "X3", || {
            format!("{id} is reclaimed before its end is recorded")
        })?;
        let holder = self.held.get(&slot).copied();
        ensure(holder == Some(id), "S4", || {
            format!("{id} gives {slot} back, held by {holder:?}")
        })
    }

    fn cancel_waiting(&mut self, job: JobId, tasks: &[TaskRange]) -> Checked {
        let (asked, only) = self.duties.cancel.unwrap_or((JobId(0), None));
        ensure(asked == job, "S6", || {
            format!("tasks of {job:?} are cancelled")
        })?;
        let model = self.jobs.get_mut(&job).expect("its cancel was asked");
        for range in tasks {
            ensure(
                only.is_none_or(|only| *range == (only..=only)),
                "S6",
                || format!("{range:?} is cancelled, {only:?} was asked"),
            )?;
            if model.fresh.first() == Some(range) {
                model.fresh.remove(0);
                continue;
            }
            for task in range.clone() {
                let waits = match model.active.get_mut(&task) {
                    Some(Task::Over { retry, .. }) => retry.take().is_some(),
                    Some(Task::Waiting { .. }) => model.active.remove(&task).is_some(),
                    Some(Task::Live { .. }) => false,
                    None => model.is_fresh(task),
                };
                ensure(waits, "S6", || {
                    format!("task {task} of {job:?} did not wait")
                })?;
                model.remove_fresh(task);
            }
        }
        Ok(())
    }

    fn job_finished(&mut self, id: JobId) -> Checked {
        let model = self
            .jobs
            .get_mut(&id)
            .filter(|model| model.unsettled() == 0);
        let first = model.is_some_and(|model| !std::mem::replace(&mut model.announced, true));
        ensure(first, "S6", || {
            format!("{id:?} is not finished, or was finished before")
        })
    }

    fn nothing_is_missing(&self, event: &Event, actions: &[Action]) -> Checked {
        let duties = &self.duties;
        let is_done = duties.finish.is_empty() && duties.stop.is_empty();
        ensure(is_done, "S6", || format!("{event:?} got only {actions:?}"))?;
        ensure(duties.reclaim.is_empty(), "S4", || {
            format!("{event:?} got only {actions:?}")
        })?;
        if let Some(model) = duties.cancel.and_then(|(id, _)| self.jobs.get(&id)) {
            let left = |task| match model.active.get(&task) {
                Some(Task::Waiting { .. } | Task::Over { retry: Some(_), .. }) => true,
                Some(Task::Live { .. } | Task::Over { retry: None, .. }) => false,
                None => model.is_fresh(task),
            };
            let is_done = match duties.cancel.and_then(|(_, only)| only) {
                Some(task) => !left(task),
                None => model.fresh.is_empty() && !model.active.keys().any(|&task| left(task)),
            };
            ensure(is_done, "S6", || {
                format!("{event:?} left tasks waiting: {model:?}")
            })?;
        }
        for (id, model) in &self.jobs {
            let is_announced = model.unsettled() > 0 || model.announced;
            ensure(is_announced, "S6", || {
                format!("{id:?} is settled and was not announced")
            })?;
        }
        Ok(())
    }
}

/// The restart policies, in the words of `job.rs`: the pause before the next attempt, if there is to be one.
fn follow(policy: Restart, outcome: Outcome, past: &mut Past) -> Option<u64> {
    const SHUTDOWN: Outcome = Outcome::Cancelled(CancelReason::Shutdown);
    past.losses = match outcome {
        Outcome::Lost(_) => past.losses + 1,
        SHUTDOWN => past.losses,
        _ => 0,
    };
    match (policy, outcome) {
        (Restart::Never, _) | (_, Outcome::Succeeded) => None,
        (_, SHUTDOWN) => Some(0),
        (_, Outcome::Cancelled(_)) => None,
        (_, Outcome::Lost(_)) => (past.losses < 3).then_some(0),
        (Restart::OnLoss, _) => None,
        (Restart::OnFailure { retries, .. }, _) if past.failures >= retries => None,
        (Restart::OnFailure { backoff_ms, .. }, _) => {
            past.failures += 1;
            Some((1..past.failures).fold(backoff_ms, |pause, _| (pause * 2).min(300_000)))
        }
    }
}
