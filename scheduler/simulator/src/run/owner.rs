//! The owner of the scheduler, as the server is in production: it tells events, and carries out actions at virtual
//! instants. Whatever passes between the two is shown to the auditor, the recorder and the fingerprint. It must not know
//! why anything is decided.

use std::collections::BTreeMap;
use std::ops::Range;

use sublet_scheduler::{
    Action, AttemptId, Config, Event, JobId, NodeId, Resources, Scheduler, SubclusterId,
    UnixMillis, UserId,
};

use super::calendar::{Calendar, Happening};
use super::crash::Ends;
use super::diary::Diary;
use super::fingerprint::Fingerprint;
use super::records::Records;
use super::{EPOCH, words};
use crate::audit::{Auditor, Checked};
use crate::report::{Holding, Recorder};
use crate::tamper::Tamper;
use crate::workload::Submission;

/// Wake-ups at one instant after which nothing will come of them any more.
const WAKES_AT_ONCE_MAX: u32 = 1_000;
/// One message in so many that nobody waits for any more is told all the same.
const LATE_MESSAGES: u64 = 8;

/// Everything between the workload and the scheduler.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) config: Config,
    pub(super) scheduler: Scheduler,
    pub(super) auditor: Auditor,
    pub(super) recorder: Recorder,
    pub(super) fingerprint: Fingerprint,
    pub(super) tamper: Option<Tamper>,
    pub(super) calendar: Calendar,
    pub(super) now_us: u64,
    pub(super) steps: u64,
    /// When to be woken, as the scheduler asked last.
    pub(super) wake: Option<UnixMillis>,
    /// When it was woken last, and how often at that instant.
    woken_us: Option<u64>,
    wakes_at_once: u32,
    pub(super) jobs: BTreeMap<JobId, Alive>,
    pub(super) attempts: BTreeMap<AttemptId, Holder>,
    pub(super) users: BTreeMap<UserId, usize>,
    pub(super) subclusters: Vec<SubclusterId>,
    /// Empty between two events; kept so that its memory is used again.
    actions: Vec<Action>,
    pub(super) diary: Diary,
    pub(super) records: Records,
    /// Whether records are kept: only a server that is killed needs them.
    pub(super) is_recorded: bool,
    pub(super) tells_twice: bool,
    /// How each task ended, when somebody wants to know.
    pub(super) ends: Option<Ends>,
}

/// A job that is not finished.
#[derive(Debug)]
pub(super) struct Alive {
    pub(super) submission: Submission,
    pub(super) since_us: u64,
}

/// An attempt with a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) amount: Resources,
    pub(super) user: usize,
    pub(super) phase: Phase,
}

/// Whether the end of an attempt was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Runs,
    Ended,
}

impl Holder {
    pub(super) const fn runs(self) -> bool {
        matches!(self.phase, Phase::Runs)
    }
}

impl Owner {
    pub(super) fn new(config: Config, recorder: Recorder, users: BTreeMap<UserId, usize>) -> Self {
        Self {
            config,
            scheduler: Scheduler::new(config),
            auditor: Auditor::new(config.aging_ms),
            recorder,
            fingerprint: Fingerprint::default(),
            tamper: None,
            calendar: Calendar::default(),
            now_us: 0,
            steps: 0,
            wake: None,
            woken_us: None,
            wakes_at_once: 0,
            jobs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            users,
            subclusters: Vec::new(),
            actions: Vec::new(),
            diary: Diary::default(),
            records: Records::default(),
            is_recorded: false,
            tells_twice: false,
            ends: None,
        }
    }

    pub(super) const fn now(&self) -> UnixMillis {
        EPOCH.plus(self.now_us / 1_000)
    }

    /// When the scheduler wants to be woken, in virtual microseconds.
    pub(super) fn wake_us(&self) -> Option<u64> {
        let ahead_ms = self.wake?.0.saturating_sub(EPOCH.0);
        Some(ahead_ms.saturating_mul(1_000).max(self.now_us))
    }

    /// Learns which sub-clusters there are, after the rules were told.
    pub(super) fn learn(&mut self, moves_per_minute_max: u32) {
        let pool = self.scheduler.pool();
        self.auditor.learn(&pool, moves_per_minute_max);
        self.subclusters = pool.subclusters.iter().map(|one| one.subcluster).collect();
    }

    /// A user hands in a job; a refusal is counted.
    pub(super) fn submit(&mut self, id: JobId, submission: Submission) -> Checked {
        let job = words::job(id, &submission, self.now());
        if let Err(rejection) = self.scheduler.admit(self.now(), &job) {
            Recorder::count(
                &mut self.recorder.counts().refusals,
                words::rejection(&rejection),
            );
            return Ok(());
        }
        self.recorder.counts().jobs += 1;
        if let Some(patience_us) = submission.cancelled_after_us {
            self.calendar
                .note(self.now_us + patience_us, Happening::Regrets(id));
        }
        let since_us = self.now_us;
        self.jobs.insert(
            id,
            Alive {
                submission,
                since_us,
            },
        );
        self.tell(Event::Submitted(job))
    }

    /// What the calendar had for this instant.
    pub(super) fn happen(&mut self, what: Happening) -> Checked {
        self.recorder.at(self.now_us);
        match what {
            Happening::Starts(attempt) => match self.attempts.get(&attempt) {
                Some(Holder {
                    phase: Phase::Runs, ..
                }) => self.tell(Event::Started(attempt)),
                _ => self.late(Event::Started(attempt), attempt),
            },
            Happening::Ends(attempt, outcome) => match self.attempts.get_mut(&attempt) {
                Some(holder) if holder.phase == Phase::Runs => {
                    holder.phase = Phase::Ended;
                    self.tell(Event::Exited { attempt, outcome })
                }
                _ => self.late(Event::Exited { attempt, outcome }, attempt),
            },
            Happening::Returns(attempt) => {
                if let Some(holder) = self.attempts.remove(&attempt) {
                    self.recorder
                        .holds(holder.user, Holding::Returned(holder.amount));
                }
                self.tell(Event::Reclaimed(attempt))
            }
            Happening::Regrets(job) => self.tell(Event::CancelAsked { job, task: None }),
        }
    }

    /// A host is gone: whoever held something of it holds it no more.
    pub(super) fn lose_host(&mut self, host: String, nodes: Range<u32>) -> Checked {
        self.recorder.at(self.now_us);
        for node in nodes.map(NodeId) {
            for attempt in self.auditor.holders(node) {
                if let Some(holder) = self.attempts.remove(&attempt) {
                    let returned = Holding::Returned(holder.amount);
                    self.recorder.holds(holder.user, returned);
                }
            }
        }
        self.tell(Event::HostLost { host })
    }

    /// The scheduler asked for this instant.
    pub(super) fn wake(&mut self) -> Checked {
        self.wake = None;
        let is_again = self.woken_us == Some(self.now_us);
        self.wakes_at_once = if is_again { self.wakes_at_once + 1 } else { 1 };
        self.woken_us = Some(self.now_us);
        if self.wakes_at_once > WAKES_AT_ONCE_MAX {
            return Err(crate::Violation {
                invariant: "liveness",
                message: format!("woken {WAKES_AT_ONCE_MAX} times at {:?}", self.now()),
            });
        }
        self.tell(Event::TimePassed)
    }

    /// Tells the scheduler, and everybody who watches.
    pub(super) fn tell(&mut self, event: Event) -> Checked {
        let now = self.now();
        self.steps += 1;
        self.recorder.at(self.now_us);
        self.fingerprint.event(now, &event);
        self.auditor.hear(now, &event);
        if self.is_recorded {
            self.records.hear(&event);
        }
        let again = self.again(&event);
        let line = self.diary.begin(self.steps, now, &event);
        let told = match &mut self.tamper {
            Some(tamper) => tamper.hear(event),
            None => Some(event),
        };
        let mut actions = std::mem::take(&mut self.actions);
        if let Some(event) = told {
            self.scheduler.handle(now, event, &mut actions);
        }
        if let Some(tamper) = &mut self.tamper {
            tamper.spoil(&mut actions);
        }
        self.diary.end(line, &actions);
        for action in &actions {
            self.fingerprint.action(action);
        }
        let checked = self.auditor.judge(now, &actions);
        if checked.is_ok() {
            for action in actions.drain(..) {
                self.keep(&action);
                self.carry_out(action);
            }
            for (at, &subcluster) in self.subclusters.iter().enumerate() {
                self.recorder.waits(at, self.auditor.queued(subcluster));
            }
        }
        actions.clear();
        self.actions = actions;
        checked?;
        again.map_or(Ok(()), |event| self.tell_again(&event))
    }

    /// The event, if it is to be told once more.
    fn again(&self, event: &Event) -> Option<Event> {
        let is_of_worker = matches!(event, Event::Exited { .. } | Event::Reclaimed(_));
        (self.tells_twice && is_of_worker).then(|| event.clone())
    }

    fn keep(&mut self, action: &Action) {
        if self.is_recorded {
            self.records.keep(action);
        }
        if let Some(ends) = &mut self.ends {
            ends.keep(action);
        }
    }

    /// A message that comes too late: most are lost with their worker, some arrive, and must change nothing.
    fn late(&mut self, event: Event, attempt: AttemptId) -> Checked {
        let mixed = attempt.job.0 + u64::from(attempt.task) + u64::from(attempt.number);
        if mixed.is_multiple_of(LATE_MESSAGES) {
            return self.tell(event);
        }
        Ok(())
    }
}
