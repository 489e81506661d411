//! What happened lately, in the order in which it became durable: a window of bounded size for those who watch. The records
//! are the truth; whoever falls out of the window asks them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sublet_api::{Event, EventKind};
use sublet_scheduler::{JobId, TaskRange, UnixMillis, UserId};
use sublet_store::Record;
use tokio::sync::watch;

use crate::convert;

/// Events that are kept: a few MiB at most.
const KEPT_MAX: usize = 16_384;

/// Something that happened, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) user: UserId,
    pub(crate) job: JobId,
    pub(crate) event: Event,
}

/// The window.
#[derive(Debug)]
pub(crate) struct Events {
    window: Mutex<Window>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Window {
    /// The number of the next event.
    next: u64,
    kept: VecDeque<Happening>,
}

/// What was asked for is no longer known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfWindow {
    /// The first number that is.
    pub(crate) oldest: u64,
}

/// A job as events speak of it.
pub(crate) struct Subject<'a> {
    pub(crate) user: UserId,
    pub(crate) user_name: String,
    pub(crate) public_id: &'a str,
}

impl Events {
    /// Numbers begin with the microsecond at which the server did: those of a former one are smaller, unless that one told
    /// of a million things in each second, and they fit into the numbers that JSON readers can hold.
    pub(crate) fn new(now: UnixMillis) -> Self {
        let next = now.0.saturating_mul(1_000);
        Self {
            window: Mutex::new(Window {
                next,
                kept: VecDeque::new(),
            }),
            newest: watch::Sender::new(next),
        }
    }

    /// Takes note of what has become durable.
    pub(crate) fn tell<'a>(
        &self,
        at: UnixMillis,
        records: &[Record],
        subject: impl Fn(JobId) -> Option<Subject<'a>>,
    ) {
        let mut window = self.window();
        let before = window.next;
        for record in records {
            let Some((job, said)) = said(record) else {
                continue;
            };
            if let Some(subject) = subject(job) {
                window.add(at, job, subject, said);
            }
        }
        let next = window.next;
        drop(window);
        if next != before {
            self.newest.send_replace(next);
        }
    }

    /// At most so many events behind a number, or from the oldest on; and the number of the last one that was looked at.
    pub(crate) fn read(
        &self,
        after: Option<u64>,
        limit: usize,
        takes: impl Fn(&Happening) -> bool,
    ) -> Result<(Vec<Event>, u64), OutOfWindow> {
        let window = self.window();
        let oldest = window.oldest();
        let from = match after {
            // One that was never given is that of a server whose clock was ahead of this one's: to wait for it would be to
            // miss all that comes before.
            Some(after) if after.saturating_add(1) < oldest || after >= window.next => {
                return Err(OutOfWindow { oldest });
            }
            Some(after) => after.saturating_add(1),
            None => oldest,
        };
        let skipped = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        let looked_at = window.kept.iter().skip(skipped).take(limit);
        let end = looked_at.clone().next_back().map(|last| last.event.seq);
        let chosen = looked_at.filter(|one| takes(one));
        let chosen = chosen.map(|one| one.event.clone()).collect();
        Ok((chosen, end.unwrap_or_else(|| from.saturating_sub(1))))
    }

    /// Changes with each event.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn oldest(&self) -> u64 {
        self.kept.front().map_or(self.next, |first| first.event.seq)
    }

    fn add(&mut self, at: UnixMillis, job: JobId, subject: Subject<'_>, said: Said) {
        if self.kept.len() == KEPT_MAX {
            self.kept.pop_front();
        }
        let event = Event {
            seq: self.next,
            at: convert::timestamp(at),
            kind: said.kind,
            user: subject.user_name,
            job: subject.public_id.to_owned(),
            tasks: said.tasks,
            attempt: said.attempt,
            outcome: said.outcome,
            subcluster: said.subcluster,
        };
        self.kept.push_back(Happening {
            user: subject.user,
            job,
            event,
        });
        self.next += 1;
    }
}

/// What a record says to those who watch.
struct Said {
    kind: EventKind,
    tasks: Vec<(u32, u32)>,
    attempt: Option<u32>,
    outcome: Option<sublet_api::Outcome>,
    subcluster: Option<String>,
}

impl Said {
    const fn only(kind: EventKind) -> Self {
        Self {
            kind,
            tasks: Vec::new(),
            attempt: None,
            outcome: None,
            subcluster: None,
        }
    }

    fn of(kind: EventKind, tasks: &[TaskRange]) -> Self {
        Self {
            tasks: tasks.iter().map(|run| (*run.start(), *run.end())).collect(),
            ..Self::only(kind)
        }
    }
}

fn said(record: &Record) -> Option<(JobId, Said)> {
    Some(match record {
        Record::JobSubmitted(job) => (job.id, Said::only(EventKind::Submitted)),
        Record::JobRouted(routed) => {
            let mut said = Said::only(EventKind::Routed);
            said.subcluster = Some(routed.subcluster.clone());
            (routed.job, said)
        }
        Record::AttemptsStarted {
            job, tasks, number, ..
        } => {
            let mut said = Said::of(EventKind::Started, std::slice::from_ref(tasks));
            said.attempt = Some(*number);
            (*job, said)
        }
        Record::AttemptFinished(finished) => {
            let attempt = finished.attempt;
            let mut said = Said::only(EventKind::Ended);
            said.tasks = vec![(attempt.task, attempt.task)];
            said.attempt = Some(attempt.number);
            said.outcome = Some(convert::outcome(finished.outcome));
            (attempt.job, said)
        }
        Record::TasksCancelled { job, tasks, .. } => {
            (*job, Said::of(EventKind::TasksCancelled, tasks))
        }
        Record::TasksReopened { job, tasks, .. } => (*job, Said::of(EventKind::Reopened, tasks)),
        Record::CancelAsked { job, task, .. } => {
            let mut said = Said::only(EventKind::CancelAsked);
            said.tasks = task.iter().map(|&task| (task, task)).collect();
            (*job, said)
        }
        Record::JobFinished { job, .. } => (*job, Said::only(EventKind::Finished)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn finished(events: &Events, jobs: std::ops::Range<u64>) {
        let records: Vec<Record> = jobs
            .map(|job| Record::JobFinished {
                job: JobId(job),
                at: NOW,
            })
            .collect();
        events.tell(NOW, &records, |job| {
            Some(Subject {
                user: UserId(job.0 % 2),
                user_name: "ada".to_owned(),
                public_id: "job_1",
            })
        });
    }

    fn all(events: &Events, after: Option<u64>) -> Result<Vec<u64>, OutOfWindow> {
        let (found, _) = events.read(after, usize::MAX, |_| true)?;
        Ok(found.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn a_reader_goes_on_where_it_was_and_misses_nothing() {
        let events = Events::new(NOW);
        assert_eq!(all(&events, None), Ok(vec![]));
        finished(&events, 0..5);
        let seen = all(&events, None).unwrap();
        assert_eq!(seen.len(), 5);
        assert_eq!(all(&events, Some(seen[2])).unwrap(), seen[3..]);
        assert_eq!(all(&events, Some(seen[4])), Ok(Vec::new()));
        // Nor does one wait for numbers that a server of a later time gave.
        let oldest = seen[0];
        assert_eq!(all(&events, Some(seen[4] + 1)), Err(OutOfWindow { oldest }));
        // One that looks at few at a time comes by all of them, whichever it takes.
        let (mut after, mut odd) = (None, Vec::new());
        loop {
            let (found, end) = events.read(after, 2, |one| one.user == UserId(1)).unwrap();
            odd.extend(found.iter().map(|event| event.seq));
            if after == Some(end) {
                break;
            }
            after = Some(end);
        }
        assert_eq!(odd, [seen[1], seen[3]]);
    }

    #[test]
    fn the_window_is_bounded_and_says_so() {
        let events = Events::new(NOW);
        finished(&events, 0..3);
        let first = all(&events, None).unwrap()[0];
        finished(&events, 3..KEPT_MAX as u64 + 3);
        let left = all(&events, None).unwrap();
        assert_eq!((left.len(), left[0]), (KEPT_MAX, first + 3));
        let oldest = first + 3;
        assert_eq!(all(&events, Some(first)), Err(OutOfWindow { oldest }));
        assert_eq!(all(&events, Some(first + 2)).unwrap().len(), KEPT_MAX);
    }

    #[test]
    fn a_later_server_has_larger_numbers_and_tells_that_it_knows_nothing_of_the_former() {
        let former = Events::new(NOW);
        finished(&former, 0..100);
        let seen = all(&former, None).unwrap();
        let later = Events::new(UnixMillis(NOW.0 + 1));
        let oldest = later.window().oldest();
        assert!(oldest > seen[99]);
        assert_eq!(all(&later, Some(seen[99])), Err(OutOfWindow { oldest }));
        assert!(oldest < 1 << 53);
    }

    #[test]
    fn words_and_kinds_are_the_same() {
        for (word, kind) in EventKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{word}\""));
        }
    }
}
