//! F4: what is promised to the head of a queue is kept.
//!
//! Of the gangs that need more slots than are free and could start in the sub-cluster, one has the reservation as soon as
//! a slot is free. Which one that is follows from how turns are taken, of which the auditor need not know: it keeps all
//! that it could be, each with its **promise**, the instant by which slots enough are back by declared timeouts. The bound
//! is that promise as it was first: whatever starts afterwards, slots enough for the head are free or declared to be back
//! by then. A gang for which that does not hold any more is not the head; when it holds for none, somebody was let past the
//! head who had no right to.
//!
//! Attempts that outlive what was declared break no promise of the scheduler's, and nodes that come, leave or drain end it.

use std::collections::BTreeMap;

use sublet_scheduler::{JobId, SubclusterId, UnixMillis};

use super::{Queue, Queues};
use crate::audit::nodes::Nodes;
use crate::audit::users::Users;
use crate::audit::{Checked, ensure};

/// Of more gangs than this it is not kept which may be the head.
const CANDIDATES_MAX: usize = 32;

/// The gangs of which one has the reservation; none, when that is not known.
#[derive(Debug, Default)]
pub(super) struct Watch(BTreeMap<JobId, Promise>);

/// What a gang was promised first.
#[derive(Clone, Copy, Debug)]
struct Promise {
    size: u64,
    by: UnixMillis,
}

impl Queues {
    /// To be called after each event, when everything is at rest.
    pub(in crate::audit) fn check_promises(
        &mut self,
        now: UnixMillis,
        nodes: &Nodes,
        users: &Users,
    ) -> Checked {
        let (queues, seen) = (&mut self.queues, &mut self.heads_seen);
        let with_gangs = queues
            .iter_mut()
            .filter(|(_, queue)| !queue.gangs.is_empty() || !queue.head.0.is_empty());
        for (&id, queue) in with_gangs {
            if nodes.drains(id) || queue.pace == super::Pace::Paused {
                queue.head = Watch::default();
                continue;
            }
            if !queue.head_is_known(id, nodes, users) {
                *seen += u64::from(queue.head.0.len() == 1);
                queue.head = Watch::default();
            }
            if queue.head.0.is_empty() {
                queue.head = queue.find_heads(now, id, nodes, users);
            } else {
                queue.check_head(id, nodes)?;
            }
        }
        Ok(())
    }
}

impl Queue {
    /// Whether each that may be the head waits as before. The reservation of one that started, left or could not start any
    /// more is somebody else's.
    fn head_is_known(&self, id: SubclusterId, nodes: &Nodes, users: &Users) -> bool {
        self.head.0.iter().all(|(job, promise)| {
            let gang = self.gangs.get(job);
            gang.is_some_and(|gang| gang.size == promise.size && gang.could_start(id, nodes, users))
        })
    }

    fn find_heads(&self, now: UnixMillis, id: SubclusterId, nodes: &Nodes, users: &Users) -> Watch {
        let free = nodes.free_slots(id);
        if free == 0 {
            return Watch::default();
        }
        let possible = self
            .gangs
            .iter()
            .filter(|(_, gang)| gang.size > free && gang.could_start(id, nodes, users));
        let promise_of = |(&job, gang): (&JobId, &super::Gang)| {
            let size = gang.size;
            let by = nodes.holds(id)?.back_by(size - free)?.max(now);
            Some((job, Promise { size, by }))
        };
        let promises = possible.take(CANDIDATES_MAX + 1).map(promise_of);
        let promises: Option<BTreeMap<_, _>> = promises.collect();
        let few = promises.filter(|promises| promises.len() <= CANDIDATES_MAX);
        Watch(few.unwrap_or_default())
    }

    /// Who could have started by now is not the head, and neither is who was put off.
    fn check_head(&mut self, id: SubclusterId, nodes: &Nodes) -> Checked {
        let (free, holds) = (nodes.free_slots(id), nodes.holds(id));
        let before = self.head.0.clone();
        self.head.0.retain(|_, promise| {
            let missing = promise.size.saturating_sub(free);
            missing > 0 && holds.is_some_and(|holds| holds.has_back(missing, promise.by))
        });
        ensure(!self.head.0.is_empty(), "F4", || {
            format!("in {id:?} with {free} slots free none of {before:?} can start as promised")
        })
    }
}
