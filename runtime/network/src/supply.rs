//! Networks that were prepared ahead, and whose they are. Pure: time is an argument, and who keeps it durable is told.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use thiserror::Error;

use crate::Plan;

/// No network can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("all {prepared} prepared networks are assigned or at rest; wait, or prepare more")]
pub struct NoNetwork {
    /// How many there are.
    pub prepared: usize,
}

/// Prepared networks. Each belongs to one user at a time, and rests before it belongs to another.
#[derive(Clone, Debug)]
pub struct Supply {
    plans: Vec<Plan>,
    rest: Duration,
    free: VecDeque<usize>,
    /// With the time at which each is free again, in order.
    resting: VecDeque<(Duration, usize)>,
    assigned: BTreeSet<usize>,
}

impl Supply {
    /// Networks that all are free. They are known by their position.
    pub fn new(plans: Vec<Plan>, rest: Duration) -> Self {
        Self {
            free: (0..plans.len()).collect(),
            plans,
            rest,
            resting: VecDeque::new(),
            assigned: BTreeSet::new(),
        }
    }

    /// Assigns a network that nobody has: its position and its addresses.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn assign(&mut self, now: Duration) -> Result<(usize, Plan), NoNetwork> {
        while let Some((_, position)) = self.resting.pop_front_if(|(end, _)| *end <= now) {
            self.free.push_back(position);
        }
        let none = NoNetwork {
            prepared: self.plans.len(),
        };
        let position = self.free.pop_front().ok_or(none)?;
        let plan = *self.plans.get(position).ok_or(none)?;
        self.assigned.insert(position);
        Ok((position, plan))
    }

    /// Assigns one again that was assigned before a restart. Nothing where there is no such one, or somebody has it.
    pub fn reassign(&mut self, position: usize) -> Option<Plan> {
        let plan = *self.plans.get(position)?;
        if !self.assigned.insert(position) {
            return None;
        }
        self.free.retain(|free| *free != position);
        self.resting.retain(|(_, resting)| *resting != position);
        Some(plan)
    }

    /// Takes a network back, of which nothing lives any more. It rests first. Says whether it was assigned.
    pub fn give_back(&mut self, position: usize, now: Duration) -> bool {
        let was_assigned = self.assigned.remove(&position);
        if was_assigned {
            let end = now.saturating_add(self.rest);
            self.resting.push_back((end, position));
        }
        was_assigned
    }

    /// How many are assigned.
    pub fn assigned(&self) -> usize {
        self.assigned.len()
    }

    /// How many are free or at rest.
    pub fn free(&self) -> usize {
        self.free.len() + self.resting.len()
    }
}
