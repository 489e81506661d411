//! Random histories: what recovery finds equals what a model in memory says, which knows tasks and no rows.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sublet_scheduler::{
    Again, AttemptId, CancelReason, Interrupted, JobId, LossReason, Next, Outcome, TaskRange,
};
use sublet_store::{OutcomeKind, Record, Tally, TaskFilter, TaskState, Unfinished, Whose};

use crate::support::*;

const LAST_TASK: u32 = 7;

/// What the world does to a task, if the task is in a state for it.
#[derive(Clone, Debug)]
enum Move {
    Start(u32, u32),
    End {
        task: u32,
        outcome: Outcome,
        again: bool,
    },
    Cancel(u32, u32),
    AskCancel(Option<u32>),
    Reopen(u32, u32),
    Finish,
}

#[derive(Clone, Debug, Default)]
struct Task {
    attempts: u32,
    failures: u32,
    losses: u32,
    state: State,
    wished: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Waiting,
    /// With the instant before which it is not to start.
    Again(u64),
    Running,
    Settled(OutcomeKind),
    CancelledWaiting,
}

#[derive(Default)]
struct Model {
    tasks: BTreeMap<u32, Task>,
    finished: bool,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Succeeded),
        any::<i32>().prop_map(Outcome::Failed),
        Just(Outcome::Lost(LossReason::Server)),
        Just(Outcome::Cancelled(CancelReason::Asked)),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    let task = || 0..=LAST_TASK;
    prop_oneof![
        6 => (task(), task()).prop_map(|(first, last)| Move::Start(first, last)),
        8 => (task(), outcome(), any::<bool>())
            .prop_map(|(task, outcome, again)| Move::End { task, outcome, again }),
        1 => (task(), task()).prop_map(|(first, last)| Move::Cancel(first, last)),
        1 => proptest::option::of(task()).prop_map(Move::AskCancel),
        2 => (task(), task()).prop_map(|(first, last)| Move::Reopen(first, last)),
        1 => Just(Move::Finish),
    ]
}

impl Model {
    fn new() -> Self {
        let tasks = (0..=LAST_TASK)
            .map(|task| (task, Task::default()))
            .collect();
        Self {
            tasks,
            finished: false,
        }
    }

    /// The records of a move, and the model after it.
    fn make(&mut self, a_move: &Move) -> Vec<Record> {
        match *a_move {
            Move::Start(first, last) => self.start(first, last),
            Move::End {
                task,
                outcome,
                again,
            } => self.end(task, outcome, again),
            Move::Cancel(first, last) => self.cancel(first, last),
            Move::AskCancel(task) => self.ask_cancel(task),
            Move::Reopen(first, last) => self.reopen(first, last),
            Move::Finish => self.finish(),
        }
    }

    fn start(&mut self, first: u32, last: u32) -> Vec<Record> {
        let mut records = Vec::new();
        let waiting = |task: &Task| matches!(task.state, State::Waiting | State::Again(_));
        let chosen = self.chosen(first, last, waiting);
        for range in consecutive(&chosen) {
            // One record per run of tasks that start the same attempt.
            let mut begin = *range.start();
            for task in range.clone() {
                let number = self.tasks[&task].attempts + 1;
                let next = self.tasks.get(&(task + 1)).map(|next| next.attempts + 1);
                if task == *range.end() || next != Some(number) {
                    records.push(started(1, begin..=task, number));
                    begin = task + 1;
                }
            }
        }
        self.each(&chosen, |task| {
            task.attempts += 1;
            task.state = State::Running;
        });
        records
    }

    fn end(&mut self, index: u32, outcome: Outcome, again: bool) -> Vec<Record> {
        let task = self.tasks.get_mut(&index).unwrap();
        if task.state != State::Running {
            return vec![];
        }
        let kind = OutcomeKind::of(outcome);
        match kind {
            OutcomeKind::Lost => task.losses += 1,
            OutcomeKind::Failed => (task.failures, task.losses) = (task.failures + 1, 0),
            _ => {}
        }
        let due = u64::from(task.attempts) * 10;
        let again = again && matches!(kind, OutcomeKind::Lost | OutcomeKind::Failed);
        task.state = if again {
            State::Again(due)
        } else {
            State::Settled(kind)
        };
        let next = if again {
            retry(task.attempts + 1, due)
        } else {
            Next::Settled
        };
        vec![finished(1, index, task.attempts, outcome, next)]
    }

    fn cancel(&mut self, first: u32, last: u32) -> Vec<Record> {
        let waiting = |task: &Task| matches!(task.state, State::Waiting | State::Again(_));
        let chosen = self.chosen(first, last, waiting);
        self.each(&chosen, |task| task.state = State::CancelledWaiting);
        if chosen.is_empty() {
            vec![]
        } else {
            vec![cancelled(1, &consecutive(&chosen))]
        }
    }

    fn ask_cancel(&mut self, task: Option<u32>) -> Vec<Record> {
        if self.finished {
            return vec![];
        }
        let chosen: Vec<u32> =
            task.map_or_else(|| self.tasks.keys().copied().collect(), |one| vec![one]);
        self.each(&chosen, |task| task.wished = true);
        vec![cancel_asked(1, task)]
    }

    fn reopen(&mut self, first: u32, last: u32) -> Vec<Record> {
        let settled =
            |task: &Task| matches!(task.state, State::Settled(_) | State::CancelledWaiting);
        let chosen = self.chosen(first, last, settled);
        if chosen.is_empty() {
            return vec![];
        }
        self.finished = false;
        self.each(&chosen, |task| {
            task.state = if task.attempts == 0 {
                State::Waiting
            } else {
                State::Again(400)
            };
            (task.failures, task.losses, task.wished) = (0, 0, false);
        });
        vec![reopened(1, &consecutive(&chosen))]
    }

    fn finish(&mut self) -> Vec<Record> {
        let settled =
            |task: &Task| matches!(task.state, State::Settled(_) | State::CancelledWaiting);
        if self.finished || !self.tasks.values().all(settled) {
            return vec![];
        }
        self.finished = true;
        self.tasks.values_mut().for_each(|task| task.wished = false);
        vec![job_finished(1)]
    }

    fn chosen(&self, first: u32, last: u32, fits: impl Fn(&Task) -> bool) -> Vec<u32> {
        let within = self
            .tasks
            .iter()
            .filter(|(index, _)| (first..=last).contains(*index));
        within
            .filter(|(_, task)| fits(task))
            .map(|(index, _)| *index)
            .collect()
    }

    fn each(&mut self, tasks: &[u32], change: impl Fn(&mut Task)) {
        tasks
            .iter()
            .for_each(|index| change(self.tasks.get_mut(index).unwrap()));
    }

    fn unfinished(&self) -> Vec<Unfinished> {
        if self.finished {
            return vec![];
        }
        let all = |fits: &dyn Fn(&Task) -> bool| self.chosen(0, LAST_TASK, fits);
        let mut unfinished = Unfinished {
            job: job(1, 0..=LAST_TASK),
            fresh: consecutive(&all(&|task| task.state == State::Waiting)),
            again: vec![],
            interrupted: vec![],
            cancel_asked: consecutive(&all(&|task| task.wished)),
            tally: Tally::default(),
        };
        for (
            index,
            Task {
                attempts,
                failures,
                losses,
                state,
                ..
            },
        ) in self.tasks.clone()
        {
            let attempt = |number| AttemptId {
                job: JobId(1),
                task: index,
                number,
            };
            match state {
                State::Waiting => {}
                State::Again(due) => unfinished.again.push(Again {
                    attempt: attempt(attempts + 1),
                    not_before: at(due),
                    failures,
                    losses,
                }),
                State::Running => {
                    unfinished.interrupted.push(Interrupted {
                        attempt: attempt(attempts),
                        failures,
                        losses,
                    });
                }
                State::Settled(kind) => *unfinished.tally.of(kind) += 1,
                State::CancelledWaiting => unfinished.tally.cancelled += 1,
            }
        }
        vec![unfinished]
    }

    fn state(&self, index: u32) -> TaskState {
        let task = &self.tasks[&index];
        match task.state {
            State::Waiting => TaskState::Fresh,
            State::Again(due) => TaskState::Waiting {
                number: task.attempts + 1,
                not_before: at(due),
            },
            State::Running => TaskState::Started {
                number: task.attempts,
                at: at(100),
            },
            State::Settled(kind) => TaskState::Settled(kind),
            State::CancelledWaiting => TaskState::Cancelled { at: at(300) },
        }
    }
}

fn consecutive(tasks: &[u32]) -> Vec<TaskRange> {
    let mut ranges: Vec<TaskRange> = Vec::new();
    for task in tasks {
        match ranges.last_mut() {
            Some(last) if last.end() + 1 == *task => *last = *last.start()..=*task,
            _ => ranges.push(*task..=*task),
        }
    }
    ranges
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn l14_recovery_equals_the_model(moves in proptest::collection::vec(a_move(), 1..60)) {
        let mut store = store_in(memory_folder());
        store.commit(&[submitted(&job(1, 0..=LAST_TASK))]);
        let mut model = Model::new();
        for batch in moves.chunks(3) {
            let records: Vec<_> = batch.iter().flat_map(|a_move| model.make(a_move)).collect();
            store.writer.commit(&records).unwrap();
            prop_assert_eq!(store.recover(), model.unfinished());
        }
        let reader = store.reader();
        let job = reader.job(Whose::User(ADA), JobId(1)).unwrap().unwrap();
        let tasks = job.tasks(TaskFilter::All, None, 100).unwrap();
        prop_assert_eq!(tasks.len(), 8);
        for task in tasks {
            prop_assert_eq!(task.state, model.state(task.task));
        }
    }
}
