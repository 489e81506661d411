//! Whose turn it is among the sub-clusters, for a user whom a quota holds.

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::*;

use crate::words::{host_of, job_of};

const SLOT: Resources = Resources {
    cpu_millis: 10,
    memory_bytes: 10,
};

fn told(scheduler: &mut Scheduler, event: Event) -> Vec<AttemptId> {
    let mut actions = Vec::new();
    scheduler.handle(UnixMillis(0), event, &mut actions);
    let start = |action| match action {
        Action::Start { attempt, .. } => Some(attempt),
        _ => None,
    };
    actions.into_iter().filter_map(start).collect()
}

fn part(name: &str) -> SubclusterSpec {
    let entry = Rule::parse(RuleKind::Entry, "sub.nodes < 1").expect("it is a rule");
    SubclusterSpec {
        entry: Some(entry),
        ..SubclusterSpec::new(name, SLOT)
    }
}

#[test]
fn what_a_user_at_the_quota_gives_back_goes_to_the_sub_clusters_in_turn() {
    let quota = Quota {
        slots: 1,
        ..Quota::UNLIMITED
    };
    let mut scheduler = Scheduler::new(Config {
        queued_tasks_max: 1_000,
        tasks_per_job_max: 100,
        aging_ms: 3_600_000,
        terms: Terms { weight: 1, quota },
    });
    let rules = RuleSet {
        version: 1,
        subclusters: vec![part("a"), part("b"), part("c")],
        ..RuleSet::default()
    };
    told(&mut scheduler, Event::RulesChanged(rules));
    for node in 0..3 {
        told(&mut scheduler, host_of(NodeId(node), SLOT));
    }
    let mut running = Vec::new();
    for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
        running.extend(told(
            &mut scheduler,
            Event::Submitted(Job {
                tasks: 0..=9,
                subcluster: Some(name.to_owned()),
                ..job_of(JobId(id), SLOT)
            }),
        ));
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let attempt = running.pop().expect("one runs");
        order.push(attempt.job.0);
        let outcome = Outcome::Succeeded;
        told(&mut scheduler, Event::Exited { attempt, outcome });
        running = told(&mut scheduler, Event::Reclaimed(attempt));
    }
    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
}
