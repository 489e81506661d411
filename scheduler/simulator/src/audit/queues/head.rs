//! F4: what is promised to the head of a queue is kept.
//!
//! The bound: a gang that needed more slots than were free when it was first in order is the **head** until it starts, and
//! is promised the instant by which slots enough are back by declared timeouts. Whatever starts afterwards, slots enough
//! are free or declared to be back by then. Attempts that outlive what they declared are not the scheduler's doing, and
//! when nodes come, leave or drain, what was promised before is promised anew.
//!
//! Whose turn it is among users the auditor does not know. So it keeps **candidates**, one of which is the head: of each
//! user the gang that is first among its own. Whoever is put off, or could have started and did not, was none. When a slot
//! is free at the end of an event and a gang waits that needs more, there is a head for certain; when then no candidate is
//! left, somebody was let past the head who had no right to.

use std::collections::BTreeMap;

use sublet_scheduler::{JobId, SubclusterId, UnixMillis, UserId};

use super::{Gang, Pace, Queue, Queues};
use crate::audit::nodes::Nodes;
use crate::audit::users::Users;
use crate::audit::{Checked, ensure};

/// The gangs of which one may be the head.
#[derive(Debug, Default)]
pub(super) struct Watch {
    candidates: BTreeMap<JobId, Candidate>,
    /// Whether one of them is.
    is_certain: bool,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    size: u64,
    /// What it was promised first; nothing, while nodes come and go.
    promised: Option<UnixMillis>,
}

/// What candidates are judged by.
#[derive(Clone, Copy)]
pub(in crate::audit) struct Sight<'a> {
    pub(in crate::audit) now: UnixMillis,
    pub(in crate::audit) aging_ms: u64,
    pub(in crate::audit) nodes: &'a Nodes,
    pub(in crate::audit) users: &'a Users,
}

impl Queues {
    /// Something is about to start: who is first now and does not fit may become the head.
    pub(in crate::audit) fn note_heads(&mut self, id: SubclusterId, sight: Sight<'_>) {
        let queue = self.queue(id);
        if !queue.gangs.is_empty() && !queue.head.is_certain {
            queue.add_candidates(id, sight);
        }
    }

    /// To be called after each event, when everything is at rest.
    pub(in crate::audit) fn check_promises(&mut self, sight: Sight<'_>) -> Checked {
        let (queues, seen) = (&mut self.queues, &mut self.heads_seen);
        let concerned = queues
            .iter_mut()
            .filter(|(_, queue)| !queue.gangs.is_empty() || !queue.head.candidates.is_empty());
        for (&id, queue) in concerned {
            if queue.pace == Pace::Paused {
                queue.head.begin_anew();
                continue;
            }
            let was_known = queue.head.is_certain && queue.head.candidates.len() == 1;
            queue.forget_those_who_left(id, sight);
            *seen += u64::from(was_known && queue.head.candidates.is_empty());
            queue.check_head(id, sight)?;
        }
        Ok(())
    }
}

impl Watch {
    /// What was promised holds no more; who has the reservation may have it still.
    pub(super) fn begin_anew(&mut self) {
        self.is_certain = false;
        for candidate in self.candidates.values_mut() {
            candidate.promised = None;
        }
    }
}

impl Queue {
    /// Without one that was the head for certain, or may have been, the reservation may be somebody else's.
    fn forget_those_who_left(&mut self, id: SubclusterId, sight: Sight<'_>) {
        let (gangs, head) = (&self.gangs, &mut self.head);
        let before = head.candidates.len();
        head.candidates.retain(|job, _| gangs.contains_key(job));
        let mut all_may = head.candidates.len() == before;
        for (job, candidate) in &mut head.candidates {
            let gang = gangs[job];
            all_may &= gang.could_start(id, sight.nodes, sight.users);
            if gang.size != candidate.size {
                (candidate.size, candidate.promised) = (gang.size, None);
                all_may = false;
            }
        }
        head.is_certain &= all_may;
    }

    fn check_head(&mut self, id: SubclusterId, sight: Sight<'_>) -> Checked {
        let nodes = sight.nodes;
        let (free, holds) = (nodes.free_slots(id), nodes.holds(id));
        let before = self.head.candidates.clone();
        self.head.candidates.retain(|_, candidate| {
            let missing = candidate.size.saturating_sub(free);
            let promised = candidate.promised;
            missing > 0
                && promised.is_none_or(|by| holds.is_some_and(|holds| holds.has_back(missing, by)))
        });
        let is_broken = self.head.is_certain && self.head.candidates.is_empty();
        ensure(!is_broken, "F4", || {
            format!("in {id:?} with {free} slots free none of {before:?} can start as promised")
        })?;
        if free > 0 && !self.head.is_certain {
            self.add_candidates(id, sight);
            let gangs = &self.gangs;
            let may_start = |job: &JobId| gangs[job].could_start(id, nodes, sight.users);
            self.head.candidates.retain(|job, _| may_start(job));
            self.head.is_certain = !self.head.candidates.is_empty();
        }
        for candidate in self.head.candidates.values_mut() {
            if candidate.promised.is_none() {
                candidate.promised = promise(id, candidate.size, sight);
            }
        }
        Ok(())
    }

    fn add_candidates(&mut self, id: SubclusterId, sight: Sight<'_>) {
        let free = sight.nodes.free_slots(id);
        for (job, gang) in self.first_gangs(id, sight) {
            if gang.size > free && !self.head.candidates.contains_key(&job) {
                let size = gang.size;
                let promised = promise(id, size, sight);
                let candidate = Candidate { size, promised };
                self.head.candidates.insert(job, candidate);
            }
        }
    }

    /// Of each user the gang that is first among those that could start. Where attempts are ended for others, it is looked
    /// who is first at any time, so that it may be any.
    fn first_gangs(&self, id: SubclusterId, sight: Sight<'_>) -> Vec<(JobId, Gang)> {
        let could_start = self
            .gangs
            .iter()
            .filter(|(_, gang)| gang.could_start(id, sight.nodes, sight.users));
        let could_start = could_start.map(|(&job, &gang)| (job, gang));
        if sight.nodes.preempts(id) {
            return could_start.collect();
        }
        let place = |(job, gang): (JobId, Gang)| gang.place(job, sight);
        let mut firsts: BTreeMap<UserId, (JobId, Gang)> = BTreeMap::new();
        for next in could_start {
            let first = firsts.entry(next.1.user).or_insert(next);
            if place(next) < place(*first) {
                *first = next;
            }
        }
        firsts.into_values().collect()
    }
}

impl Gang {
    /// Its place among the gangs of its user: aged ones by age, then higher priority, then older.
    fn place(self, job: JobId, sight: Sight<'_>) -> (bool, i64, UnixMillis, JobId) {
        let is_aged = self.since.plus(sight.aging_ms) <= sight.now;
        let urgency = if is_aged {
            0
        } else {
            -i64::from(self.priority)
        };
        (!is_aged, urgency, self.since, job)
    }
}

/// When as many slots are back as it takes, by what was declared.
fn promise(id: SubclusterId, size: u64, sight: Sight<'_>) -> Option<UnixMillis> {
    let missing = size.checked_sub(sight.nodes.free_slots(id))?;
    let back_by = sight.nodes.holds(id)?.back_by(missing)?;
    Some(back_by.max(sight.now))
}
