//! A contest: users who all have work in every sub-cluster, from the first instants to nearly the last. Most other loads
//! leave slots free now and then; here whose turn it is decides everything.

use std::borrow::Cow;

use sublet_scheduler::UserId;

use super::{Act, Customer, Deed, Manner, Room, Runs, Scale, Shape, Submission, Workload};
use crate::random::{Random, whole};
use crate::world::{NODE, Partition, SUBCLUSTERS};

/// The mean run of a task.
const MEAN_RUN_US: u64 = 20_000;
/// By how much a user exaggerates.
const EXAGGERATION: u64 = 25;
/// A node is drained with one job of so many, and given back in the middle between that and the next.
const JOBS_PER_DRAIN: u64 = 8;

/// Who takes part, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contest {
    /// How many users.
    pub users: u64,
    /// What they weigh.
    pub weights: Weights,
    /// Whether they want the same.
    pub wants: Wants,
    /// Whose work is there.
    pub present: Present,
    /// Jobs in a hundred whose tasks start together.
    pub gangs_percent: u64,
    /// What the operator does with the nodes.
    pub nodes: Nodes,
    /// What the first user says of the same work.
    pub stance: Stance,
}

/// What users weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// All the same.
    Equal,
    /// 1, 2, 3, and again.
    Different,
}

/// Whether users want the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Each has jobs like those of the others.
    Alike,
    /// The first has half of its jobs only.
    OneHasLess,
}

/// Whose work is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// Everybody's.
    Everybody,
    /// That of one user.
    Only(u64),
}

/// What an operator does with nodes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// Nothing. A gang is a quarter of a node, so that it fits beside others.
    Stay,
    /// One after the other is drained and given back. A gang is more than a node, so that it hangs on several whether it
    /// can start.
    Drain,
}

/// What a user says of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// What is so.
    Truth,
    /// That it may take much longer.
    LongTimeouts,
    /// That it needs the largest slots.
    LargeSlots,
    /// That it is many jobs of one task each.
    ManyJobs,
    /// That it is as urgent as can be.
    Urgent,
}

impl Contest {
    /// So many users of one weight, who say what is so and have no gangs, on nodes that stay.
    #[must_use]
    pub const fn of(users: u64) -> Self {
        Self {
            users,
            weights: Weights::Equal,
            wants: Wants::Alike,
            present: Present::Everybody,
            gangs_percent: 0,
            nodes: Nodes::Stay,
            stance: Stance::Truth,
        }
    }

    pub(crate) fn workload(self, seed: u64, scale: Scale, room: Room) -> Workload {
        let tasks: u64 = SUBCLUSTERS.iter().map(|one| u64::from(tasks(*one))).sum();
        let mean_us = (tasks * MEAN_RUN_US) as f64 / SUBCLUSTERS.len() as f64;
        let gap_us = scale.gap_us(mean_us, room.all, 1.0);
        let deeds = (0..scale.jobs).flat_map(move |number| {
            let at_us = whole(gap_us * number as f64);
            let jobs = self.submissions(seed, number).into_iter().map(Act::Submit);
            let acts = jobs.chain(self.nodes.act(number, scale.hosts));
            acts.map(move |act| Deed { at_us, act })
        });
        Workload {
            customers: (0..self.users).map(|user| self.customer(user)).collect(),
            deeds: Box::new(deeds),
        }
    }

    fn customer(self, user: u64) -> Customer {
        let weight = match self.weights {
            Weights::Equal => 1,
            Weights::Different => 1 + u32::try_from(user % 3).expect("it is below 3"),
        };
        Customer {
            user: UserId(user),
            name: format!("contestant-{user}"),
            weight,
            manner: Manner::Honest,
        }
    }

    /// The work of a number, as its user says it; none, when that user is not there.
    fn submissions(self, seed: u64, number: u64) -> Vec<Submission> {
        let user = number % self.users;
        let turn = number / self.users;
        let is_present = self.present == Present::Everybody || self.present == Present::Only(user);
        let is_wanted = self.wants == Wants::Alike || user > 0 || turn % 6 < 3;
        if !is_present || !is_wanted {
            return Vec::new();
        }
        let job = self.job(&mut Random::of(seed, turn), user, turn);
        if user == 0 {
            self.stance.say(job)
        } else {
            vec![job]
        }
    }

    fn job(self, random: &mut Random, user: u64, turn: u64) -> Submission {
        let place = usize::try_from(turn % 3).expect("it is below 3");
        let partition = SUBCLUSTERS[place];
        let mut job = Submission::plain(user, "contest", partition.slot);
        job.tasks = tasks(partition);
        job.timeout_ms = random.pick(timeouts_ms(place));
        job.priority = random.pick(&[0, 1, 2]);
        job.subcluster = Some(Cow::Borrowed(partition.name));
        job.runs = Runs::Around {
            mean_us: MEAN_RUN_US,
            seed: random.next(),
        };
        if random.percent(self.gangs_percent) {
            job.shape = Shape::Gang;
            job.tasks = self.nodes.gang_of(job.tasks);
        }
        job
    }
}

impl Nodes {
    /// How many tasks a gang has, where a node has so many slots.
    fn gang_of(self, slots: u32) -> u32 {
        match self {
            Self::Stay => (slots / 4).max(2),
            Self::Drain => slots + slots / 2,
        }
    }

    /// What the operator does when the job of that number comes in, if anything.
    fn act(self, number: u64, hosts: u32) -> Option<Act> {
        let (turn, place) = (number / JOBS_PER_DRAIN, number % JOBS_PER_DRAIN);
        let host = u32::try_from(turn % u64::from(hosts));
        let host = host.expect("it is below a number of hosts");
        match self {
            Self::Drain if place == 0 => Some(Act::NodeDrained(host)),
            Self::Drain if place == JOBS_PER_DRAIN / 2 => Some(Act::NodeResumed(host)),
            Self::Drain | Self::Stay => None,
        }
    }
}

impl Stance {
    fn say(self, mut job: Submission) -> Vec<Submission> {
        match self {
            Self::Truth => {}
            Self::LongTimeouts => job.timeout_ms *= EXAGGERATION,
            Self::LargeSlots => {
                let largest = SUBCLUSTERS[SUBCLUSTERS.len() - 1];
                job.subcluster = Some(Cow::Borrowed(largest.name));
                job.want = largest.slot;
            }
            Self::Urgent => job.priority = i32::MAX,
            Self::ManyJobs => return apart(&job),
        }
        vec![job]
    }
}

/// The tasks of a job, each as a job of its own that runs as long.
fn apart(job: &Submission) -> Vec<Submission> {
    let alone = |task| Submission {
        tasks: 1,
        runs: Runs::Equal(job.runs.of(task)),
        ..job.clone()
    };
    (0..job.tasks).map(alone).collect()
}

/// As many as a node has slots, so that a job is as much work in each of the sub-clusters.
fn tasks(partition: Partition) -> u32 {
    u32::try_from(NODE.slots_of(partition.slot)).expect("a node has few slots")
}

/// What tasks declare that go to the sub-cluster at this place. None runs as long.
const fn timeouts_ms(place: usize) -> &'static [u64] {
    match place {
        0 => &[100, 200, 1_000],
        1 => &[31_000, 60_000],
        _ => &[100, 400, 4_000_000],
    }
}
