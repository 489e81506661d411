//! What users do.

use sublet_scheduler::*;

use crate::model::{Checked, JobModel, Task, ensure};
use crate::world::{QUEUED_TASKS_MAX, World};

impl World {
    pub(crate) fn submit(&mut self) -> Checked {
        if self.model.jobs.len() > 25 {
            return Ok(());
        }
        let job = self.new_job();
        let asked = u64::from(job.tasks.end() - job.tasks.start()) + 1;
        let queued: u64 = self.of_user(job.user).map(JobModel::unsettled).sum();
        let refusal = if self.model.draining {
            Some(Rejection::Draining)
        } else if queued + asked > QUEUED_TASKS_MAX {
            Some(Rejection::QueueFull {
                queued,
                asked,
                limit: QUEUED_TASKS_MAX,
                retry_after_ms: 0,
            })
        } else {
            None
        };
        let answer = self.scheduler.admit(self.now, &job).err().map(without_pace);
        ensure(answer == refusal, "admission", || {
            format!("{answer:?}, not {refusal:?}")
        })?;
        if answer.is_none() {
            self.count("submit");
            self.tell(&Event::Submitted(job))?;
        }
        Ok(())
    }

    pub(crate) fn repeat_submission(&mut self) -> Checked {
        let Some(id) = self.any_job() else {
            return Ok(());
        };
        self.count("repeat a submission");
        self.tell(&Event::Submitted(self.model.jobs[&id].job.clone()))
    }

    pub(crate) fn cancel_job(&mut self) -> Checked {
        let Some(job) = self.any_job() else {
            return Ok(());
        };
        self.count("cancel a job");
        self.tell(&Event::CancelAsked { job, task: None })
    }

    pub(crate) fn cancel_task(&mut self) -> Checked {
        let Some(job) = self.any_job() else {
            return Ok(());
        };
        let task = Some(self.random.below(25));
        self.count("cancel a task");
        self.tell(&Event::CancelAsked { job, task })
    }

    /// A settled task that did not succeed is wanted again, of a job that may be gone already.
    pub(crate) fn retry(&mut self) -> Checked {
        let jobs = self.model.jobs.values().chain(self.model.gone.values());
        let settled: Vec<(JobId, u32)> = jobs.flat_map(settled_tasks).collect();
        let Some((id, task)) = self.random.pick(&settled) else {
            return Ok(());
        };
        let model = self
            .model
            .jobs
            .get(&id)
            .unwrap_or_else(|| &self.model.gone[&id]);
        let number = model.past.get(&task).map_or(0, |past| past.attempts) + 1;
        let job = model.job.clone();
        let not_before = UnixMillis(self.now.0 + u64::from(self.random.below(2)) * 50);
        let attempt = AttemptId {
            job: id,
            task,
            number,
        };
        let again = vec![Again {
            attempt,
            not_before,
            failures: 0,
            losses: 0,
        }];
        self.count("retry by a user");
        self.tell(&Event::Resumed(Resumption {
            job,
            fresh: vec![],
            again,
            interrupted: vec![],
            all_succeeded: true,
        }))
    }
}

/// The refusal without the estimate in it, which the model does not make.
fn without_pace(refusal: Rejection) -> Rejection {
    match refusal {
        Rejection::QueueFull {
            queued,
            asked,
            limit,
            ..
        } => Rejection::QueueFull {
            queued,
            asked,
            limit,
            retry_after_ms: 0,
        },
        other => other,
    }
}

/// The settled tasks that did not succeed, among the first few of a job.
fn settled_tasks(model: &JobModel) -> Vec<(JobId, u32)> {
    let first = *model.job.tasks.start();
    let few = first..=(*model.job.tasks.end()).min(first + 20);
    let is_settled = |task: &u32| {
        let state = model.active.get(task);
        !model.is_fresh(*task)
            && matches!(state, None | Some(Task::Over { retry: None, .. }))
            && model.past.get(task).is_none_or(|past| !past.succeeded)
    };
    few.filter(is_settled)
        .map(|task| (model.job.id, task))
        .collect()
}
