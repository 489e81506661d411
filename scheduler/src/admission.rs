//! Who may come in, and where a job belongs. It answers before anything is stored and changes nothing. It must not know
//! how long the queue is in front of a job: a job that fits is taken, and waits.

use core::fmt;

use crate::scheduler::Scheduler;
use crate::{Job, Resources, SubclusterId};

/// Why a submission is refused, with the number asked for and the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The server is stopping.
    Draining,
    /// The job has no task.
    NoTasks,
    /// The job has more tasks than a job may have.
    TooManyTasks {
        /// Its tasks.
        asked: u64,
        /// The limit.
        limit: u32,
    },
    /// An attempt wants more than the largest slot has.
    TooLarge {
        /// What it wants.
        asked: Resources,
        /// The largest slot.
        largest: Resources,
    },
    /// Slots of that size are offered, and no host has room for a single one.
    NoCapacity {
        /// What an attempt wants.
        asked: Resources,
    },
    /// The user would have more unsettled tasks than a user may have.
    QueueFull {
        /// Tasks the user has queued or running.
        queued: u64,
        /// Tasks of this job.
        asked: u64,
        /// The limit.
        limit: u64,
    },
}

impl Scheduler {
    /// Whether the job may be submitted now. The answer holds until the next event.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn admit(&self, job: &Job) -> Result<(), Rejection> {
        if self.is_draining {
            return Err(Rejection::Draining);
        }
        let asked = self.check_size(job)?;
        self.check_route(job.want)?;
        self.check_queue(job, asked)
    }

    /// The sub-cluster for attempts of that size: the first that has slots for them, else the first that would.
    pub(crate) fn route(&self, want: Resources) -> Option<SubclusterId> {
        let suits = || {
            self.pool
                .subclusters()
                .filter(|(_, one)| one.slot.covers(want))
        };
        let with_slots = suits().find(|(_, one)| one.slots().total > 0);
        with_slots.or_else(|| suits().next()).map(|(id, _)| id)
    }

    /// The slot with the most memory: memory is what a job cannot do with less of.
    pub(crate) fn largest_slot(&self) -> Resources {
        let slots = self
            .pool
            .subclusters()
            .map(|(_, subcluster)| subcluster.slot);
        slots
            .max_by_key(|slot| (slot.memory_bytes, slot.cpu_millis))
            .unwrap_or_default()
    }

    fn check_size(&self, job: &Job) -> Result<u64, Rejection> {
        let (first, last) = (*job.tasks.start(), *job.tasks.end());
        let Some(further) = last.checked_sub(first) else {
            return Err(Rejection::NoTasks);
        };
        let (asked, limit) = (u64::from(further) + 1, self.tasks_per_job_max);
        if asked > u64::from(limit) {
            return Err(Rejection::TooManyTasks { asked, limit });
        }
        Ok(asked)
    }

    fn check_route(&self, asked: Resources) -> Result<(), Rejection> {
        let Some(subcluster) = self.route(asked) else {
            return Err(Rejection::TooLarge {
                asked,
                largest: self.largest_slot(),
            });
        };
        if self.pool.subcluster(subcluster).slots().total == 0 {
            return Err(Rejection::NoCapacity { asked });
        }
        Ok(())
    }

    fn check_queue(&self, job: &Job, asked: u64) -> Result<(), Rejection> {
        let (queued, limit) = (self.tallies.of(job.user), self.queued_tasks_max);
        if queued.saturating_add(asked) > limit {
            return Err(Rejection::QueueFull {
                queued,
                asked,
                limit,
            });
        }
        Ok(())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draining => f.write_str("the server is stopping and takes no new jobs"),
            Self::NoTasks => f.write_str("the job has 0 tasks, it needs at least 1"),
            Self::TooManyTasks { asked, limit } => {
                write!(f, "the job has {asked} tasks, the limit is {limit}")
            }
            Self::TooLarge { asked, largest } => {
                write!(
                    f,
                    "an attempt asks for {asked}, the largest slot has {largest}"
                )
            }
            Self::NoCapacity { asked } => {
                write!(
                    f,
                    "an attempt asks for {asked}, and no host has room for a slot"
                )
            }
            Self::QueueFull {
                queued,
                asked,
                limit,
            } => write!(
                f,
                "the job has {asked} tasks and its user has {queued} queued or running, the limit is {limit}"
            ),
        }
    }
}

impl core::error::Error for Rejection {}
