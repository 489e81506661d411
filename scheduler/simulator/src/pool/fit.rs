//! From jobs that were drawn for the fixed world to jobs that ask for the slots of another pool: mice for the smallest
//! slots there are, elephants for the largest ones. Times stay as they are, and what fits nowhere is handed in all the
//! same: that the rules refuse it is an answer too.

use std::borrow::Cow;

use sublet_scheduler::{PoolView, Resources};

use crate::workload::{Act, Room, Submission};
use crate::world::{Partition, SUBCLUSTERS};

/// The sub-clusters of a pool, and which of them stands for which of the world's.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// As the scheduler counts them.
    names: Vec<String>,
    /// The same by the size of their slots.
    places: Vec<Place>,
}

/// A sub-cluster.
#[derive(Clone, Debug)]
struct Place {
    name: String,
    slot: Resources,
    /// How many it has before anything happens.
    slots: u64,
}

impl Fit {
    /// To a pool that nobody has used yet. It has at least one sub-cluster.
    pub(crate) fn of(pool: &PoolView) -> Self {
        let place = |view: &sublet_scheduler::SubclusterView| Place {
            name: view.spec.name.clone(),
            slot: view.spec.slot,
            slots: view.slots.total,
        };
        let mut places: Vec<Place> = pool.subclusters.iter().map(place).collect();
        let names = places.iter().map(|one| one.name.clone()).collect();
        places.sort_by_key(|one| (one.slot.memory_bytes, one.slot.cpu_millis));
        Self { names, places }
    }

    /// The names of the sub-clusters, as the scheduler counts them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The slots that loads are measured by.
    pub(crate) fn room(&self) -> Room {
        let [short, _, long] = [0, 1, 2].map(|rank| self.place(rank).slots);
        let all = self.places.iter().map(|one| one.slots).sum();
        Room { short, long, all }
    }

    /// The same deed in this pool.
    pub(crate) fn act(&self, act: Act) -> Act {
        match act {
            Act::Submit(submission) => Act::Submit(self.submission(submission)),
            Act::Paused(name) => Act::Paused(self.name(&name)),
            Act::Unpaused(name) => Act::Unpaused(self.name(&name)),
            other => other,
        }
    }

    fn submission(&self, mut job: Submission) -> Submission {
        let home = |partition: &Partition| partition.slot.covers(job.want);
        if let Some(rank) = SUBCLUSTERS.iter().position(home) {
            job.want = scaled(job.want, SUBCLUSTERS[rank].slot, self.place(rank).slot);
        }
        job.subcluster = job.subcluster.map(|name| self.name(&name));
        job
    }

    fn name(&self, of_world: &str) -> Cow<'static, str> {
        let rank = SUBCLUSTERS.iter().position(|one| one.name == of_world);
        let rank = rank.expect("loads name sub-clusters of the world");
        Cow::Owned(self.place(rank).name.clone())
    }

    /// The sub-cluster that stands for the world's at this place: the first for the first, the last for the last.
    fn place(&self, rank: usize) -> &Place {
        let last = self.places.len() - 1;
        &self.places[rank * last / (SUBCLUSTERS.len() - 1)]
    }
}

/// The same part of another slot, and at least something.
fn scaled(want: Resources, from: Resources, to: Resources) -> Resources {
    let part = |want: u64, from: u64, to: u64| {
        let scaled = u128::from(want) * u128::from(to) / u128::from(from);
        u64::try_from(scaled).unwrap_or(u64::MAX).max(1)
    };
    Resources {
        cpu_millis: part(want.cpu_millis, from.cpu_millis, to.cpu_millis),
        memory_bytes: part(want.memory_bytes, from.memory_bytes, to.memory_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::scaled;
    use crate::world::amount;

    #[test]
    fn a_want_is_the_same_part_of_another_slot() {
        let half = scaled(amount(500, 1_024), amount(1_000, 2_048), amount(50, 64));
        assert_eq!(half, amount(25, 32));
        let least = scaled(amount(1, 1), amount(1_000, 2_048), amount(50, 64));
        assert_eq!(least.cpu_millis, 1, "nothing cannot be asked for");
    }
}
