//! One run from its first event to its last: what is next in time happens, and is checked.

use std::collections::BTreeMap;
use std::iter::Peekable;

use sublet_scheduler::{Config, Event, Quota, Role, Terms, UserId};

use super::owner::Owner;
use super::{Failure, Load, Outcome, Setting, Trouble};
use crate::Violation;
use crate::audit::Checked;
use crate::pool::Fit;
use crate::report::Recorder;
use crate::tamper::Tamper;
use crate::workload::{Customer, Deed, Manner, Room, Workload};
use crate::world::{self, LOAD_MAX_MILLIS, SUBCLUSTERS};

/// A check of everything is made after so many times as many events as it has things to look at, and after at least so
/// many: it then costs less than the quick ones.
const EVENTS_PER_THING: u64 = 4;
const FULL_CHECK_AFTER: u64 = 500;
/// Wake-ups in a row, with nothing else left to happen, after which unfinished jobs will stay unfinished.
const IDLE_WAKES_MAX: u32 = 10_000;
/// No user may hold more than a part of all slots; hostile ones less.
const HONEST_PART: u64 = 2;
const HOSTILE_PART: u64 = 4;
/// Tasks that a hostile user may have queued, and submissions per second.
const HOSTILE_QUEUED: u64 = 2_000;
const HOSTILE_SUBMITS_PER_S: u32 = 2_000;

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) setting: &'a Setting,
    pub(super) owner: Owner,
    /// Between the load and a pool that it was not made for.
    pub(super) fit: Option<Fit>,
    customers: Vec<Customer>,
    deeds: Peekable<Box<dyn Iterator<Item = Deed> + Send>>,
    /// The role of the first node of each host.
    pub(super) roles: Vec<&'static str>,
    pub(super) hosts_away: u32,
    pub(super) rules_version: u64,
    /// Submissions so far.
    pub(super) jobs: u64,
    idle_wakes: u32,
    /// Crashes so far.
    pub(super) crashes: usize,
    /// Events since the last check of everything.
    unchecked: u64,
    full_checks: u64,
    alive_max: usize,
}

impl<'a> Run<'a> {
    /// With a diary from some step on, for a run that is repeated.
    pub(super) fn new(setting: &'a Setting, diary_from: Option<u64>) -> Self {
        let fit = setting.fit();
        let room = room(fit.as_ref(), setting.scale.hosts);
        let Workload { customers, deeds } = setting.workload(room);
        let names: Vec<String> = customers.iter().map(|one| one.name.clone()).collect();
        let of_world = SUBCLUSTERS.map(|one| one.name.to_owned());
        let subclusters = fit.as_ref().map_or(&of_world[..], Fit::names);
        let users: BTreeMap<UserId, usize> =
            customers.iter().map(|one| one.user).zip(0..).collect();
        let recorder = Recorder::new(setting.title(), &names, subclusters);
        let mut owner = Owner::new(config(setting.load), recorder, users);
        owner.tamper = setting.fault.map(|fault| Tamper::new(fault, setting.seed));
        owner.diary.from_step = diary_from;
        owner.is_recorded = matches!(setting.trouble, Trouble::Crashes(_));
        owner.tells_twice = setting.trouble == Trouble::Twice;
        Self {
            setting,
            owner,
            fit,
            customers,
            deeds: deeds.peekable(),
            roles: (0..setting.hosts)
                .map(|host| world::role(host, 0).name)
                .collect(),
            hosts_away: 0,
            rules_version: 0,
            jobs: 0,
            idle_wakes: 0,
            crashes: 0,
            unchecked: 0,
            full_checks: 0,
            alive_max: 0,
        }
    }

    pub(super) fn play(&mut self) -> Checked {
        self.open()?;
        while self.step()? == Course::GoesOn {
            self.check_all_when_due()?;
            self.crash_when_due()?;
        }
        self.check_all()?;
        let left = self.owner.auditor.jobs();
        if left == 0 {
            return Ok(());
        }
        if self.setting.pool.is_some() && self.owner.attempts.is_empty() {
            // An operator's rules may leave a sub-cluster without nodes: that is an answer.
            self.owner.recorder.counts().left_waiting = left as u64;
            return Ok(());
        }
        Err(Violation {
            invariant: "liveness",
            message: self.owner.auditor.unfinished(),
        })
    }

    /// The users, the rules and the hosts, as a server learns them when it starts.
    fn open(&mut self) -> Checked {
        for customer in self.customers.clone() {
            let terms = self.terms(&customer);
            self.owner.tell(Event::UserTerms {
                user: customer.user,
                name: customer.name,
                role: Role::User,
                terms,
            })?;
        }
        self.change_rules(LOAD_MAX_MILLIS)?;
        for host in 0..self.setting.hosts {
            self.host_comes(host)?;
        }
        Ok(())
    }

    /// What is next in time. Of equal instants, what happens by itself comes first and deeds come last.
    fn step(&mut self) -> Result<Course, Violation> {
        let deed_us = self.deeds.peek().map(|deed| deed.at_us);
        let happening_us = self.owner.calendar.next_us();
        let wake_us = self.owner.wake_us();
        self.note_idleness(deed_us.or(happening_us).is_none());
        let jobs = self.owner.auditor.jobs();
        let nothing_follows =
            self.idle_wakes > 0 && (jobs == 0 || self.idle_wakes > IDLE_WAKES_MAX);
        let next_us = [deed_us, happening_us, wake_us].into_iter().flatten().min();
        let Some(next_us) = next_us.filter(|_| !nothing_follows) else {
            return Ok(Course::Ends);
        };
        self.owner.now_us = next_us;
        if happening_us == Some(next_us) {
            if let Some(what) = self.owner.calendar.pop() {
                self.owner.happen(what)?;
            }
        } else if wake_us == Some(next_us) {
            self.owner.wake()?;
        } else if let Some(deed) = self.deeds.next() {
            self.act(deed.act)?;
        }
        self.alive_max = self.alive_max.max(jobs);
        Ok(Course::GoesOn)
    }

    /// Counts how often in a row there is nothing left but wake-ups.
    const fn note_idleness(&mut self, is_idle: bool) {
        self.idle_wakes = if is_idle { self.idle_wakes + 1 } else { 0 };
    }

    fn terms(&self, customer: &Customer) -> Terms {
        let weight = customer.weight;
        if matches!(self.setting.load, Load::Contest(_)) {
            let quota = Quota::UNLIMITED;
            return Terms { weight, quota };
        }
        let slots = room(self.fit.as_ref(), self.setting.hosts).all;
        let quota = match customer.manner {
            Manner::Honest => Quota {
                slots: (slots / HONEST_PART).max(1),
                ..Quota::UNLIMITED
            },
            Manner::Hostile => Quota {
                slots: (slots / HOSTILE_PART).max(1),
                queued: HOSTILE_QUEUED,
                submits_per_s: HOSTILE_SUBMITS_PER_S,
                ..Quota::UNLIMITED
            },
        };
        Terms { weight, quota }
    }

    fn check_all_when_due(&mut self) -> Checked {
        self.unchecked += 1;
        let size = u64::try_from(self.owner.auditor.size()).unwrap_or(u64::MAX);
        if self.unchecked < FULL_CHECK_AFTER.max(size * EVENTS_PER_THING) {
            return Ok(());
        }
        self.check_all()
    }

    fn check_all(&mut self) -> Checked {
        self.unchecked = 0;
        self.full_checks += 1;
        self.owner.auditor.compare(&self.owner.scheduler)
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome {
            hash: self.owner.fingerprint.value(),
            steps: self.owner.steps,
            full_checks: self.full_checks,
            alive_max: self.alive_max,
            watched: self.owner.auditor.watched(),
            struck: self.owner.tamper.as_ref().map_or(0, Tamper::struck),
            report: self.owner.recorder.finish(),
        }
    }

    pub(super) fn failure(self, violation: Violation) -> Failure {
        Failure::of(self.setting.clone(), violation, self.owner.steps)
    }
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    GoesOn,
    Ends,
}

/// The slots that a load is measured by.
fn room(fit: Option<&Fit>, hosts: u32) -> Room {
    fit.map_or_else(|| Room::of_world(hosts), Fit::room)
}

/// What the operator says; what holds for users is told for each of them.
pub(super) fn config(load: Load) -> Config {
    Config {
        queued_tasks_max: 100_000_000,
        tasks_per_job_max: 1_000_000,
        aging_ms: load.aging_ms(),
        terms: Terms::default(),
    }
}
