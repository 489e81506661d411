//! Who waits for a slot, by sub-cluster and user, and that no slot is idle that one of them could have (F1).

use std::collections::{BTreeMap, BTreeSet};

use sublet_scheduler::{JobId, SubclusterId, UnixMillis, UserId};

use super::jobs::JobAccount;
use super::nodes::Nodes;
use super::users::{Mark, Users};
use super::{Checked, ensure};

mod distance;
mod head;
mod turn;

pub(super) use distance::Distance;
pub(super) use head::Sight;
use head::Watch;
pub(super) use turn::Turn;

/// All queues.
#[derive(Debug, Default)]
pub(super) struct Queues {
    queues: BTreeMap<SubclusterId, Queue>,
    pub(super) heads_seen: u64,
    pub(super) turns_checked: u64,
    pub(super) waited_percent: u64,
}

/// Those who wait in one sub-cluster.
#[derive(Debug, Default)]
struct Queue {
    tasks: u64,
    /// Tasks that start one by one.
    single: BTreeMap<UserId, Singles>,
    gangs: BTreeMap<JobId, Gang>,
    pace: Pace,
    head: Watch,
    /// When its nodes, the pool or its pace changed last.
    disturbed: Mark,
    /// When each user had a slot last.
    served: BTreeMap<UserId, UnixMillis>,
    /// When a gang started last.
    gang_served: Option<UnixMillis>,
}

/// Jobs of a user whose tasks start one by one.
#[derive(Debug, Default)]
struct Singles {
    /// By age, with what they declare.
    jobs: BTreeMap<(UnixMillis, JobId), u64>,
    /// The same by what they declare.
    timeouts: BTreeSet<(u64, JobId)>,
    since: Mark,
}

/// A job whose tasks start together.
#[derive(Clone, Copy, Debug)]
struct Gang {
    user: UserId,
    size: u64,
    priority: i32,
    since: UnixMillis,
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
    pub(super) fn place(
        &mut self,
        now: UnixMillis,
        id: JobId,
        job: &mut JobAccount,
        users: &mut Users,
    ) {
        let stands = job.home.map(|home| (home, job.ready()));
        let stands = stands.filter(|(_, ready)| *ready > 0);
        let before = std::mem::replace(&mut job.queued, stands);
        if stands == before {
            return;
        }
        let mark = users.mark(now);
        if let Some((home, ready)) = stands {
            let queue = self.queue(home);
            queue.tasks += ready;
            queue.join(mark, id, job, ready);
        }
        if let Some((home, ready)) = before {
            let queue = self.queue(home);
            queue.tasks -= ready;
            if stands.is_none_or(|(now_home, _)| now_home != home) {
                queue.leave(id, job);
            }
        }
        match (before, stands) {
            (None, Some(_)) => users.begin_waiting(job.user),
            (Some(_), None) => users.end_waiting(job.user),
            _ => {}
        }
    }

    /// Nobody waits anywhere.
    pub(super) fn restart(&mut self) {
        self.queues.clear();
    }

    pub(super) fn pause(&mut self, mark: Mark, subcluster: SubclusterId) {
        self.disturb(mark, subcluster);
        self.queue(subcluster).pace = Pace::Paused;
    }

    pub(super) fn resume(&mut self, mark: Mark, subcluster: SubclusterId) {
        self.disturb(mark, subcluster);
        self.queue(subcluster).pace = Pace::Goes;
    }

    /// Something changes on which bounds rest: they are counted anew from here.
    pub(super) fn disturb(&mut self, mark: Mark, subcluster: SubclusterId) {
        let queue = self.queue(subcluster);
        queue.disturbed = mark;
        queue.head.begin_anew();
    }

    pub(super) fn disturb_all(&mut self, mark: Mark) {
        let all: Vec<_> = self.queues.keys().copied().collect();
        for subcluster in all {
            self.disturb(mark, subcluster);
        }
    }

    pub(super) fn is_paused(&self, subcluster: SubclusterId) -> bool {
        let queue = self.queues.get(&subcluster);
        queue.is_some_and(|queue| queue.pace == Pace::Paused)
    }

    /// Tasks that wait in a sub-cluster.
    pub(super) fn tasks(&self, subcluster: SubclusterId) -> u64 {
        self.queues.get(&subcluster).map_or(0, |queue| queue.tasks)
    }

    /// The oldest gang that waits in a sub-cluster.
    pub(super) fn first_gang(&self, subcluster: SubclusterId) -> Option<JobId> {
        let gangs = &self.queues.get(&subcluster)?.gangs;
        gangs.first_key_value().map(|(&gang, _)| gang)
    }

    /// F1: no slot is free for whom it fits, but those that are kept for a gang that needs more than are free.
    pub(super) fn check_no_slot_is_idle(&self, nodes: &Nodes, users: &Users) -> Checked {
        for (&id, queue) in &self.queues {
            let free = nodes.free_slots(id);
            if free == 0 || queue.tasks == 0 || queue.keeps_slots(id, nodes, users) {
                continue;
            }
            let shape = nodes.shape(id);
            let mut gangs = queue.gangs.iter();
            let gang = gangs.find(|(_, gang)| gang.size <= users.room(gang.user, shape).min(free));
            ensure(gang.is_none(), "F1", || {
                format!("{free} slots of {id:?} are free for {gang:?}")
            })?;
            let mut single = queue.single.keys();
            let idle_for = single.find(|user| users.room(**user, shape) > 0);
            ensure(idle_for.is_none(), "F1", || {
                format!("{free} slots of {id:?} are free for {idle_for:?}, {queue:?}")
            })?;
        }
        Ok(())
    }

    fn queue(&mut self, subcluster: SubclusterId) -> &mut Queue {
        self.queues.entry(subcluster).or_default()
    }
}

impl Queue {
    /// Whether nothing may start, or a gang that could start in the sub-cluster needs more slots than are free.
    fn keeps_slots(&self, id: SubclusterId, nodes: &Nodes, users: &Users) -> bool {
        let free = nodes.free_slots(id);
        let mut gangs = self.gangs.values();
        self.pace == Pace::Paused
            || gangs.any(|gang| gang.size > free && gang.could_start(id, nodes, users))
    }

    /// A job comes in, or another number of its tasks waits.
    fn join(&mut self, mark: Mark, id: JobId, job: &JobAccount, ready: u64) {
        let user = job.user;
        if job.is_gang {
            let gang = Gang {
                user,
                size: ready,
                priority: job.priority,
                since: job.since,
            };
            self.gangs.insert(id, gang);
            return;
        }
        let singles = self.single.entry(user).or_insert_with(|| Singles {
            since: mark,
            ..Singles::default()
        });
        singles.jobs.insert((job.since, id), job.timeout_ms);
        singles.timeouts.insert((job.timeout_ms, id));
    }

    fn leave(&mut self, id: JobId, job: &JobAccount) {
        if job.is_gang {
            self.gangs.remove(&id);
            return;
        }
        let singles = self.single.entry(job.user).or_default();
        singles.jobs.remove(&(job.since, id));
        singles.timeouts.remove(&(job.timeout_ms, id));
        if singles.jobs.is_empty() {
            self.single.remove(&job.user);
        }
    }
}

impl Gang {
    /// Whether the quota of its user and the slots that there are allow it to start at all.
    fn could_start(self, subcluster: SubclusterId, nodes: &Nodes, users: &Users) -> bool {
        let room = users.room(self.user, nodes.shape(subcluster));
        self.size <= room.min(nodes.slots(subcluster))
    }
}
