//! The account of who did what: in pages, and as a chain of which no link may be missing.

use rusqlite::{Connection, Row, params};
use sublet_scheduler::UserId;

use crate::{
    Digest, Error,
    records::{
        audit::{AuditOutcome, Audited, Link, Who},
        database::{millis, unsigned},
    },
};

use super::{Page, Reader};

/// A row of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place, counted from 1; the cursor of a list.
    pub seq: u64,
    /// What it says.
    pub audited: Audited,
    /// The sha256 of the row before; of the first row, nothing but zeros.
    pub previous: Digest,
}

/// Which rows of the account a list shows. The default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those with this action.
    pub action: Option<String>,
    /// Only those with this object.
    pub object: Option<String>,
}

/// Whether the account is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditChain {
    /// Each row is what the next one says of it.
    Whole {
        /// How many there are.
        rows: u64,
        /// The sha256 of the last one. Written down elsewhere, it also shows a chain that was made anew as a whole: the
        /// row after it has it as its `previous`.
        last: Digest,
    },
    /// Somebody else than this program wrote there. This is the first place where it shows.
    Broken(AuditBreak),
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditBreak {
    /// There is no such row, and there was one.
    Missing {
        /// The row's place.
        seq: u64,
    },
    /// The row is not what the next one, or the end of the chain, says of it.
    Changed {
        /// The row's place.
        seq: u64,
    },
    /// The row comes after the end of the chain.
    Added {
        /// The row's place.
        seq: u64,
    },
}

const ROWS: &str = "SELECT seq, at, user, user_name, via, action, object, before, after, refused, previous FROM audit";

const HEAD: &str = "SELECT seq, digest FROM audit_head";

impl Reader {
    /// Rows of the account, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit(&self, filter: &AuditFilter, page: Page) -> Result<Vec<AuditRow>, Error> {
        let AuditFilter { action, object } = filter;
        let theirs = filter.condition();
        let sql = format!("{ROWS} WHERE seq < ?1 AND {theirs} ORDER BY seq DESC LIMIT ?2");
        self.ask("list what was audited", |connection| {
            let parameters = params![page.before(), page.limit(), action, object];
            connection
                .prepare_cached(&sql)?
                .query_map(parameters, audit_row)?
                .collect()
        })
    }

    /// Goes through the whole account, row by row, and says whether it is as it was written. Rows that were removed from
    /// its end by somebody who also changed where the chain says that it ends are not missed here.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit_verify(&self) -> Result<AuditChain, Error> {
        self.ask_at_one_instant("verify what was audited", verify)
    }
}

impl AuditFilter {
    /// Each text uses the index that fits it; a parameter that nothing is compared with is named all the same.
    const fn condition(&self) -> &'static str {
        match (&self.action, &self.object) {
            (Some(_), Some(_)) => "action = ?3 AND object = ?4",
            (Some(_), None) => "action = ?3 AND ?4 IS NULL",
            (None, Some(_)) => "?3 IS NULL AND object = ?4",
            (None, None) => "?3 IS NULL AND ?4 IS NULL",
        }
    }
}

/// Whether the account in a database is as it was written.
pub(crate) fn audit_is_whole(database: &Connection) -> rusqlite::Result<bool> {
    verify(database).map(|chain| matches!(chain, AuditChain::Whole { .. }))
}

fn verify(connection: &Connection) -> rusqlite::Result<AuditChain> {
    let head = connection.prepare_cached(HEAD)?.query_one([], |row| {
        Ok(Link {
            seq: unsigned(row, 0)?,
            digest: row.get(1)?,
        })
    })?;
    let mut statement = connection.prepare_cached(&format!("{ROWS} ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    let mut last = Link::FIRST;
    while let Some(row) = rows.next()? {
        let row = audit_row(row)?;
        if let Some(broken) = break_at(&row, last, head) {
            return Ok(AuditChain::Broken(broken));
        }
        last = last.with(&row.audited)?;
    }
    Ok(end(last, head))
}

/// Why the row cannot be the one that comes next.
fn break_at(row: &AuditRow, last: Link, head: Link) -> Option<AuditBreak> {
    if row.seq > head.seq {
        Some(AuditBreak::Added { seq: row.seq })
    } else if row.seq != last.seq + 1 {
        Some(AuditBreak::Missing { seq: last.seq + 1 })
    } else if row.previous != last.digest {
        // Of the first row nothing can be said but by itself.
        Some(AuditBreak::Changed {
            seq: last.seq.max(1),
        })
    } else {
        None
    }
}

fn end(last: Link, head: Link) -> AuditChain {
    if last.seq < head.seq {
        AuditChain::Broken(AuditBreak::Missing { seq: last.seq + 1 })
    } else if last.digest != head.digest {
        AuditChain::Broken(AuditBreak::Changed { seq: last.seq })
    } else {
        AuditChain::Whole {
            rows: last.seq,
            last: last.digest,
        }
    }
}

fn audit_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let user: Option<i64> = row.get(2)?;
    let user = user.map(|_| unsigned(row, 2)).transpose()?;
    let refused: Option<String> = row.get(9)?;
    Ok(AuditRow {
        seq: unsigned(row, 0)?,
        audited: Audited {
            at: millis(row, 1)?,
            who: Who {
                user: user.map(UserId),
                name: row.get(3)?,
                via: row.get(4)?,
            },
            action: row.get(5)?,
            object: row.get(6)?,
            before: row.get(7)?,
            after: row.get(8)?,
            outcome: refused.map_or(AuditOutcome::Done, AuditOutcome::Refused),
        },
        previous: row.get(10)?,
    })
}
