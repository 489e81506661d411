//! Who waits for a slot, by sub-cluster and user, and that no slot is idle that one of them could have (F1).

use std::collections::{BTreeMap, BTreeSet};

use sublet_scheduler::{JobId, SubclusterId, UserId};

use super::jobs::JobAccount;
use super::nodes::Nodes;
use super::users::Users;
use super::{Checked, ensure};

/// All queues.
#[derive(Debug, Default)]
pub(super) struct Queues(BTreeMap<SubclusterId, Queue>);

/// Those who wait in one sub-cluster.
#[derive(Debug, Default)]
struct Queue {
    tasks: u64,
    /// Tasks that start one by one.
    single: BTreeMap<UserId, u64>,
    /// Gangs: the first one that does not fit may keep free slots from others, so F1 is silent while there is one.
    gangs: BTreeSet<JobId>,
    pace: Pace,
}

/// Whether anything may start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pace {
    #[default]
    Goes,
    Paused,
}

impl Queues {
    /// Has the job stand where it stands now, with as many tasks as are ready.
    pub(super) fn place(&mut self, id: JobId, job: &mut JobAccount) {
        let stands = job.home.map(|home| (home, job.ready()));
        let stands = stands.filter(|(_, ready)| *ready > 0);
        if stands == job.queued {
            return;
        }
        if let Some((home, ready)) = job.queued {
            self.queue(home).leave(id, job, ready);
        }
        if let Some((home, ready)) = stands {
            self.queue(home).join(id, job, ready);
        }
        job.queued = stands;
    }

    pub(super) fn pause(&mut self, subcluster: SubclusterId) {
        self.queue(subcluster).pace = Pace::Paused;
    }

    pub(super) fn resume(&mut self, subcluster: SubclusterId) {
        self.queue(subcluster).pace = Pace::Goes;
    }

    pub(super) fn is_paused(&self, subcluster: SubclusterId) -> bool {
        let queue = self.0.get(&subcluster);
        queue.is_some_and(|queue| queue.pace == Pace::Paused)
    }

    /// Tasks that wait in a sub-cluster.
    pub(super) fn tasks(&self, subcluster: SubclusterId) -> u64 {
        self.0.get(&subcluster).map_or(0, |queue| queue.tasks)
    }

    /// The oldest gang that waits in a sub-cluster.
    pub(super) fn first_gang(&self, subcluster: SubclusterId) -> Option<JobId> {
        self.0.get(&subcluster)?.gangs.first().copied()
    }

    pub(super) fn check_no_slot_is_idle(&self, nodes: &Nodes, users: &Users) -> Checked {
        for (&id, queue) in &self.0 {
            let is_kept = !queue.gangs.is_empty() || queue.pace == Pace::Paused;
            if queue.single.is_empty() || is_kept {
                continue;
            }
            let free = nodes.free_slots(id);
            if free == 0 {
                continue;
            }
            let shape = nodes.shape(id);
            let idle_for = queue
                .single
                .keys()
                .find(|user| users.has_room(**user, shape));
            ensure(idle_for.is_none(), "F1", || {
                format!("{free} slots of {id:?} are free for {idle_for:?}, {queue:?}")
            })?;
        }
        Ok(())
    }

    fn queue(&mut self, subcluster: SubclusterId) -> &mut Queue {
        self.0.entry(subcluster).or_default()
    }
}

impl Queue {
    fn join(&mut self, id: JobId, job: &JobAccount, ready: u64) {
        self.tasks += ready;
        if job.is_gang {
            self.gangs.insert(id);
        } else {
            *self.single.entry(job.user).or_default() += ready;
        }
    }

    fn leave(&mut self, id: JobId, job: &JobAccount, ready: u64) {
        self.tasks -= ready;
        if job.is_gang {
            self.gangs.remove(&id);
            return;
        }
        let waiting = self.single.entry(job.user).or_default();
        *waiting -= ready;
        if *waiting == 0 {
            self.single.remove(&job.user);
        }
    }
}
