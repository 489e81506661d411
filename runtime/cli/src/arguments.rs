//! The command line: parsed without any side effect, then handed to a verb.
//!
//! A verb's own flags stand in its own file; here is what all share. Bad values are told with the flag, the value and
//! what is allowed; unknown names with the nearest one.

pub(crate) mod egress;
mod job_flags;
mod limit_flags;
mod mistake;
pub(crate) mod moment;
mod network_flags;
pub(crate) mod quantity;
pub(crate) mod word;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser};

pub(crate) use job_flags::{FateFlags, JobFlags};

use crate::client::Address;
use crate::failure::Failure;
use crate::output::Format;
use crate::verbs::Verb;

/// Runs WebAssembly jobs that you do not trust, here or on a Sublet server.
#[derive(Debug, Parser)]
#[command(
    name = "sublet",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "`sublet help TOPIC` explains rules, loads, exit-codes, selectors, limits, networking, output, environment, and every error code."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Flags of every verb.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Shape of answers: tables for people, the API's JSON for programs, names only, or csv where there is much to count
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        env = "SUBLET_OUTPUT",
        hide_env = true
    )]
    #[arg(default_value = "table", hide_default_value = true)]
    output: Format,
    /// The same as -o json
    #[arg(long, global = true)]
    json: bool,
    /// Ids only, the same as -o name
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to colour messages
    #[arg(long, global = true, value_name = "WHEN")]
    #[arg(default_value = "auto", hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// The server, as `unix:/path/of/api.sock` [default: the socket in the runtime directory]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SUBLET_URL",
        hide_env = true
    )]
    #[arg(value_parser = Address::parse)]
    pub(crate) url: Option<Address>,
    /// A server that `sublet login` was told of, instead of the last one
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SUBLET_PROFILE",
        hide_env = true
    )]
    #[arg(conflicts_with = "url", value_parser = word::plain_name)]
    pub(crate) profile: Option<String>,
    /// A credential file, without a login
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SUBLET_CREDENTIAL",
        hide_env = true
    )]
    #[arg(conflicts_with_all = ["url", "profile"])]
    pub(crate) credential: Option<PathBuf>,
}

/// What a command line turned out to be.
pub(crate) enum Parsed {
    /// Something to do.
    Verb(Box<Arguments>),
    /// Help or version was asked for; this is it.
    Help(String),
    /// Nothing was asked for; this is what could be.
    NoVerb(String),
    /// It could not be understood.
    Mistake {
        /// Why.
        failure: Failure,
        /// Whether its author seems to want JSON.
        json: bool,
    },
}

impl Arguments {
    /// The command line of this process.
    pub(crate) fn read() -> Parsed {
        let words: Vec<OsString> = env::args_os().collect();
        match Self::try_parse_from(&words) {
            Ok(arguments) => Parsed::Verb(Box::new(arguments)),
            Err(error) => mistake::explain(&error, &words),
        }
    }
}

impl Global {
    /// The shape that was asked for; the shorter flags win over `-o`, which may come from the environment.
    pub(crate) const fn format(&self) -> Format {
        match (self.quiet, self.json) {
            (true, _) => Format::Name,
            (false, true) => Format::Json,
            (false, false) => self.output,
        }
    }
}

#[cfg(test)]
mod tests;
