//! What a restart of the server means for the accounts: nobody holds anything any more, and nothing is known of nodes and
//! queues until it is told again. What became of each task stays.

use sublet_scheduler::{AttemptId, LossReason, Outcome, Resumption, UnixMillis};

use super::jobs::Task;
use super::nodes::Nodes;
use super::{Auditor, Duties};

impl Auditor {
    /// The server was killed. What follows is told to a new one.
    pub fn restart(&mut self, now: UnixMillis) {
        self.nodes = Nodes::default();
        self.queues.restart();
        self.users.restart();
        self.duties = Duties::default();
        self.touched.clear();
        self.paused.clear();
        self.jobs.retain(|_, job| job.unsettled > 0);
        for (&id, job) in &mut self.jobs {
            (job.home, job.queued) = (None, None);
            for (task, state) in job.active.clone() {
                let state = match state {
                    Task::Live { .. } | Task::Ready { .. } => continue,
                    Task::Over { next, .. } => next.map(|retry| retry.due(now)),
                    Task::Paused(retry) => Some(retry.due(now)),
                };
                if let Some(Task::Paused(retry)) = state {
                    self.paused.insert((retry.at, id, task));
                }
                job.put(task, state);
            }
        }
    }

    /// A job comes back: what was interrupted is lost.
    pub(super) fn resumed(&mut self, resumption: &Resumption) {
        let id = resumption.job.id;
        self.touched.push(id);
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let live = job.active.iter().filter_map(|(&task, state)| match state {
            Task::Live { number, .. } => Some((task, *number)),
            Task::Over { .. } | Task::Paused(_) | Task::Ready { .. } => None,
        });
        for (task, number) in live {
            let attempt = AttemptId {
                job: id,
                task,
                number,
            };
            let lost = Outcome::Lost(LossReason::Server);
            self.duties.finish.insert(attempt, lost);
        }
    }
}
