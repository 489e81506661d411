//! The flags that `run` and `submit` share: what a job is given, whoever runs it.

use std::collections::BTreeMap;
use std::env;

use clap::{Args, ValueEnum};
use sublet_api::{Job, JobNetwork, Limits};

use super::limit_flags::LimitFlags;
use super::network_flags::NetworkFlags;
use super::{quantity, word};
use crate::exit::Exit;
use crate::failure::Failure;

/// What a job is given.
#[derive(Args, Debug)]
pub(crate) struct JobFlags {
    /// An environment variable; without a value, the one that this command has
    #[arg(short, long = "env", value_name = "K[=V]", value_parser = word::variable)]
    env: Vec<word::Variable>,
    /// What each task reads as stdin; `-` is this command's own
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input: Option<String>,
    /// A file or directory that each task sees read-only, in /in unless a place is given
    #[arg(long = "in", value_name = "PATH[:GUEST]", value_parser = word::input_path)]
    pub(crate) inputs: Vec<word::InputPath>,
    /// Run one task per index, both ends included: 0-99
    #[arg(long, value_name = "A-B", allow_hyphen_values = true, value_parser = word::range)]
    pub(crate) array: Option<(u32, u32)>,
    /// How long an attempt with --scratch may go on once it is asked to end: 300ms unless it is said
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = quantity::grace)]
    pub(crate) grace: Option<u64>,
    /// A name to find the job by
    #[arg(long, value_name = "NAME", value_parser = word::job_name)]
    pub(crate) name: Option<String>,
    // Last, because a heading in the help holds for all that follows.
    #[command(flatten)]
    network: NetworkFlags,
    #[command(flatten)]
    limits: LimitFlags,
}

/// How a job's fate becomes an exit code.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct FateFlags {
    /// `guest` passes the guest's own code on, `outcome` is 0 or 1 only
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "guest",
        hide_default_value = true
    )]
    exit_code: ExitCodeOf,
}

/// Whose exit code is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExitCodeOf {
    Guest,
    Outcome,
}

impl JobFlags {
    /// The limits that were asked for.
    pub(crate) const fn limits(&self) -> Limits {
        self.limits.asked()
    }

    /// What was asked for of a network, if anything was.
    pub(crate) fn network(&self) -> Result<Option<JobNetwork>, Failure> {
        self.network.asked()
    }

    /// The environment of the job, with values of our own where none were given. The last of two wins.
    pub(crate) fn environment(&self) -> Result<BTreeMap<String, String>, Failure> {
        self.env.iter().map(resolve).collect()
    }
}

fn resolve(variable: &word::Variable) -> Result<(String, String), Failure> {
    let name = variable.name.clone();
    match &variable.value {
        Some(value) => Ok((name, value.clone())),
        None => match env::var(&name) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(
                Failure::usage(format!("`--env {name}` has no value to pass on"))
                    .caused_by(&error)
                    .help(format!("--env {name}=VALUE")),
            ),
        },
    }
}

impl FateFlags {
    /// The exit code of a watched job that is over.
    pub(crate) fn exit_of(self, job: &Job) -> Exit {
        match &job.end {
            Some(end) => self.exit(&end.outcome),
            None => Exit::OUR_SIDE,
        }
    }

    /// The exit code of this outcome.
    pub(crate) fn exit(self, outcome: &sublet_api::Outcome) -> Exit {
        match self.exit_code {
            ExitCodeOf::Guest => Exit::of_outcome(outcome),
            ExitCodeOf::Outcome => Exit::of_outcome_in_one_bit(outcome),
        }
    }
}
