//! The making of a report while a run goes on. It is told what happened, in the order of instants, and keeps sums.

use std::collections::BTreeMap;

use sublet_scheduler::Resources;

use super::{Named, Report};

/// Where nodes are that no sub-cluster may use, in the order of the lanes of membership after the sub-clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// In the sub-cluster at this place of the list.
    In(usize),
    /// No entry rule wanted it.
    Unassigned,
    /// It leaves and still has work.
    Draining,
    /// Its host is gone.
    Down,
}

/// A user's grants change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// So much is granted.
    Granted(Resources),
    /// So much comes back.
    Returned(Resources),
}

/// Whether the series of membership know where the nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moves {
    Drawn,
    New,
}

/// Makes a report.
#[derive(Clone, Debug)]
pub struct Recorder {
    report: Report,
    now_us: u64,
    pool: Resources,
    granted: Resources,
    of_users: Vec<Resources>,
    /// Tasks that wait, by sub-cluster.
    waiting: Vec<u64>,
    nodes: Vec<u64>,
    moves: Moves,
    /// The users whose grants changed since their shares were last drawn, so that a large batch costs one sample each.
    changed: Vec<usize>,
}

impl Recorder {
    /// Of a run with these users and these sub-clusters.
    #[must_use]
    pub fn new(title: String, users: &[String], subclusters: &[String]) -> Self {
        let outside = ["unassigned", "draining", "down"].map(str::to_owned);
        let lanes: Vec<String> = subclusters.iter().cloned().chain(outside).collect();
        Self {
            report: Report {
                title,
                waits_of_users: empty(users),
                ends_of_users: empty(users),
                waits_of_subclusters: empty(subclusters),
                queues: empty(subclusters),
                members: empty(&lanes),
                shares: empty(users),
                ..Report::default()
            },
            now_us: 0,
            pool: Resources::default(),
            granted: Resources::default(),
            of_users: vec![Resources::default(); users.len()],
            waiting: vec![0; subclusters.len()],
            nodes: vec![0; lanes.len()],
            moves: Moves::Drawn,
            changed: Vec::new(),
        }
    }

    /// The instant of all that follows.
    pub fn at(&mut self, now_us: u64) {
        if now_us > self.now_us {
            self.sample();
            self.now_us = now_us;
        }
    }

    /// The counts, to count on.
    pub fn counts(&mut self) -> &mut super::Counts {
        &mut self.report.counts
    }

    /// One more of the word.
    pub fn count(counts: &mut BTreeMap<&'static str, u64>, word: &'static str) {
        *counts.entry(word).or_default() += 1;
    }

    /// A task of a user started for the first time, so long after its submission.
    pub fn waited(&mut self, user: usize, class: &'static str, subcluster: usize, us: u64) {
        self.report.waits.add(us);
        self.report.waits_of_users[user].of.add(us);
        self.report
            .waits_of_classes
            .entry(class)
            .or_default()
            .add(us);
        self.report.waits_of_subclusters[subcluster].of.add(us);
    }

    /// A job of a user is finished.
    pub fn finished(&mut self, user: usize) {
        self.report.counts.finished += 1;
        self.report.ends_of_users[user].of = self.now_us;
    }

    /// What the hosts that are there have together.
    pub fn pool(&mut self, pool: Resources) {
        self.pool = pool;
        self.changed.extend(0..self.of_users.len());
    }

    /// What a user holds changes.
    pub fn holds(&mut self, user: usize, holding: Holding) {
        let (granted, of_user) = (&mut self.granted, &mut self.of_users[user]);
        for account in [granted, of_user] {
            *account = match holding {
                Holding::Granted(amount) => account.plus(amount),
                Holding::Returned(amount) => account.checked_sub(amount).unwrap_or_default(),
            };
        }
        self.changed.push(user);
    }

    /// So many tasks wait in the sub-cluster.
    pub fn waits(&mut self, subcluster: usize, tasks: u64) {
        self.waiting[subcluster] = tasks;
    }

    /// A node is somewhere else. A new one was down before, where it was not counted.
    pub fn moved(&mut self, from: Membership, to: Membership) {
        let lane = self.lane(from);
        self.nodes[lane] = self.nodes[lane].saturating_sub(1);
        let lane = self.lane(to);
        self.nodes[lane] += 1;
        self.moves = Moves::New;
    }

    /// The server starts again, and knows of no node until it is told.
    pub fn restarted(&mut self) {
        self.nodes.fill(0);
        self.moves = Moves::New;
    }

    /// The report, which ends now.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.sample();
        let end_us = self.now_us;
        let report = &mut self.report;
        report.length_us = end_us;
        let lanes = [&mut report.queues, &mut report.members, &mut report.shares];
        let series = lanes.into_iter().flatten().map(|one| &mut one.of);
        for series in series.chain([&mut report.cpu, &mut report.memory]) {
            series.advance(end_us);
        }
        self.report
    }

    /// What the present instant left behind holds from it on.
    fn sample(&mut self) {
        let (at_us, report) = (self.now_us, &mut self.report);
        let part = |amount: u64, of: u64| amount as f64 / of.max(1) as f64;
        for (one, &tasks) in report.queues.iter_mut().zip(&self.waiting) {
            one.of.set(at_us, tasks as f64);
        }
        if self.moves == Moves::New {
            self.moves = Moves::Drawn;
            for (one, &nodes) in report.members.iter_mut().zip(&self.nodes) {
                one.of.set(at_us, nodes as f64);
            }
        }
        if self.changed.is_empty() {
            return;
        }
        let cpu = part(self.granted.cpu_millis, self.pool.cpu_millis);
        let memory = part(self.granted.memory_bytes, self.pool.memory_bytes);
        report.cpu.set(at_us, cpu);
        report.memory.set(at_us, memory);
        for user in self.changed.drain(..) {
            let held = self.of_users[user];
            let cpu = part(held.cpu_millis, self.pool.cpu_millis);
            let memory = part(held.memory_bytes, self.pool.memory_bytes);
            report.shares[user].of.set(at_us, cpu.max(memory));
        }
    }

    const fn lane(&self, membership: Membership) -> usize {
        let subclusters = self.waiting.len();
        match membership {
            Membership::In(subcluster) => subcluster,
            Membership::Unassigned => subclusters,
            Membership::Draining => subclusters + 1,
            Membership::Down => subclusters + 2,
        }
    }
}

fn empty<T: Default>(names: &[String]) -> Vec<Named<T>> {
    let named = |name: &String| Named {
        name: name.clone(),
        of: T::default(),
    };
    names.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::{Holding, Recorder};
    use crate::world::amount;

    #[test]
    fn a_share_is_the_larger_part_weighed_with_its_time() {
        let users = ["anna".to_owned(), "bo".to_owned()];
        let mut recorder = Recorder::new(String::new(), &users, &[]);
        recorder.pool(amount(1_000, 1_000));
        recorder.holds(0, Holding::Granted(amount(500, 100)));
        recorder.at(3_000_000);
        recorder.holds(0, Holding::Returned(amount(500, 100)));
        recorder.holds(1, Holding::Granted(amount(100, 800)));
        recorder.at(4_000_000);
        let report = recorder.finish();
        let means = report.shares.iter().map(|one| one.of.mean());
        for (mean, expected) in means.zip([0.375, 0.2]) {
            assert!((mean - expected).abs() < 1e-9, "{mean}, not {expected}");
        }
        assert!((report.cpu.mean() - 0.4).abs() < 1e-9, "{:?}", report.cpu);
        assert_eq!(report.length_us, 4_000_000);
    }
}
