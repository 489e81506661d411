//! What attempts used, in sums that add up: over the attempts of a job on a day, and over those of a user.

use rusqlite::Row;
use sublet_scheduler::UnixMillis;

use super::{
    database::{clamped, unsigned},
    record::FinishedAttempt,
};

/// A sum over attempts that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// How many.
    pub attempts: u64,
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Wall time in microseconds.
    pub wall_us: u64,
    /// The memory that each was given, used or not, times its wall time: bytes times microseconds.
    pub memory_byte_us: u128,
    /// Bytes written to stdout, the cut ones included.
    pub stdout_bytes: u64,
    /// Bytes written to stderr, the cut ones included.
    pub stderr_bytes: u64,
    /// Bytes of both that were not kept.
    pub cut_bytes: u64,
    /// Bytes sent over nics.
    pub sent_bytes: u64,
    /// Bytes received over nics.
    pub received_bytes: u64,
}

/// A day in UTC, counted from the first of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u64);

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// More than any attempt can use: a measure beyond it is a mistake, which must not make sums overflow.
const MEASURE_MAX: u64 = 1 << 50;

/// How many bits of the product of memory and time stand in the lower of its two columns.
const LOW_BITS: u32 = 40;

impl Day {
    /// The day on which something happened.
    #[must_use]
    pub const fn of(at: UnixMillis) -> Self {
        Self(at.0 / DAY_MS)
    }

    /// Its first instant.
    #[must_use]
    pub const fn begins(self) -> UnixMillis {
        UnixMillis(self.0.saturating_mul(DAY_MS))
    }
}

impl Used {
    /// The columns of a sum, in the order in which [`Used::from_row`] reads them and [`Used::numbers`] writes them.
    pub(crate) const COLUMNS: &str =
        "attempts, cpu_us, wall_us, memory_high, memory_low, stdout_bytes, stderr_bytes,
        cut_bytes, sent_bytes, received_bytes";

    /// The sums of these columns.
    pub(crate) const SUMS: &str =
        "coalesce(sum(attempts), 0), coalesce(sum(cpu_us), 0), coalesce(sum(wall_us), 0),
        coalesce(sum(memory_high), 0), coalesce(sum(memory_low), 0),
        coalesce(sum(stdout_bytes), 0), coalesce(sum(stderr_bytes), 0), coalesce(sum(cut_bytes), 0),
        coalesce(sum(sent_bytes), 0), coalesce(sum(received_bytes), 0)";

    /// How a row takes another one in.
    pub(crate) const ADD: &str = "attempts = attempts + excluded.attempts,
        cpu_us = cpu_us + excluded.cpu_us, wall_us = wall_us + excluded.wall_us,
        memory_high = memory_high + excluded.memory_high + ((memory_low + excluded.memory_low) >> 40),
        memory_low = (memory_low + excluded.memory_low) & 0xffffffffff,
        stdout_bytes = stdout_bytes + excluded.stdout_bytes, stderr_bytes = stderr_bytes + excluded.stderr_bytes,
        cut_bytes = cut_bytes + excluded.cut_bytes,
        sent_bytes = sent_bytes + excluded.sent_bytes, received_bytes = received_bytes + excluded.received_bytes";

    /// What one attempt used. How much memory it was given is its job's to say.
    pub(crate) fn by(finished: &FinishedAttempt) -> Self {
        let usage = &finished.usage;
        let measure = |amount: u64| amount.min(MEASURE_MAX);
        let (stdout_bytes, stderr_bytes) =
            (measure(usage.stdout_bytes), measure(usage.stderr_bytes));
        Self {
            attempts: 1,
            cpu_us: measure(usage.cpu_us),
            wall_us: measure(usage.wall_us),
            memory_byte_us: 0,
            stdout_bytes,
            stderr_bytes,
            // No more was cut than there was: what is left is never less than nothing, in any sum.
            cut_bytes: usage.output_cut_bytes.min(stdout_bytes + stderr_bytes),
            sent_bytes: measure(usage.network.bytes_sent),
            received_bytes: measure(usage.network.bytes_received),
        }
    }

    /// The same, when each attempt was given this much memory.
    pub(crate) fn given(self, memory_bytes: u64) -> Self {
        let memory_bytes = memory_bytes.min(MEASURE_MAX);
        Self {
            memory_byte_us: u128::from(memory_bytes) * u128::from(self.wall_us),
            ..self
        }
    }

    /// What was printed and kept.
    #[must_use]
    pub const fn log_bytes(&self) -> u64 {
        self.stdout_bytes
            .saturating_add(self.stderr_bytes)
            .saturating_sub(self.cut_bytes)
    }

    /// The sum with another one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.saturating_add(other.attempts),
            cpu_us: self.cpu_us.saturating_add(other.cpu_us),
            wall_us: self.wall_us.saturating_add(other.wall_us),
            memory_byte_us: self.memory_byte_us.saturating_add(other.memory_byte_us),
            stdout_bytes: self.stdout_bytes.saturating_add(other.stdout_bytes),
            stderr_bytes: self.stderr_bytes.saturating_add(other.stderr_bytes),
            cut_bytes: self.cut_bytes.saturating_add(other.cut_bytes),
            sent_bytes: self.sent_bytes.saturating_add(other.sent_bytes),
            received_bytes: self.received_bytes.saturating_add(other.received_bytes),
        }
    }

    pub(crate) fn numbers(&self) -> [i64; 10] {
        let low = self.memory_byte_us & ((1 << LOW_BITS) - 1);
        [
            clamped(self.attempts),
            clamped(self.cpu_us),
            clamped(self.wall_us),
            i64::try_from(self.memory_byte_us >> LOW_BITS).unwrap_or(i64::MAX),
            i64::try_from(low).unwrap_or_default(),
            clamped(self.stdout_bytes),
            clamped(self.stderr_bytes),
            clamped(self.cut_bytes),
            clamped(self.sent_bytes),
            clamped(self.received_bytes),
        ]
    }

    pub(crate) fn from_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let high = u128::from(unsigned(row, column + 3)?);
        let low = u128::from(unsigned(row, column + 4)?);
        Ok(Self {
            attempts: unsigned(row, column)?,
            cpu_us: unsigned(row, column + 1)?,
            wall_us: unsigned(row, column + 2)?,
            memory_byte_us: (high << LOW_BITS) + low,
            stdout_bytes: unsigned(row, column + 5)?,
            stderr_bytes: unsigned(row, column + 6)?,
            cut_bytes: unsigned(row, column + 7)?,
            sent_bytes: unsigned(row, column + 8)?,
            received_bytes: unsigned(row, column + 9)?,
        })
    }
}
