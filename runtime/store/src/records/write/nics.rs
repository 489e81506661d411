//! What went over the nics of attempts.

use rusqlite::{Connection, params};
use sublet_scheduler::NetworkUsage;

use crate::records::{
    database::{clamped, exact, list_text},
    record::FinishedAttempt,
};

use super::execute;

const COUNT: &str = "INSERT INTO nic_usage (job, task, number, bytes_sent, bytes_received,
        connections_out, connections_in, datagrams_sent, datagrams_received, datagrams_dropped, denials, denied)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// Writes a row if anything was counted: an attempt that talked to nobody costs none.
pub(super) fn counted(connection: &Connection, finished: &FinishedAttempt) -> rusqlite::Result<()> {
    let usage = finished.usage.network;
    let denied = finished
        .nic
        .as_ref()
        .map_or(&[][..], |nic| nic.denied.as_slice());
    if usage == NetworkUsage::default() && denied.is_empty() {
        return Ok(());
    }
    let NetworkUsage {
        bytes_sent,
        bytes_received,
        connections_out,
        connections_in,
        datagrams_sent,
        datagrams_received,
        datagrams_dropped,
        denials,
    } = usage;
    let attempt = finished.attempt;
    let row = params![
        exact(attempt.job.0)?,
        attempt.task,
        attempt.number,
        clamped(bytes_sent),
        clamped(bytes_received),
        clamped(connections_out),
        clamped(connections_in),
        clamped(datagrams_sent),
        clamped(datagrams_received),
        clamped(datagrams_dropped),
        clamped(denials),
        list_text(denied)?,
    ];
    execute(connection, COUNT, row).map(drop)
}
