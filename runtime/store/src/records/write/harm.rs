//! What modules did to our side.

use rusqlite::{Connection, params};

use crate::records::{
    database::{exact, instant},
    harm::ModuleHarm,
};

use super::execute;

const HARM: &str = "INSERT OR REPLACE INTO module_harm
    (user, digest, worker_deaths, host_panics, compile_kills, is_suspect, at, quarantined_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const FORGET: &str = "DELETE FROM module_harm WHERE user = ?1 AND digest = ?2";

/// One of which there is nothing to say has no row.
pub(super) fn harmed(connection: &Connection, harm: &ModuleHarm) -> rusqlite::Result<()> {
    let user = exact(harm.user.0)?;
    if harm.is_nothing() {
        return execute(connection, FORGET, params![user, harm.digest]).map(drop);
    }
    let counts = harm.counts;
    let row = params![
        user,
        harm.digest,
        counts.worker_deaths,
        counts.host_panics,
        counts.compile_kills,
        harm.is_suspect,
        instant(harm.at),
        harm.quarantined_at.map(instant),
    ];
    execute(connection, HARM, row).map(drop)
}
