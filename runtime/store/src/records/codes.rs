//! The numbers that stand for words in the database. They are written out, because they must stay what they are when
//! an enum is extended or put in another order. A new word does not compile until it has its number.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use sublet_scheduler::{CancelReason, Limit, LossReason, Outcome, TrapKind};

/// How an attempt ended, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeKind {
    /// The guest returned, or exited with code 0.
    Succeeded,
    /// The guest exited with another code.
    Failed,
    /// The guest did something that WebAssembly forbids.
    Trapped,
    /// The guest used more than its limits allow.
    LimitExceeded,
    /// Somebody asked for it.
    Cancelled,
    /// Our side failed.
    Lost,
}

/// What followed an attempt, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoredNext {
    Settled,
    Retry,
    /// The user asked for another attempt after the task had been settled.
    Reopened,
    /// A retry was due and was cancelled while it waited.
    Cancelled,
}

impl OutcomeKind {
    const ALL: [Self; 6] = [
        Self::Succeeded,
        Self::Failed,
        Self::Trapped,
        Self::LimitExceeded,
        Self::Cancelled,
        Self::Lost,
    ];

    const fn number(self) -> i64 {
        match self {
            Self::Succeeded => 0,
            Self::Failed => 1,
            Self::Trapped => 2,
            Self::LimitExceeded => 3,
            Self::Cancelled => 4,
            Self::Lost => 5,
        }
    }
}

impl StoredNext {
    const ALL: [Self; 4] = [Self::Settled, Self::Retry, Self::Reopened, Self::Cancelled];

    const fn number(self) -> i64 {
        match self {
            Self::Settled => 0,
            Self::Retry => 1,
            Self::Reopened => 2,
            Self::Cancelled => 3,
        }
    }
}

const TRAPS: [TrapKind; 9] = [
    TrapKind::Other,
    TrapKind::Unreachable,
    TrapKind::MemoryOutOfBounds,
    TrapKind::TableOutOfBounds,
    TrapKind::BadIndirectCall,
    TrapKind::StackOverflow,
    TrapKind::DivisionByZero,
    TrapKind::IntegerOverflow,
    TrapKind::HostCall,
];

const fn trap_number(kind: TrapKind) -> i64 {
    match kind {
        TrapKind::Other => 0,
        TrapKind::Unreachable => 1,
        TrapKind::MemoryOutOfBounds => 2,
        TrapKind::TableOutOfBounds => 3,
        TrapKind::BadIndirectCall => 4,
        TrapKind::StackOverflow => 5,
        TrapKind::DivisionByZero => 6,
        TrapKind::IntegerOverflow => 7,
        TrapKind::HostCall => 8,
    }
}

const LIMITS: [Limit; 7] = [
    Limit::Memory,
    Limit::Tables,
    Limit::Handles,
    Limit::Files,
    Limit::Cpu,
    Limit::Wall,
    Limit::Disk,
];

const fn limit_number(limit: Limit) -> i64 {
    match limit {
        Limit::Memory => 1,
        Limit::Tables => 2,
        Limit::Handles => 3,
        Limit::Files => 4,
        Limit::Cpu => 5,
        Limit::Wall => 6,
        Limit::Disk => 7,
    }
}

const CANCELS: [CancelReason; 6] = [
    CancelReason::Asked,
    CancelReason::Shutdown,
    CancelReason::Drained,
    CancelReason::Preempted,
    CancelReason::Dependency,
    CancelReason::Quarantine,
];

const fn cancel_number(reason: CancelReason) -> i64 {
    match reason {
        CancelReason::Asked => 1,
        CancelReason::Shutdown => 2,
        CancelReason::Drained => 3,
        CancelReason::Preempted => 4,
        CancelReason::Dependency => 5,
        CancelReason::Quarantine => 6,
    }
}

const LOSSES: [LossReason; 5] = [
    LossReason::Worker,
    LossReason::Server,
    LossReason::Setup,
    LossReason::Panic,
    LossReason::Host,
];

const fn loss_number(reason: LossReason) -> i64 {
    match reason {
        LossReason::Worker => 1,
        LossReason::Server => 2,
        LossReason::Setup => 3,
        LossReason::Panic => 4,
        LossReason::Host => 5,
    }
}

impl OutcomeKind {
    /// The kind of an outcome.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed(_) => Self::Failed,
            Outcome::Trapped(_) => Self::Trapped,
            Outcome::LimitExceeded(_) => Self::LimitExceeded,
            Outcome::Cancelled(_) => Self::Cancelled,
            Outcome::Lost(_) => Self::Lost,
        }
    }
}

/// The two numbers of an outcome: its kind, and what distinguishes outcomes of that kind.
pub(crate) fn outcome_to_codes(outcome: Outcome) -> (i64, i64) {
    let detail = match outcome {
        Outcome::Succeeded => 0,
        Outcome::Failed(code) => i64::from(code),
        Outcome::Trapped(kind) => trap_number(kind),
        Outcome::LimitExceeded(limit) => limit_number(limit),
        Outcome::Cancelled(reason) => cancel_number(reason),
        Outcome::Lost(reason) => loss_number(reason),
    };
    (OutcomeKind::of(outcome).number(), detail)
}

/// `None` for numbers that stand for nothing.
pub(crate) fn outcome_from_codes(kind: i64, detail: i64) -> Option<Outcome> {
    Some(match word(&OutcomeKind::ALL, OutcomeKind::number, kind)? {
        OutcomeKind::Succeeded => Outcome::Succeeded,
        OutcomeKind::Failed => Outcome::Failed(i32::try_from(detail).ok()?),
        OutcomeKind::Trapped => Outcome::Trapped(word(&TRAPS, trap_number, detail)?),
        OutcomeKind::LimitExceeded => Outcome::LimitExceeded(word(&LIMITS, limit_number, detail)?),
        OutcomeKind::Cancelled => Outcome::Cancelled(word(&CANCELS, cancel_number, detail)?),
        OutcomeKind::Lost => Outcome::Lost(word(&LOSSES, loss_number, detail)?),
    })
}

fn word<T: Copy>(words: &[T], number_of: fn(T) -> i64, number: i64) -> Option<T> {
    words
        .iter()
        .copied()
        .find(|word| number_of(*word) == number)
}

impl ToSql for StoredNext {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for StoredNext {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        word(&Self::ALL, Self::number, value.as_i64()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for OutcomeKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        word(&Self::ALL, Self::number, value.as_i64()?).ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::Outcome;

    use super::{
        CANCELS, LIMITS, LOSSES, OutcomeKind, StoredNext, TRAPS, outcome_from_codes,
        outcome_to_codes, word,
    };

    #[test]
    fn every_outcome_comes_back_as_it_was() {
        let outcomes = [
            Outcome::Succeeded,
            Outcome::Failed(1),
            Outcome::Failed(i32::MIN),
        ]
        .into_iter()
        .chain(TRAPS.map(Outcome::Trapped))
        .chain(LIMITS.map(Outcome::LimitExceeded))
        .chain(CANCELS.map(Outcome::Cancelled))
        .chain(LOSSES.map(Outcome::Lost));
        for outcome in outcomes {
            let (kind, code) = outcome_to_codes(outcome);
            assert_eq!(outcome_from_codes(kind, code), Some(outcome));
        }
    }

    #[test]
    fn every_next_comes_back_as_it_was() {
        for next in StoredNext::ALL {
            assert_eq!(
                word(&StoredNext::ALL, StoredNext::number, next.number()),
                Some(next)
            );
        }
    }

    #[test]
    fn a_number_that_stands_for_nothing_is_nothing() {
        let trapped = OutcomeKind::Trapped.number();
        for (kind, code) in [(99, 0), (-1, 0), (trapped, 99), (trapped, -1)] {
            assert_eq!(outcome_from_codes(kind, code), None);
        }
    }
}
