//! Who may come in. It answers before anything is stored and changes nothing. It must not know how long a job would
//! wait: one that fits somewhere is taken, and waits, unless too many wait already.

use core::fmt;

use crate::Routing;
use crate::quantity::{write_bytes, write_thousandths};
use crate::routing::NoRoute;
use crate::scheduler::Scheduler;
use crate::{Job, Resources, UnixMillis};

/// Why a submission is refused, with the number asked for and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// No sub-cluster would ever take it.
    Nowhere(NoRoute),
    /// Its user's quota would never let it start, however long it waited.
    OverQuota(Excess),
    /// The user would have more unsettled tasks than a user may have.
    QueueFull {
        /// Tasks the user has queued or running.
        queued: u64,
        /// Tasks of this job.
        asked: u64,
        /// The limit.
        limit: u64,
        /// When there may be room, at the pace of late, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// All users together would have more unsettled tasks than the server keeps.
    ServerFull {
        /// Tasks of all users that are queued or running.
        queued: u64,
        /// Tasks of this job.
        asked: u64,
        /// The limit.
        limit: u64,
        /// When there may be room, at the pace of late, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// The user submits faster than a user may.
    TooFast {
        /// Submissions per second that are allowed.
        limit_per_s: u32,
        /// When the next one is taken, in milliseconds from now.
        retry_after_ms: u64,
    },
}

/// What a job needs at once beyond what its user may ever hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Slots.
    Slots {
        /// Slots that start together.
        asked: u64,
        /// The quota.
        limit: u64,
    },
    /// Processors, in thousandths of one.
    Cpu {
        /// What the slots that start together have.
        asked: u64,
        /// The quota.
        limit: u64,
    },
    /// Memory, in bytes.
    Memory {
        /// What the slots that start together have.
        asked: u64,
        /// The quota.
        limit: u64,
    },
}

impl Scheduler {
    /// Whether the job may be submitted now, and where it would go. The answer holds until the next event.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn admit(&self, now: UnixMillis, job: &Job) -> Result<Routing, Rejection> {
        if self.is_draining {
            return Err(Rejection::Draining);
        }
        self.check_size(job)?;
        self.check_rate(now, job)?;
        let routing = self.would_route(now, job).map_err(Rejection::Nowhere)?;
        let spec = self.partition.spec(routing.subcluster);
        self.check_quota(job, spec.map(|spec| spec.slot).unwrap_or_default())?;
        self.check_queues(job)?;
        Ok(routing)
    }

    fn check_size(&self, job: &Job) -> Result<(), Rejection> {
        let (asked, limit) = (job.task_count(), self.config.tasks_per_job_max);
        match asked {
            0 => Err(Rejection::NoTasks),
            _ if asked > u64::from(limit) => Err(Rejection::TooManyTasks { asked, limit }),
            _ => Ok(()),
        }
    }

    fn check_rate(&self, now: UnixMillis, job: &Job) -> Result<(), Rejection> {
        let terms = self.queues.terms(job.user);
        match self.users.too_fast(now, job.user, terms) {
            None => Ok(()),
            Some(retry_after_ms) => Err(Rejection::TooFast {
                limit_per_s: terms.quota.submits_per_s,
                retry_after_ms,
            }),
        }
    }

    /// Whether the slots that have to be held at once are within what the user may ever hold.
    fn check_quota(&self, job: &Job, slot: Resources) -> Result<(), Rejection> {
        let quota = self.queues.terms(job.user).quota;
        let slots = job.slots_at_once();
        let cpu = slots.saturating_mul(slot.cpu_millis);
        let memory = slots.saturating_mul(slot.memory_bytes);
        let excess = if slots > quota.slots {
            Excess::Slots {
                asked: slots,
                limit: quota.slots,
            }
        } else if cpu > quota.cpu_millis {
            Excess::Cpu {
                asked: cpu,
                limit: quota.cpu_millis,
            }
        } else if memory > quota.memory_bytes {
            Excess::Memory {
                asked: memory,
                limit: quota.memory_bytes,
            }
        } else {
            return Ok(());
        };
        Err(Rejection::OverQuota(excess))
    }

    fn check_queues(&self, job: &Job) -> Result<(), Rejection> {
        let asked = job.task_count();
        let (queued, limit) = (
            self.tallies.of(job.user),
            self.queues.terms(job.user).quota.queued,
        );
        if let Some(over) = over(queued, asked, limit) {
            return Err(Rejection::QueueFull {
                queued,
                asked,
                limit,
                retry_after_ms: self.paces.retry_after_ms(over),
            });
        }
        let (queued, limit) = (self.tallies.total(), self.config.queued_tasks_max);
        if let Some(over) = over(queued, asked, limit) {
            return Err(Rejection::ServerFull {
                queued,
                asked,
                limit,
                retry_after_ms: self.paces.retry_after_ms(over),
            });
        }
        Ok(())
    }
}

/// By how much a bound would be passed.
fn over(queued: u64, asked: u64, limit: u64) -> Option<u64> {
    queued
        .saturating_add(asked)
        .checked_sub(limit)
        .filter(|over| *over > 0)
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draining => f.write_str("the server is stopping and takes no new jobs"),
            Self::NoTasks => f.write_str("the job has 0 tasks, it needs at least 1"),
            Self::TooManyTasks { asked, limit } => {
                write!(f, "the job has {asked} tasks, the limit is {limit}")
            }
            Self::Nowhere(reason) => write!(f, "{reason}"),
            Self::OverQuota(excess) => write!(f, "{excess}"),
            Self::QueueFull {
                queued,
                asked,
                limit,
                ..
            } => write!(
                f,
                "the job has {asked} tasks and its user has {queued} queued or running, the limit is {limit}"
            ),
            Self::ServerFull {
                queued,
                asked,
                limit,
                ..
            } => write!(
                f,
                "the job has {asked} tasks and all users together have {queued} queued or running, the limit is {limit}"
            ),
            Self::TooFast { limit_per_s, .. } => write!(
                f,
                "the user submits too fast, the limit is {limit_per_s} jobs per second"
            ),
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Slots { asked, limit } => {
                write!(
                    f,
                    "the job needs {asked} slots at once and its user may hold {limit} slots"
                )
            }
            Self::Cpu { asked, limit } => {
                f.write_str("the job needs slots with ")?;
                write_thousandths(f, asked)?;
                f.write_str(" cpu at once and its user may hold ")?;
                write_thousandths(f, limit)
            }
            Self::Memory { asked, limit } => {
                f.write_str("the job needs slots with ")?;
                write_bytes(f, asked)?;
                f.write_str(" of memory at once and its user may hold ")?;
                write_bytes(f, limit)
            }
        }
    }
}

impl core::error::Error for Rejection {}
