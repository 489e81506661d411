//! Attempts: started in ranges, finished one by one, cancelled while they waited, asked for again.

use rusqlite::{CachedStatement, Connection, params};
use sublet_scheduler::{JobId, Next, TaskRange, UnixMillis};

use crate::records::{
    codes::{StoredNext, outcome_to_codes},
    database::{clamped, exact, instant},
    record::FinishedAttempt,
};

use super::{Places, execute, nics, ranges, totals::Totals, usage::Ledger};

const START: &str = "INSERT INTO starts (job, first, number, last, at) VALUES (?1, ?2, ?3, ?4, ?5)";

const FINISH: &str = "INSERT INTO attempts (job, task, number, started_at, ended_at, outcome, code, detail, node, slot,
        next, next_at, cpu_us, wall_us, memory_peak_bytes, stdout_bytes, stderr_bytes, output_cut_bytes,
        scratch_peak_bytes, memory_denied, tables_denied, handles_denied, place, nic)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
        ?23, ?24)";

/// Only the last attempt of a task says what becomes of it; those before it are history and stay as they are.
const CANCEL_RETRIES: &str = "UPDATE attempts SET next = ?4, next_at = ?5
    WHERE job = ?1 AND task BETWEEN ?2 AND ?3 AND next IN (?6, ?7)
    AND number = (SELECT max(a.number) FROM attempts AS a WHERE a.job = attempts.job AND a.task = attempts.task)";

const REOPEN: &str = "UPDATE attempts SET next = ?4, next_at = ?5
    WHERE job = ?1 AND task BETWEEN ?2 AND ?3
    AND number = (SELECT max(a.number) FROM attempts AS a WHERE a.job = attempts.job AND a.task = attempts.task)";

const UNFINISH: &str = "UPDATE jobs SET finished_at = NULL, last_activity_at = ?2 WHERE id = ?1";

pub(super) fn started(
    connection: &Connection,
    job: JobId,
    tasks: &TaskRange,
    (number, at): (u32, UnixMillis),
) -> rusqlite::Result<()> {
    let row = params![
        exact(job.0)?,
        tasks.start(),
        number,
        tasks.end(),
        instant(at)
    ];
    execute(connection, START, row).map(drop)
}

/// Where ends of attempts are written. They are most of all records, so that looking the statement up for each of them
/// would be a tenth of the work.
pub(super) struct Ends<'c> {
    connection: &'c Connection,
    places: &'c mut Places,
    insert: CachedStatement<'c>,
    ledger: Ledger,
    totals: Totals,
}

impl<'c> Ends<'c> {
    pub(super) fn of(connection: &'c Connection, places: &'c mut Places) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            places,
            insert: connection.prepare_cached(FINISH)?,
            ledger: Ledger::default(),
            totals: Totals::default(),
        })
    }

    pub(super) fn add(&mut self, finished: &FinishedAttempt) -> rusqlite::Result<()> {
        let FinishedAttempt {
            attempt,
            started_at,
            ended_at,
            outcome,
            detail,
            usage,
            slot,
            place,
            nic,
            next,
        } = finished;
        let (kind, code) = outcome_to_codes(*outcome);
        let (next, next_at) = match next {
            Next::Settled => (StoredNext::Settled, None),
            Next::Retry { number, at } => {
                assert_eq!(
                    *number,
                    attempt.number + 1,
                    "attempts of a task are counted without gaps"
                );
                (StoredNext::Retry, Some(instant(*at)))
            }
        };
        let place = place
            .as_ref()
            .map(|place| self.places.number(self.connection, place))
            .transpose()?;
        let row = params![
            exact(attempt.job.0)?,
            attempt.task,
            attempt.number,
            started_at.map(instant),
            instant(*ended_at),
            kind,
            code,
            detail,
            slot.map(|slot| slot.node.0),
            slot.map(|slot| slot.index),
            next,
            next_at,
            clamped(usage.cpu_us),
            clamped(usage.wall_us),
            clamped(usage.memory_peak_bytes),
            clamped(usage.stdout_bytes),
            clamped(usage.stderr_bytes),
            clamped(usage.output_cut_bytes),
            clamped(usage.scratch_peak_bytes),
            usage.memory_denied,
            usage.tables_denied,
            usage.handles_denied,
            place,
            nic.as_ref().map(|nic| nic.number),
        ];
        self.insert.execute(row)?;
        self.ledger.add(finished);
        self.totals.add(finished);
        nics::counted(self.connection, finished)
    }

    /// Adds what all of them used to the sums.
    pub(super) fn add_up(self) -> rusqlite::Result<()> {
        self.totals.write(self.connection)?;
        self.ledger.write(self.connection)
    }
}

pub(super) fn cancelled(
    connection: &Connection,
    job: JobId,
    tasks: &[TaskRange],
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let job = exact(job.0)?;
    for range in tasks {
        ranges::CANCELLED.add(connection, job, range, at)?;
        let (next, waiting) = (
            StoredNext::Cancelled,
            (StoredNext::Retry, StoredNext::Reopened),
        );
        let row = params![
            job,
            range.start(),
            range.end(),
            next,
            instant(at),
            waiting.0,
            waiting.1
        ];
        execute(connection, CANCEL_RETRIES, row)?;
    }
    Ok(())
}

const TAKE_UP_AGAIN: &str = "DELETE FROM given_up WHERE job = ?1";

pub(super) fn reopened(
    connection: &Connection,
    job: JobId,
    tasks: &[TaskRange],
    at: UnixMillis,
) -> rusqlite::Result<()> {
    let job = exact(job.0)?;
    for range in tasks {
        ranges::CANCELLED.take_out(connection, job, range)?;
        ranges::CANCEL_WISHES.take_out(connection, job, range)?;
        let next = StoredNext::Reopened;
        execute(
            connection,
            REOPEN,
            params![job, range.start(), range.end(), next, instant(at)],
        )?;
    }
    execute(connection, TAKE_UP_AGAIN, params![job])?;
    execute(connection, UNFINISH, params![job, instant(at)]).map(drop)
}
