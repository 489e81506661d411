//! Jobs of many tasks.

use sublet_scheduler::*;

use crate::notation::check;
use crate::words::{host_of, job_of, rules_of};

#[test]
fn l03_array_of_1000_gives_1000_attempts_each_with_its_index() {
    let mut scheduler = scheduler_with_slots(7);
    let mut started = Vec::new();
    let mut queue = told(&mut scheduler, Event::Submitted(array(1000)));
    while !queue.is_empty() {
        let mut next = Vec::new();
        for action in queue {
            match action {
                Action::Start { attempt, .. } => {
                    started.push((attempt.job, attempt.task, attempt.number));
                    let outcome = Outcome::Succeeded;
                    next.extend(told(&mut scheduler, Event::Exited { attempt, outcome }));
                }
                Action::Reclaim { attempt, .. } => {
                    next.extend(told(&mut scheduler, Event::Reclaimed(attempt)));
                }
                Action::JobFinished(_) | Action::Finish { .. } | Action::Routed { .. } => {}
                Action::Stop { .. }
                | Action::CancelWaiting { .. }
                | Action::NodeMoved(_)
                | Action::SubclusterGone(_)
                | Action::WakeAt(_) => {
                    panic!("nobody asked for {action:?}")
                }
            }
        }
        queue = next;
    }
    let expected: Vec<_> = (0..1000).map(|task| (JobId(1), task, 1)).collect();
    assert_eq!(started, expected);
    assert!(scheduler.is_idle() && scheduler.job(JobId(1)).is_none());
}

#[test]
fn an_array_of_a_million_is_told_in_a_few_numbers() {
    check(
        "
        capacity 2
        submit a*1000000
          start a/0 on 0.0
          start a/1 on 0.1
        job a
          999998 queued, 0 retrying, 2 starting, 0 running, 0 stopping; 0 reclaiming
        cancel a/500000
          cancel waiting a/500000
        cancel a
          stop a/0: Cancel
          stop a/1: Cancel
          cancel waiting a/2-499999,500001-999999
        ",
    );
}

fn array(tasks: u32) -> Job {
    Job {
        tasks: 0..=tasks - 1,
        ..job_of(JobId(1), SLOT)
    }
}

const SLOT: Resources = Resources {
    cpu_millis: 10,
    memory_bytes: 10,
};

fn scheduler_with_slots(slots: u64) -> Scheduler {
    let mut scheduler = Scheduler::new(Config {
        queued_tasks_max: 10_000,
        tasks_per_job_max: 10_000,
        aging_ms: 3_600_000,
        terms: Terms::default(),
    });
    told(
        &mut scheduler,
        Event::RulesChanged(rules_of(1, "default", SLOT)),
    );
    let capacity = Resources {
        cpu_millis: 10 * slots,
        memory_bytes: 10 * slots,
    };
    told(&mut scheduler, host_of(NodeId(0), capacity));
    scheduler
}

fn told(scheduler: &mut Scheduler, event: Event) -> Vec<Action> {
    let mut actions = Vec::new();
    scheduler.handle(UnixMillis(0), event, &mut actions);
    actions
}
