//! Why a job waits, for whoever asks. Nothing here changes anything, and no decision asks here: an answer may take as long
//! as the queue is.

use crate::queues::Queues;
use crate::queues::backlog::AgedSince;
use crate::queues::local::{LocalQueue, Waiting};
use crate::queues::running::Promise;
use crate::{JobId, SubclusterId, UnixMillis, UserId};

/// What a quota bounds that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Slots.
    Slots,
    /// Thousandths of a processor.
    CpuMillis,
    /// Bytes of memory.
    MemoryBytes,
}

/// What keeps a job from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Its user holds too much for it to start.
    Quota { which: Bound, held: u64, limit: u64 },
    /// It is a gang and wants more slots than are free.
    Gang { wants: u64, free: u64 },
    /// A slot is free, and kept for a gang that will have enough of them then at the latest.
    Reservation { holder: JobId, at: UnixMillis },
    /// Others come first: these jobs and tasks of its own user, and one task at least of each of these other users.
    Behind { jobs: u64, tasks: u64, users: u64 },
}

/// The gang that nobody may delay, and when it has enough slots at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reservation {
    pub(crate) holder: JobId,
    pub(crate) promise: Promise,
}

/// Why a job waits, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) hold: Hold,
    /// When slots enough for it and for who is before it are back, by declared timeouts: an estimate, since others may
    /// come and most end earlier. Nothing, when that hangs on an attempt without a timeout, or on something else than
    /// slots.
    pub(crate) starts_about: Option<UnixMillis>,
}

/// What stands before a job.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    jobs: u64,
    tasks: u64,
    users: u64,
}

impl Queues {
    /// Why the job waits in the sub-cluster with so many free slots; nothing when it does not.
    pub(crate) fn why_waiting(
        &self,
        now: UnixMillis,
        subcluster: SubclusterId,
        job: JobId,
        free: u64,
    ) -> Option<Wait> {
        let queue = self.queues.get(&subcluster)?;
        let job = queue.job(&self.waiting, job)?;
        if let Some(hold) = self.quota_hold(queue, job) {
            return Some(Wait {
                hold,
                starts_about: None,
            });
        }
        let reservation = self.reservation(now, subcluster, free);
        let others = reservation.filter(|gang| gang.holder != job.entry.job);
        let ahead = self.ahead_of(now, queue, job);
        // A gang with the reservation waits for nobody's turn.
        let before = match (reservation, others) {
            (Some(_), None) => 0,
            _ => ahead.tasks.saturating_add(ahead.users),
        };
        let wanted = before.saturating_add(job.size());
        let promise = queue.running.promise(now, free, wanted);
        Some(Wait {
            hold: gang_hold(job, free)
                .or_else(|| reservation_hold(now, others?, job, free))
                .unwrap_or(ahead.as_hold()),
            starts_about: promise.map(|promise| promise.at).filter(is_known),
        })
    }

    fn quota_hold(&self, queue: &LocalQueue, job: &Waiting) -> Option<Hold> {
        let account = self.accounts.get(job.entry.user)?;
        let bounds = [Bound::Slots, Bound::CpuMillis, Bound::MemoryBytes];
        let which = bounds
            .into_iter()
            .find(|&bound| account.room_under(bound, queue.slot) < job.size())?;
        Some(Hold::Quota {
            which,
            held: account.amount(which),
            limit: account.limit(which),
        })
    }

    /// The reservation of a sub-cluster with so many free slots, when a gang has it.
    pub(crate) fn reservation(
        &self,
        now: UnixMillis,
        subcluster: SubclusterId,
        free: u64,
    ) -> Option<Reservation> {
        let queue = self.queues.get(&subcluster)?;
        let gang = queue.reserved(&self.accounts, &self.waiting, free)?;
        let promise = queue.running.promise(now, free, gang.size)?;
        Some(Reservation {
            holder: gang.job,
            promise,
        })
    }

    fn ahead_of(&self, now: UnixMillis, queue: &LocalQueue, job: &Waiting) -> Ahead {
        let aged = AgedSince(now.0.checked_sub(self.aging_max_ms).map(UnixMillis));
        let place = aged.place(job.turn());
        let own = queue.jobs_of(job.entry.user);
        let own = own.filter_map(|own| self.waiting.get(&own));
        let own = own.filter(|other| aged.place(other.turn()) < place);
        let ahead = own.fold(Ahead::default(), |sum, other| Ahead {
            jobs: sum.jobs + 1,
            tasks: sum.tasks + other.ready,
            ..sum
        });
        Ahead {
            users: self.users_before(queue, job.entry.user),
            ..ahead
        }
    }

    /// The other users whose turn comes first and whose quota has room.
    fn users_before(&self, queue: &LocalQueue, user: UserId) -> u64 {
        let place = |user| (self.accounts.standing(user), user);
        let may_start = |other: &UserId| {
            queue.least_size(*other) <= Some(self.accounts.room(*other, queue.slot))
        };
        let before = queue.users().filter(may_start);
        before.filter(|&other| place(other) < place(user)).count() as u64
    }
}

impl Ahead {
    const fn as_hold(self) -> Hold {
        Hold::Behind {
            jobs: self.jobs,
            tasks: self.tasks,
            users: self.users,
        }
    }
}

/// A slot is free, and the job would not give it back in time.
fn reservation_hold(now: UnixMillis, kept: Reservation, job: &Waiting, free: u64) -> Option<Hold> {
    let fit = kept.promise.fit(now, free);
    let may_pass = fit.allows(job.size(), job.entry.timeout_ms);
    (free > 0 && !may_pass).then_some(Hold::Reservation {
        holder: kept.holder,
        at: kept.promise.at,
    })
}

/// Who wants several slots at once, and more than are free, waits for slots, whoever comes before.
fn gang_hold(job: &Waiting, free: u64) -> Option<Hold> {
    let wants = job.size();
    let is_several = job.entry.gang || wants > 1;
    (is_several && wants > free).then_some(Hold::Gang { wants, free })
}

fn is_known(at: &UnixMillis) -> bool {
    *at < UnixMillis(u64::MAX)
}
