//! The attempts of a job that hold a slot, by task. Most jobs have one at a time, which lies here without any memory beside
//! it.

use alloc::collections::BTreeMap;

use crate::attempt::Attempt;

/// At most one attempt of each task.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    /// The one of the lowest task. Without it there are no others.
    lowest: Option<Attempt>,
    others: BTreeMap<u32, Attempt>,
}

impl Attempts {
    pub(super) fn len(&self) -> usize {
        usize::from(self.lowest.is_some()) + self.others.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.lowest.is_none()
    }

    pub(super) fn contains(&self, task: u32) -> bool {
        self.get(task).is_some()
    }

    pub(super) fn get(&self, task: u32) -> Option<&Attempt> {
        match &self.lowest {
            Some(lowest) if lowest.id.task == task => Some(lowest),
            _ => self.others.get(&task),
        }
    }

    pub(super) fn get_mut(&mut self, task: u32) -> Option<&mut Attempt> {
        match &mut self.lowest {
            Some(lowest) if lowest.id.task == task => Some(lowest),
            _ => self.others.get_mut(&task),
        }
    }

    /// Adds an attempt. Answers the one of its task that there was.
    pub(super) fn insert(&mut self, attempt: Attempt) -> Option<Attempt> {
        let task = attempt.id.task;
        match &mut self.lowest {
            Some(lowest) if lowest.id.task < task => self.others.insert(task, attempt),
            Some(lowest) if lowest.id.task == task => Some(core::mem::replace(lowest, attempt)),
            before => {
                let higher = before.replace(attempt);
                self.others
                    .extend(higher.map(|higher| (higher.id.task, higher)));
                None
            }
        }
    }

    pub(super) fn remove(&mut self, task: u32) {
        if self.lowest.is_some_and(|lowest| lowest.id.task == task) {
            self.lowest = self.others.pop_first().map(|(_, next)| next);
        } else {
            self.others.remove(&task);
        }
    }

    /// All of them, by task.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Attempt> {
        self.lowest.iter().chain(self.others.values())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Attempt> {
        self.lowest.iter_mut().chain(self.others.values_mut())
    }
}
