//! What is old goes, if the configuration says so: jobs with all that is known of them, or only what they printed.
//!
//! A round of the driver does one bounded step, so that whoever asks for something is served in between. Files go on the
//! thread that cleans up, one piece at a time; a server that ends in between goes on where it was.
//!
//! ```text
//!   jobs   retire some ─► their logs go (chores) ─► their attempts go, some with each round
//!   logs   list some   ─► they go (chores)
//! ```

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use sublet_scheduler::{JobId, UnixMillis, UserId};
use sublet_store::{Error, Removal, Retention as Old};

use super::{Command, Driver};
use crate::config;

/// How long it is between two looks for what is old, unless something is kept for a shorter time than ten of them.
const PAUSE_MS: u64 = 60_000;
const PAUSE_MS_MIN: u64 = 100;
/// Logs that go in one piece.
const LOGS_PER_PIECE: u32 = 100;

/// What is to go, and how far that is.
#[derive(Default)]
pub(crate) struct Retention {
    kept: config::Retention,
    look_at: UnixMillis,
    /// What is left of the look under way.
    left: Vec<(UserId, Kind)>,
    /// What the thread that cleans up is at.
    piece: Option<Piece>,
    /// Jobs whose logs are gone, and whose attempts go next.
    emptied: Vec<JobId>,
    /// Through which job the logs of a user are gone.
    cleared: BTreeMap<UserId, (UnixMillis, JobId)>,
    /// Commands about jobs whose logs are going, for when they are gone.
    put_off: Vec<Command>,
}

/// A kind of thing that is old.
#[derive(Clone, Copy)]
enum Kind {
    Jobs(Old),
    Logs { before: UnixMillis },
}

/// Jobs whose logs are being removed.
enum Piece {
    /// Nobody finds these any more.
    Retired,
    /// These are there still, and may run again.
    LogsOnly(HashSet<JobId>),
}

impl Retention {
    pub(crate) fn new(kept: config::Retention) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// Other times hold from now on; what is under way is done with.
    pub(super) fn go_by(&mut self, kept: config::Retention) {
        self.kept = kept;
        self.look_at = UnixMillis(0);
    }

    /// How long until there is something to do; nothing where it is not for time to say.
    pub(super) fn patience(&self, now: UnixMillis) -> Option<Duration> {
        if self.piece.is_some() {
            return None;
        }
        if !self.emptied.is_empty() || !self.left.is_empty() {
            return Some(Duration::ZERO);
        }
        self.kept.shortest_ms()?;
        Some(Duration::from_millis(self.look_at.0.saturating_sub(now.0)))
    }

    /// Keeps a command about a job whose logs are going right now; gives back any other.
    pub(super) fn put_off(&mut self, job: JobId, command: Command) -> Option<Command> {
        match &self.piece {
            Some(Piece::LogsOnly(jobs)) if jobs.contains(&job) => {
                self.put_off.push(command);
                None
            }
            _ => Some(command),
        }
    }

    /// Begins another look, if it is time.
    fn look(&mut self, now: UnixMillis, users: impl Iterator<Item = UserId>) {
        let Some(shortest) = self.kept.shortest_ms() else {
            return;
        };
        if now < self.look_at {
            return;
        }
        self.look_at = now.plus((shortest / 10).clamp(PAUSE_MS_MIN, PAUSE_MS));
        let kinds = self.kinds(now);
        self.left = users
            .flat_map(|user| kinds.iter().map(move |kind| (user, *kind)))
            .collect();
    }

    /// What is old now. The last one is done first: logs of jobs that go anyway are not worth a look of their own.
    fn kinds(&self, now: UnixMillis) -> Vec<Kind> {
        let config::Retention {
            jobs,
            logs,
            jobs_per_user,
            log_bytes_per_user,
        } = self.kept;
        let before = |span: config::Span| UnixMillis(now.0.saturating_sub(span.as_millis()));
        let kinds = [
            logs.map(|span| Kind::Logs {
                before: before(span),
            }),
            log_bytes_per_user.map(|size| Kind::Jobs(Old::BeyondLogBytes(size.as_bytes()))),
            jobs_per_user.map(|number| Kind::Jobs(Old::BeyondJobs(number))),
            jobs.map(|span| Kind::Jobs(Old::FinishedBefore(before(span)))),
        ];
        kinds.into_iter().flatten().collect()
    }

    /// Something is in the way: the next look tries again.
    fn give_up(&mut self, now: UnixMillis) {
        self.left.clear();
        self.look_at = now.plus(PAUSE_MS);
    }
}

impl Driver {
    /// Takes up what a former server had begun.
    pub(super) fn go_on_removing(&mut self) -> Result<(), Error> {
        let begun = self.reader.removed_jobs()?;
        if !begun.is_empty() {
            self.empty(begun);
        }
        Ok(())
    }

    /// One step. Only when nothing waits to be kept: what is about to change of a job must not meet its removal.
    pub(super) fn let_old_go(&mut self) {
        if self.disk_full || !self.batch.is_empty() || self.retention.piece.is_some() {
            return;
        }
        let now = (self.now)();
        if let Err(error) = self.step(now) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what is old cannot be removed, it is tried again"
            );
            self.retention.give_up(now);
        }
    }

    fn step(&mut self, now: UnixMillis) -> Result<(), Error> {
        if !self.retention.emptied.is_empty() {
            let removed = self.writer.remove_attempts(&self.retention.emptied)?;
            if removed == Removal::Done {
                self.retention.emptied.clear();
            }
            return Ok(());
        }
        if self.retention.left.is_empty() {
            self.retention.look(now, self.people.ids().into_iter());
        }
        match self.retention.left.last().copied() {
            None => Ok(()),
            Some((user, Kind::Jobs(old))) => self.retire(user, old),
            Some((user, Kind::Logs { before })) => self.clear_logs(user, before),
        }
    }

    fn retire(&mut self, user: UserId, old: Old) -> Result<(), Error> {
        let retired = self.writer.retire_jobs(user, old)?;
        if retired.is_empty() {
            self.retention.left.pop();
            return Ok(());
        }
        let (jobs, reason) = (retired.len(), old.reason().word());
        tracing::info!(user = user.0, jobs, reason, "old jobs are removed");
        self.empty(retired);
        Ok(())
    }

    fn empty(&mut self, retired: Vec<JobId>) {
        self.retention.piece = Some(Piece::Retired);
        self.chores.remove_jobs(retired);
    }

    fn clear_logs(&mut self, user: UserId, before: UnixMillis) -> Result<(), Error> {
        let beginning = (UnixMillis(0), JobId(0));
        let after = *self.retention.cleared.get(&user).unwrap_or(&beginning);
        let found = self
            .reader
            .finished_jobs(user, after, before, LOGS_PER_PIECE)?;
        let Some(&last) = found.last() else {
            self.retention.left.pop();
            return Ok(());
        };
        self.retention.cleared.insert(user, last);
        let jobs: Vec<JobId> = found.into_iter().map(|(_, job)| job).collect();
        self.retention.piece = Some(Piece::LogsOnly(jobs.iter().copied().collect()));
        self.chores.remove_logs(jobs);
        Ok(())
    }

    /// The piece is done. What could not be removed of jobs that nobody finds is left for the next start.
    pub(super) fn logs_removed(&mut self, removed: Vec<JobId>) {
        if let Some(Piece::Retired) = self.retention.piece.take() {
            self.retention.emptied = removed;
        }
        for command in std::mem::take(&mut self.retention.put_off) {
            self.obey(command);
        }
    }
}
