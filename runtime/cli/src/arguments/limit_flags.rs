//! The flags of limits. All limits hold at once, for each attempt; what each does is told by `sublet help limits`.

use clap::Args;
use sublet_api::Limits;

use super::quantity;

/// What an attempt may use.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Limits of each attempt")]
pub(crate) struct LimitFlags {
    /// Linear memory, all memories together: 64MiB
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = quantity::memory)]
    memory: Option<u64>,
    /// Share of the processors: 0.5; on a server for sure, with `run` at most
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = quantity::cpu_millis)]
    cpu: Option<u64>,
    /// Wall time: 30s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::milliseconds)]
    timeout: Option<u64>,
    /// Processor time: 10s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::milliseconds)]
    cpu_time: Option<u64>,
    /// Bytes of stdout and stderr that are kept; more is cut and counted
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = quantity::bytes)]
    output_limit: Option<u64>,
    /// Disk of this size, for /tmp, /out and /state together; without it there are none of them
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, value_parser = quantity::bytes)]
    scratch: Option<u64>,
    /// Files held open at once
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=65_535))]
    open_files: Option<u32>,
}

impl LimitFlags {
    /// The limits that were asked for; what is absent has its default where the job runs.
    pub(super) const fn asked(&self) -> Limits {
        Limits {
            cpu_millis: self.cpu,
            memory_bytes: self.memory,
            timeout_ms: self.timeout,
            cpu_time_ms: self.cpu_time,
            output_bytes: self.output_limit,
            scratch_bytes: self.scratch,
            open_files: self.open_files,
        }
    }
}
