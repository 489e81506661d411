//! What the attempts of a job used, all days together: a batch adds to the row of each of its jobs once.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use sublet_scheduler::{JobId, Usage};

use crate::records::{
    database::{clamped, exact},
    record::FinishedAttempt,
};

use super::execute;

/// A sum that does not fit becomes a float, which is more than the greatest integer: that one is taken then.
const ADD: &str = "INSERT INTO job_totals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        ?17, ?18, ?19, ?20)
    ON CONFLICT (job) DO UPDATE SET attempts = attempts + excluded.attempts,
        cpu_us = min(cpu_us + excluded.cpu_us, 9223372036854775807),
        wall_us = min(wall_us + excluded.wall_us, 9223372036854775807),
        memory_peak_bytes = max(memory_peak_bytes, excluded.memory_peak_bytes),
        stdout_bytes = min(stdout_bytes + excluded.stdout_bytes, 9223372036854775807),
        stderr_bytes = min(stderr_bytes + excluded.stderr_bytes, 9223372036854775807),
        output_cut_bytes = min(output_cut_bytes + excluded.output_cut_bytes, 9223372036854775807),
        scratch_peak_bytes = max(scratch_peak_bytes, excluded.scratch_peak_bytes),
        memory_denied = min(memory_denied + excluded.memory_denied, 4294967295),
        tables_denied = min(tables_denied + excluded.tables_denied, 4294967295),
        handles_denied = min(handles_denied + excluded.handles_denied, 4294967295),
        bytes_sent = min(bytes_sent + excluded.bytes_sent, 9223372036854775807),
        bytes_received = min(bytes_received + excluded.bytes_received, 9223372036854775807),
        connections_out = min(connections_out + excluded.connections_out, 9223372036854775807),
        connections_in = min(connections_in + excluded.connections_in, 9223372036854775807),
        datagrams_sent = min(datagrams_sent + excluded.datagrams_sent, 9223372036854775807),
        datagrams_received = min(datagrams_received + excluded.datagrams_received, 9223372036854775807),
        datagrams_dropped = min(datagrams_dropped + excluded.datagrams_dropped, 9223372036854775807),
        denials = min(denials + excluded.denials, 9223372036854775807)";

/// What the attempts of a batch used, job by job, until it is added.
#[derive(Default)]
pub(super) struct Totals {
    jobs: BTreeMap<JobId, (u64, Usage)>,
}

impl Totals {
    pub(super) fn add(&mut self, finished: &FinishedAttempt) {
        let (attempts, usage) = self.jobs.entry(finished.attempt.job).or_default();
        *attempts += 1;
        *usage = usage.plus(finished.usage);
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        self.jobs
            .into_iter()
            .try_for_each(|(job, (attempts, usage))| add(connection, job, attempts, &usage))
    }
}

fn add(connection: &Connection, job: JobId, attempts: u64, usage: &Usage) -> rusqlite::Result<()> {
    let network = &usage.network;
    let row = params![
        exact(job.0)?,
        clamped(attempts),
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
        clamped(network.bytes_sent),
        clamped(network.bytes_received),
        clamped(network.connections_out),
        clamped(network.connections_in),
        clamped(network.datagrams_sent),
        clamped(network.datagrams_received),
        clamped(network.datagrams_dropped),
        clamped(network.denials),
    ];
    execute(connection, ADD, row).map(drop)
}
