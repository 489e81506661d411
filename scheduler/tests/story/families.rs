//! Jobs whose tasks submit jobs of their own, and wait for them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sublet_scheduler::*;

use crate::notation::{SLOT, check};
use crate::words::{host_of, job_of, rules_of};

#[test]
fn who_may_have_children_leaves_a_slot_for_them() {
    check(
        "
        capacity 2
        submit p*2 generations=1 timeout=500
          start p/0 on 0.0
        why p
          wants 2 slots at once, 1 free, enough by 500
        submit child timeout=500
          start child/0 on 0.1
        end child/0 ok
          finish child/0: succeeded; settled
          job child finished
          reclaim child/0 on 0.1
        end p/0 ok
          finish p/0: succeeded; settled
          reclaim p/0 on 0.0
          start p/1 on 0.0
        ",
    );
}

#[test]
fn a_slot_is_left_for_each_generation() {
    check(
        "
        capacity 3
        submit first generations=2
          start first/0 on 0.0
        submit second generations=1
          start second/0 on 0.1
        submit another generations=1
        why another
          wants 2 slots at once, 1 free, enough by 30000
        submit last
          start last/0 on 0.2
        ",
    );
}

#[test]
fn where_there_could_never_be_a_slot_for_the_children_it_is_refused() {
    check(
        "
        capacity 2
        admit p generations=2
          sub-cluster default does not take the job: it needs 3 slots at once, at most 2 can exist
        ",
    );
}

#[test]
fn a_quota_has_to_hold_the_children_too() {
    check(
        "
        capacity 4
        terms user=1 slots=2
        admit p generations=2
          the job needs 3 slots at once and its user may hold 2 slots
        submit a generations=1
          start a/0 on 0.0
        submit b generations=1
        submit child
          start child/0 on 0.1
        ",
    );
}

#[test]
fn a_child_passes_a_gang_that_waits_for_its_parent() {
    check(
        "
        capacity 3
        submit p generations=1 timeout=1000
          start p/0 on 0.0
        submit g*3 gang
        submit other timeout=3000
        submit c child timeout=2000
          start c/0 on 0.1
        why other
          kept for g until 2000
        ",
    );
}

/// A job that waits for those that its one task submitted.
struct Family {
    user: u64,
    generations: u32,
    parent: Option<AttemptId>,
    /// How many of each further generation it submits when it starts: taken from the front.
    children: Vec<u32>,
}

struct Families {
    scheduler: Scheduler,
    families: BTreeMap<JobId, Family>,
    /// Those that run, with how many of their children are not over.
    running: BTreeMap<AttemptId, u32>,
    now: u64,
}

impl Families {
    fn new(slots: u64, quota: u64) -> Self {
        let quota = Quota {
            slots: quota,
            ..Quota::UNLIMITED
        };
        let scheduler = Scheduler::new(Config {
            queued_tasks_max: 1_000_000,
            tasks_per_job_max: 100,
            aging_ms: 3_600_000,
            terms: Terms { weight: 1, quota },
        });
        let mut families = Self {
            scheduler,
            families: BTreeMap::new(),
            running: BTreeMap::new(),
            now: 0,
        };
        families.tell(Event::RulesChanged(rules_of(1, "default", SLOT)));
        let capacity = Resources {
            cpu_millis: SLOT.cpu_millis * slots,
            memory_bytes: SLOT.memory_bytes * slots,
        };
        families.tell(host_of(NodeId(0), capacity));
        families
    }

    fn tell(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.now += 1;
        self.scheduler
            .handle(UnixMillis(self.now), event, &mut actions);
        for action in actions {
            if let Action::Start { attempt, .. } = action {
                self.running.insert(attempt, 0);
                self.begin(attempt);
            }
        }
    }

    fn submit(&mut self, family: Family) {
        let id = JobId(self.families.len() as u64 + 1);
        let job = Job {
            user: UserId(family.user),
            generations: family.generations,
            is_child: family.parent.is_some(),
            ..job_of(id, SLOT)
        };
        self.families.insert(id, family);
        self.tell(Event::Submitted(job));
    }

    /// What a task does first.
    fn begin(&mut self, attempt: AttemptId) {
        let family = &self.families[&attempt.job];
        let Some((&count, rest)) = family.children.split_first() else {
            return;
        };
        if family.generations == 0 {
            return;
        }
        let (user, generations, rest) = (family.user, family.generations - 1, rest.to_vec());
        *self.running.get_mut(&attempt).expect("it runs") += count;
        for _ in 0..count {
            self.submit(Family {
                user,
                generations,
                parent: Some(attempt),
                children: rest.clone(),
            });
        }
    }

    /// Ends the chosen one of those that wait for nobody. Answers whether there was any.
    fn end_one(&mut self, choice: usize) -> bool {
        let idle = self.running.iter().filter(|(_, children)| **children == 0);
        let idle: Vec<_> = idle.map(|(attempt, _)| *attempt).collect();
        let Some(&attempt) = idle.get(choice % idle.len().max(1)) else {
            return false;
        };
        self.running.remove(&attempt);
        if let Some(parent) = self.families[&attempt.job].parent {
            *self.running.get_mut(&parent).expect("it waits") -= 1;
        }
        let outcome = Outcome::Succeeded;
        self.tell(Event::Exited { attempt, outcome });
        self.tell(Event::Reclaimed(attempt));
        true
    }
}

proptest! {
    /// However many wait for children that wait for children, somebody can always go on.
    #[test]
    fn those_who_wait_for_their_children_never_hold_all_slots(
        slots in 4u64..7,
        quota in 4u64..9,
        roots in prop::collection::vec((1u64..4, 0u32..4, prop::collection::vec(0u32..4, 3)), 1..12),
        choices in prop::collection::vec(any::<usize>(), 50),
    ) {
        let mut families = Families::new(slots, quota);
        for (user, generations, children) in roots {
            families.submit(Family { user, generations, parent: None, children });
        }
        let mut choices = choices.into_iter().cycle();
        while families.end_one(choices.next().expect("they come again")) {}
        prop_assert!(families.running.is_empty(), "all that run wait: {:?}", families.running);
        prop_assert!(families.scheduler.is_idle());
        let over = |id: &JobId| families.scheduler.job(*id).is_none();
        prop_assert!(families.families.keys().all(over), "some never started");
    }
}
