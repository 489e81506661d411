//! What `submit` takes beyond the flags that it shares with `run`.

use clap::{Args, ValueEnum};
use sublet_api::{After, Restart};

use crate::arguments::{FateFlags, JobFlags, quantity, word};
use crate::failure::Failure;

/// Retries after failures, when `on-failure` is asked for without a number.
const RETRIES_DEFAULT: u32 = 3;
/// The first pause before a retry, when none is asked for.
const BACKOFF_MS_DEFAULT: u64 = 1_000;

/// Submit a job to the server
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet submit render.wasm --array 0-99 --wait\n  \
    sublet submit count.wasm --in data --follow -- --words\n  \
    sublet submit render@latest --restart on-failure --retries 5\n  \
    sublet submit fetch.wasm --allow-net api.example.org:443 --publish 18080:8080\n\n\
    With --wait or --follow the exit code is the job's own fate: `sublet help exit-codes`.")]
pub(crate) struct Submit {
    /// A .wasm or .wat file, `-` for stdin, or a module of the server: a digest or NAME@TAG
    #[arg(value_name = "FILE|REF")]
    pub(super) module: String,
    /// Arguments of the job
    #[arg(last = true, value_name = "ARGS")]
    pub(super) args: Vec<String>,
    /// A word to find the job by
    #[arg(long = "label", value_name = "K=V", value_parser = word::label)]
    pub(super) labels: Vec<(String, String)>,
    /// Higher goes first
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-1_000..=1_000))]
    pub(super) priority: Option<i32>,
    /// The sub-cluster to run in, instead of where the rules send it
    #[arg(long, value_name = "NAME", env = "SUBLET_SUBCLUSTER", hide_env = true)]
    #[arg(value_parser = word::plain_name)]
    pub(super) subcluster: Option<String>,
    /// A word that rules read as job.class
    #[arg(long, value_name = "NAME", value_parser = word::plain_name)]
    pub(super) class: Option<String>,
    /// So many tasks that start together, all or none
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) gang: Option<u32>,
    /// The job may submit jobs, and they so many further generations [default without a number: 1]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1", require_equals = true)]
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=3))]
    pub(super) children: Option<u32>,
    /// Start when this job is over: on its success, or JOB:failure, JOB:always
    #[arg(long, value_name = "JOB[:WHEN]", allow_hyphen_values = true, value_parser = word::after)]
    pub(super) after: Vec<After>,
    /// What follows an attempt that did not succeed
    #[arg(long, value_name = "WHEN")]
    restart: Option<RestartPolicy>,
    /// Further attempts after failures, with --restart on-failure
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: Option<u32>,
    /// The first pause before a retry; it doubles each time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::milliseconds)]
    backoff: Option<u64>,
    /// Wait until the job is over
    #[arg(long)]
    wait: bool,
    /// Show what the job writes until it is over
    #[arg(short, long)]
    pub(super) follow: bool,
    /// Upload what is missing, check everything and tell where the job would go; submit nothing
    #[arg(long, conflicts_with_all = ["wait", "follow", "idempotency_key"])]
    pub(super) dry_run: bool,
    /// The same key twice is one job
    #[arg(long, value_name = "KEY", value_parser = word::idempotency_key)]
    pub(super) idempotency_key: Option<String>,
    #[command(flatten)]
    pub(super) fate: FateFlags,
    #[command(flatten)]
    pub(super) given: JobFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RestartPolicy {
    Never,
    OnLoss,
    OnFailure,
}

impl Submit {
    /// Whether the command stays until the job is over.
    pub(crate) const fn watches(&self) -> bool {
        self.wait || self.follow
    }

    /// The restart policy, if one is asked for.
    pub(super) fn restart(&self) -> Result<Option<Restart>, Failure> {
        let policy = match self.restart {
            Some(RestartPolicy::OnFailure) => {
                return Ok(Some(Restart::OnFailure {
                    retries: self.retries.unwrap_or(RETRIES_DEFAULT),
                    backoff_ms: self.backoff.unwrap_or(BACKOFF_MS_DEFAULT),
                }));
            }
            Some(RestartPolicy::Never) => Some(Restart::Never),
            Some(RestartPolicy::OnLoss) => Some(Restart::OnLoss),
            None => None,
        };
        if self.retries.is_some() || self.backoff.is_some() {
            return Err(Failure::usage(
                "`--retries` and `--backoff` are about failures, which are not retried here",
            )
            .help("add --restart on-failure, or leave them out"));
        }
        Ok(policy)
    }
}
