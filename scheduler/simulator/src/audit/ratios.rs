//! F5: a class is spread as its operator said, at every moment and not only in the end.
//!
//! The bound: after each job of a class every target is less than one job from what its weight is of all jobs so far. It
//! is counted anew when the rules change, or when a target opens or closes. Jobs that only some of the targets take have a
//! count of their own. Where a job goes is what was decided; who would have taken it is what was recorded with it.

use std::collections::BTreeMap;

use sublet_scheduler::{Considered, Obstacle, RoutedBy, Routing, RuleSet};

use super::{Checked, ensure};

/// All classes.
#[derive(Debug, Default)]
pub(super) struct Ratios {
    version: u64,
    classes: BTreeMap<String, Class>,
    pub(super) checked: u64,
}

#[derive(Debug, Default)]
struct Class {
    spread: Vec<(String, u32)>,
    /// The targets that took jobs at all when the last one came.
    open: Vec<bool>,
    /// Jobs given to each target, by which of them would have taken the job.
    given: BTreeMap<Vec<bool>, Vec<u64>>,
}

impl Ratios {
    /// Other rules hold.
    pub(super) fn learn(&mut self, rules: &RuleSet) {
        if self.version == rules.version {
            return;
        }
        self.version = rules.version;
        let class = |spread: &[(String, u32)]| Class {
            spread: spread.to_vec(),
            ..Class::default()
        };
        let classes = rules.classes.iter();
        self.classes = classes
            .map(|one| (one.name.clone(), class(&one.spread)))
            .collect();
    }

    /// A job goes somewhere.
    pub(super) fn check(&mut self, routing: &Routing) -> Checked {
        let RoutedBy::Class { name, .. } = &routing.by else {
            return Ok(());
        };
        let Some(class) = self.classes.get_mut(name) else {
            return ensure(false, "F5", || format!("there is no class {name}"));
        };
        self.checked += 1;
        class.check(name, routing)
    }
}

impl Class {
    fn check(&mut self, name: &str, routing: &Routing) -> Checked {
        let open = self.targets_where(routing, |one| one.is_open && has_slots(one));
        if open != self.open {
            self.given.clear();
            self.open = open;
        }
        let takes = |one: &Considered| one.obstacles.is_empty();
        let mut considered = routing.considered.iter();
        let open_one_takes = considered.any(|one| one.is_open && takes(one));
        let in_play = self.targets_where(routing, |one| {
            takes(one) && (one.is_open || !open_one_takes)
        });
        let chosen = routing.considered.iter();
        let chosen = chosen
            .filter(|one| one.subcluster == routing.subcluster)
            .find_map(|one| {
                self.spread
                    .iter()
                    .position(|(target, _)| *target == one.name)
            });
        let targets = self.spread.len();
        let given = self.given.entry(in_play.clone());
        let given = given.or_insert_with(|| vec![0; targets]);
        let Some(chosen) = chosen.filter(|&place| in_play[place]) else {
            return ensure(false, "F5", || {
                format!("class {name} sends a job to who is no target of it: {routing:?}")
            });
        };
        given[chosen] += 1;
        is_near(&self.spread, &in_play, given, name)
    }

    /// Of which targets the answer is yes.
    fn targets_where(&self, routing: &Routing, answer: impl Fn(&Considered) -> bool) -> Vec<bool> {
        let holds = |target: &str| {
            let mut considered = routing.considered.iter();
            considered.any(|one| one.name == target && answer(one))
        };
        self.spread
            .iter()
            .map(|(target, _)| holds(target))
            .collect()
    }
}

fn has_slots(one: &Considered) -> bool {
    let mut obstacles = one.obstacles.iter();
    !obstacles.any(|obstacle| matches!(obstacle, Obstacle::NoSlots { .. }))
}

fn is_near(spread: &[(String, u32)], in_play: &[bool], given: &[u64], name: &str) -> Checked {
    let weights = || {
        let weights = spread.iter().zip(in_play);
        weights.map(|((_, weight), plays)| if *plays { u64::from(*weight) } else { 0 })
    };
    let (jobs, sum) = (given.iter().sum::<u64>(), weights().sum::<u64>());
    let off = weights()
        .zip(given)
        .map(|(weight, count)| (jobs * weight).abs_diff(count * sum));
    let is_near = off.into_iter().all(|off| off < sum);
    ensure(is_near, "F5", || {
        format!(
            "of {jobs} jobs of class {name} {given:?} went to {spread:?}, of whom {in_play:?} take part"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn f05_a_whole_job_from_the_ideal_is_too_far() {
        let spread = [
            ("a".to_owned(), 7),
            ("b".to_owned(), 2),
            ("c".to_owned(), 1),
        ];
        let is_near =
            |given: [u64; 3], in_play: [bool; 3]| is_near(&spread, &in_play, &given, "all").is_ok();
        assert!(is_near([7, 2, 1], [true; 3]));
        assert!(is_near([3, 1, 0], [true; 3]));
        assert!(is_near([3, 0, 0], [true; 3]));
        assert!(
            !is_near([4, 0, 0], [true; 3]),
            "the first is 1.2 jobs ahead"
        );
        assert!(is_near([10, 0, 0], [true, false, false]));
        assert!(!is_near([1, 0, 1], [true, true, false]));
    }
}
