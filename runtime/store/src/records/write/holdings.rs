//! What users have of things that are bounded: counted as these come and go, so that asking costs one look-up.

use rusqlite::{Connection, params_from_iter};

use super::execute;

/// Something that is counted.
#[derive(Clone, Copy)]
pub(super) enum Holding {
    /// A module of this length.
    Module(i64),
    /// An input of this length.
    Input(i64),
    /// The job of this number.
    Job(i64),
    /// Bytes that attempts printed and that were kept.
    Log(i64),
    /// Bytes of artifacts.
    Artifacts(i64),
}

const CHANGE: &str =
    "INSERT INTO holdings (user, modules, module_bytes, inputs, input_bytes, jobs, log_bytes,
        last_number, artifact_bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (user) DO UPDATE SET
        modules = modules + ?2, module_bytes = module_bytes + ?3,
        inputs = inputs + ?4, input_bytes = input_bytes + ?5,
        jobs = jobs + ?6, log_bytes = log_bytes + ?7, last_number = max(last_number, ?8),
        artifact_bytes = artifact_bytes + ?9";

/// The user has it from now on.
pub(super) fn add(connection: &Connection, user: i64, holding: Holding) -> rusqlite::Result<()> {
    change(connection, user, 1, holding)
}

/// The user has it no more.
pub(super) fn take(connection: &Connection, user: i64, holding: Holding) -> rusqlite::Result<()> {
    change(connection, user, -1, holding)
}

fn change(connection: &Connection, user: i64, sign: i64, holding: Holding) -> rusqlite::Result<()> {
    let mut counts = [0; 8];
    match holding {
        Holding::Module(bytes) => (counts[0], counts[1]) = (sign, sign * bytes),
        Holding::Input(bytes) => (counts[2], counts[3]) = (sign, sign * bytes),
        Holding::Job(number) => (counts[4], counts[6]) = (sign, number),
        Holding::Log(bytes) => counts[5] = sign * bytes,
        Holding::Artifacts(bytes) => counts[7] = sign * bytes,
    }
    let row = [user].into_iter().chain(counts);
    execute(connection, CHANGE, params_from_iter(row)).map(drop)
}
