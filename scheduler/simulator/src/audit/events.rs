//! What an event means for the accounts, and what the scheduler owes in answer to it.

use sublet_scheduler::{AttemptId, Event, JobId, LossReason, Outcome, UnixMillis};

use super::jobs::{JobAccount, Task};
use super::nodes::Grant;
use super::{Auditor, Duties};

impl Auditor {
    /// Takes note of an event, before the scheduler is told of it.
    pub fn hear(&mut self, now: UnixMillis, event: &Event) {
        self.duties = Duties::default();
        match event {
            Event::HostChanged {
                host,
                capacity,
                nodes,
            } => {
                self.nodes.host_changed(host, *capacity, nodes);
                self.pool_changed(now);
            }
            Event::HostLost { host } => self.host_lost(now, host),
            Event::UserTerms { user, terms, .. } => self.users.set_terms(*user, terms),
            Event::Submitted(job) => {
                self.jobs
                    .entry(job.id)
                    .or_insert_with(|| JobAccount::of(job));
                self.touched.push(job.id);
            }
            Event::Exited { attempt, outcome } => self.exited(*attempt, *outcome),
            Event::Reclaimed(attempt) => self.reclaimed(now, *attempt),
            Event::CancelAsked { job, task } => self.duties.cancel = Some((*job, *task)),
            Event::TimePassed => self.time_passed(now),
            Event::SubclusterPaused { subcluster, .. } => {
                self.queues.pause(self.users.mark(now), *subcluster);
            }
            Event::SubclusterResumed { subcluster } => {
                self.queues.resume(self.users.mark(now), *subcluster);
            }
            Event::Resumed(resumption) => self.resumed(resumption),
            Event::RulesChanged(rules) => self.ratios.learn(rules),
            Event::Started(_)
            | Event::NodeFacts { .. }
            | Event::NodeLabelled { .. }
            | Event::NodeDrainAsked { .. }
            | Event::NodeResumed { .. }
            | Event::Withdrawn(_)
            | Event::DependencyBroken(_)
            | Event::Barred(_)
            | Event::DrainAsked
            | Event::GraceEnded => {}
        }
    }

    /// Shares are parts of another whole, and what was had is counted in them.
    fn pool_changed(&mut self, now: UnixMillis) {
        self.users.set_pool(self.nodes.offered());
        self.queues.disturb_all(self.users.mark(now));
    }

    fn exited(&mut self, attempt: AttemptId, outcome: Outcome) {
        if let Some(Task::Live { number, .. }) = self.task(attempt)
            && number == attempt.number
        {
            self.duties.finish.insert(attempt, outcome);
            self.duties.reclaim.push(attempt);
        }
    }

    fn reclaimed(&mut self, now: UnixMillis, attempt: AttemptId) {
        if let Some(Task::Over { number, slot, .. }) = self.task(attempt)
            && number == attempt.number
        {
            let grant = self.nodes.give_back(now, slot);
            self.came_back(now, attempt, grant);
        }
    }

    /// All slots of a lost host are free at once; those who held them are lost, unless they were over already.
    fn host_lost(&mut self, now: UnixMillis, host: &str) {
        let lost = self.nodes.host_lost(now, host);
        self.pool_changed(now);
        for grant in lost {
            let attempt = grant.holder;
            if let Some(Task::Live { .. }) = self.task(attempt) {
                let outcome = Outcome::Lost(LossReason::Host);
                self.duties.finish.insert(attempt, outcome);
                if let Some(job) = self.jobs.get(&attempt.job) {
                    let held_ms = grant.term.held_ms(now);
                    self.users.give_back(now, job.user, grant.amount, held_ms);
                }
            } else {
                self.came_back(now, attempt, Some(grant));
            }
        }
    }

    /// An attempt that was over holds nothing any more: its task goes on, or is done.
    fn came_back(&mut self, now: UnixMillis, attempt: AttemptId, grant: Option<Grant>) {
        let Some(job) = self.jobs.get_mut(&attempt.job) else {
            return;
        };
        if let Some(Grant { amount, term, .. }) = grant {
            let held_ms = term.held_ms(now);
            self.users.give_back(now, job.user, amount, held_ms);
        }
        let next = match job.active.get(&attempt.task) {
            Some(Task::Over { next, .. }) => *next,
            _ => None,
        };
        job.put(attempt.task, next.map(|retry| retry.due(now)));
        if let Some(Task::Paused(retry)) = job.active.get(&attempt.task) {
            self.paused.insert((retry.at, attempt.job, attempt.task));
        }
        self.touched.push(attempt.job);
    }

    /// Pauses that are over by now.
    fn time_passed(&mut self, now: UnixMillis) {
        while let Some(&(at, id, task)) = self.paused.first()
            && at <= now
        {
            self.paused.pop_first();
            self.make_ready(id, task, at);
        }
    }

    fn make_ready(&mut self, id: JobId, task: u32, at: UnixMillis) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        if let Some(Task::Paused(retry)) = job.active.get(&task).copied()
            && retry.at == at
        {
            let number = retry.number;
            job.put(task, Some(Task::Ready { number }));
            self.touched.push(id);
        }
    }

    pub(super) fn task(&self, attempt: AttemptId) -> Option<Task> {
        let job = self.jobs.get(&attempt.job)?;
        job.active.get(&attempt.task).copied()
    }
}
