//! What each event makes of the modelled world, and what it obliges the scheduler to do.

use sublet_scheduler::*;

use crate::model::{Duties, JobModel, Model, Task};

impl Model {
    /// What the event makes of the world, before the scheduler has said anything.
    pub(crate) fn take_note(&mut self, now: UnixMillis, event: &Event) {
        self.duties = Duties::default();
        let news = match event {
            Event::HostChanged { nodes, .. } => {
                let new = nodes
                    .iter()
                    .filter(|node| self.nodes.insert(node.id, node.capacity).is_none());
                new.count() > 0
            }
            Event::RulesChanged(_)
            | Event::HostLost { .. }
            | Event::NodeFacts { .. }
            | Event::NodeLabelled { .. }
            | Event::NodeDrainAsked { .. }
            | Event::NodeResumed { .. }
            | Event::SubclusterPaused { .. }
            | Event::SubclusterResumed { .. }
            | Event::UserTerms { .. }
            | Event::DependencyBroken(_)
            | Event::Barred(_) => {
                unreachable!("this world is about attempts: {event:?}")
            }
            Event::Submitted(job) => self.submitted(job),
            Event::Resumed(resumption) => self.resumed(now, resumption),
            Event::Withdrawn(job) => self.withdrawn(*job),
            Event::Started(id) => self.started(*id),
            Event::Exited { attempt, outcome } => self.exited(*attempt, *outcome),
            Event::Reclaimed(id) => self.reclaimed(now, *id),
            Event::CancelAsked { job, task } => self.cancelled(*job, *task),
            Event::DrainAsked => !std::mem::replace(&mut self.draining, true),
            Event::GraceEnded => self.grace_ended(),
            Event::TimePassed => self.time_passed(now),
        };
        self.duties.none = !news;
    }

    fn submitted(&mut self, job: &Job) -> bool {
        if self.jobs.contains_key(&job.id) {
            return false;
        }
        let mut model = JobModel::new(job.clone());
        model.fresh.push(job.tasks.clone());
        self.jobs.insert(job.id, model);
        true
    }

    /// The world only resumes what there is: a task retried by its user, or all that is left after a crash.
    fn resumed(&mut self, now: UnixMillis, resumption: &Resumption) -> bool {
        let job = &resumption.job;
        let before = self.gone.remove(&job.id);
        let model = self
            .jobs
            .entry(job.id)
            .or_insert_with(|| before.unwrap_or_else(|| JobModel::new(job.clone())));
        model.durable = true;
        if !resumption.fresh.is_empty() {
            model.fresh.clone_from(&resumption.fresh);
        }
        for again in &resumption.again {
            let AttemptId { task, number, .. } = again.attempt;
            let past = model.past.entry(task).or_default();
            (past.failures, past.losses) = (again.failures, again.losses);
            match model.active.get_mut(&task) {
                Some(Task::Over { retry, .. }) => *retry = Some((number, again.not_before)),
                Some(Task::Live { .. } | Task::Waiting { .. }) => {
                    unreachable!("the task is settled")
                }
                None => model.wait(task, number, again.not_before, now),
            }
        }
        model.announced &= model.unsettled() == 0;
        for interrupted in &resumption.interrupted {
            self.duties
                .finish
                .insert(interrupted.attempt, Outcome::Lost(LossReason::Server));
        }
        true
    }

    fn withdrawn(&mut self, id: JobId) -> bool {
        self.gone.retain(|&gone, model| gone != id || model.durable);
        if self.jobs.get(&id).is_none_or(|model| model.durable) {
            return false;
        }
        self.jobs.remove(&id);
        self.held.retain(|_, holder| holder.job != id);
        true
    }

    fn started(&mut self, id: AttemptId) -> bool {
        let Some(model) = self.jobs.get_mut(&id.job) else {
            return false;
        };
        match model.active.get_mut(&id.task) {
            Some(Task::Live {
                number,
                state: state @ AttemptState::Starting,
                ..
            }) if *number == id.number => {
                *state = AttemptState::Running;
                model.durable = true;
                true
            }
            _ => false,
        }
    }

    fn exited(&mut self, id: AttemptId, outcome: Outcome) -> bool {
        let is_live =
            matches!(self.task(id), Some(Task::Live { number, .. }) if number == id.number);
        if is_live {
            self.duties.finish.insert(id, outcome);
            self.duties.reclaim.insert(id);
        }
        is_live
    }

    fn reclaimed(&mut self, now: UnixMillis, id: AttemptId) -> bool {
        let Some(Task::Over {
            number,
            slot,
            retry,
        }) = self.task(id)
        else {
            return false;
        };
        if number != id.number {
            return false;
        }
        self.held.remove(&slot);
        let model = self.jobs.get_mut(&id.job).expect("it has the task");
        model.active.remove(&id.task);
        if let Some((number, at)) = retry {
            model.wait(id.task, number, at, now);
        }
        true
    }

    fn cancelled(&mut self, id: JobId, only: Option<u32>) -> bool {
        let Some(model) = self.jobs.get_mut(&id) else {
            return false;
        };
        self.duties.cancel = Some((id, only));
        for (&task, state) in &mut model.active {
            let Task::Live {
                number,
                state,
                cancelled,
                ..
            } = state
            else {
                continue;
            };
            if only.is_some_and(|only| only != task) {
                continue;
            }
            *cancelled = true;
            if *state != AttemptState::Stopping {
                self.duties.stop.insert(
                    AttemptId {
                        job: id,
                        task,
                        number: *number,
                    },
                    StopReason::Cancel,
                );
            }
        }
        true
    }

    fn grace_ended(&mut self) -> bool {
        for (&id, model) in self.jobs.iter().filter(|_| self.draining) {
            for (&task, state) in &model.active {
                match *state {
                    Task::Live {
                        number,
                        state: AttemptState::Starting | AttemptState::Running,
                        ..
                    } => {
                        let attempt = AttemptId {
                            job: id,
                            task,
                            number,
                        };
                        self.duties.stop.insert(attempt, StopReason::Shutdown);
                    }
                    Task::Live { .. } | Task::Waiting { .. } | Task::Over { .. } => {}
                }
            }
        }
        self.draining
    }

    fn time_passed(&mut self, now: UnixMillis) -> bool {
        self.alarm = None;
        for state in self
            .jobs
            .values_mut()
            .flat_map(|model| model.active.values_mut())
        {
            if let Task::Waiting { at, ready, .. } = state {
                *ready |= *at <= now;
            }
        }
        true
    }
}
