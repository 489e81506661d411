//! The verbs, one file each.

mod admin;
mod api;
mod apply;
mod audit;
mod cancel;
mod certs;
mod check;
mod completion;
mod credential_file;
pub(crate) mod doctor;
mod explain;
mod help;
mod jobs;
mod login;
mod logs;
mod man;
mod modules;
mod networks;
mod new;
mod nodes;
mod plan;
mod pool;
mod ps;
mod retry;
mod run;
mod serve;
mod simulate;
mod subclusters;
mod submit;
mod usage;
mod users;
mod version;
mod wait;
mod whoami;
mod wit;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use sublet_api::Code;
use sublet_worker::child;
use sublet_worker::wall::Account;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::Global;
use crate::client::{Address, Client};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::profile::{self, Profiles};

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Run(run::Run),
    Submit(submit::Submit),
    Ps(ps::Ps),
    Logs(logs::Logs),
    Wait(wait::Wait),
    Cancel(cancel::Cancel),
    Retry(retry::Retry),
    Explain(explain::Explain),
    Usage(usage::Usage),
    Serve(serve::Serve),
    New(new::New),
    Check(check::Check),
    Wit(wit::Wit),
    #[command(subcommand, disable_help_subcommand = true)]
    Jobs(jobs::Jobs),
    #[command(subcommand, disable_help_subcommand = true)]
    Modules(modules::Modules),
    #[command(subcommand, disable_help_subcommand = true)]
    Pool(pool::Pool),
    #[command(subcommand, disable_help_subcommand = true)]
    Subclusters(subclusters::Subclusters),
    #[command(subcommand, disable_help_subcommand = true)]
    Nodes(nodes::Nodes),
    #[command(subcommand, disable_help_subcommand = true)]
    Networks(networks::Networks),
    #[command(subcommand, disable_help_subcommand = true)]
    Users(users::Users),
    #[command(subcommand, disable_help_subcommand = true)]
    Certs(certs::Certs),
    Login(login::Login),
    Logout(login::Logout),
    Whoami(whoami::WhoamiArgs),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Simulate(simulate::Simulate),
    #[command(subcommand, disable_help_subcommand = true)]
    Audit(audit::Audit),
    #[command(subcommand, disable_help_subcommand = true)]
    Admin(admin::Admin),
    Doctor(doctor::Doctor),
    Api(api::Api),
    Completion(completion::Completion),
    Man(man::Man),
    Version(version::Version),
    Help(help::Help),
    /// Compile one module from stdin to stdout
    #[command(hide = true)]
    Compile(Child),
    /// Run instances for the server
    #[command(hide = true)]
    Worker(Child),
}

/// A process that Sublet starts of itself.
#[derive(Args, Debug)]
pub(crate) struct Child {
    /// The account of the host to be
    account: Option<Account>,
}

/// What the exit code of a verb tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// How the command went.
    Command,
    /// How a job ended.
    Fate,
}

/// What every verb works with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) output: Output,
    profiles: Profiles,
    way: Way,
}

/// How the server is found: as the command line says, else as the environment does, else the profile in use, else the
/// socket of this host.
#[derive(Clone, Debug)]
enum Way {
    Usual,
    Address(Address),
    Profile(String),
    Credential(PathBuf),
}

impl Session {
    pub(crate) fn new(global: &Global) -> Self {
        let way = match (&global.url, &global.profile, &global.credential) {
            (Some(address), _, _) => Way::Address(address.clone()),
            (None, Some(name), _) => Way::Profile(name.clone()),
            (None, None, Some(path)) => Way::Credential(path.clone()),
            (None, None, None) => Way::Usual,
        };
        Self {
            output: Output::new(global.format(), global.color),
            profiles: Profiles::of_this_account(),
            way,
        }
    }

    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let address = match (&self.way, self.profile()?) {
            (Way::Address(address), _) => address.clone(),
            (Way::Credential(path), _) => Address::of(&profile::read(path)?)?,
            (_, Some(name)) => Address::of(&self.profiles.credential(&name)?)?,
            (_, None) => Address::automatic(),
        };
        Client::new(&address)
    }

    /// The profile in use, if one is.
    pub(crate) fn profile(&self) -> Result<Option<String>, Failure> {
        match &self.way {
            Way::Profile(name) => Ok(Some(name.clone())),
            Way::Usual => self.profiles.chosen(),
            Way::Address(_) | Way::Credential(_) => Ok(None),
        }
    }

    pub(crate) const fn profiles(&self) -> &Profiles {
        &self.profiles
    }
}

impl Verb {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Run(_) | Self::Wait(_) => Kind::Fate,
            Self::Submit(submit) if submit.watches() => Kind::Fate,
            _ => Kind::Command,
        }
    }

    /// Whether this process is the server, whose log is for its operator.
    pub(crate) const fn is_server(&self) -> bool {
        matches!(self, Self::Serve(_))
    }

    /// The whole of a process that Sublet starts of itself, if this is one.
    pub(crate) fn run_child(&self) -> Option<ExitCode> {
        match self {
            Self::Compile(Child { account }) => Some(child::compile(*account)),
            Self::Worker(Child { account }) => Some(child::worker(*account)),
            _ => None,
        }
    }

    /// Whether its answers have columns, for `-o csv`.
    const fn has_columns(&self) -> bool {
        matches!(
            self,
            Self::Usage(_) | Self::Ps(_) | Self::Jobs(jobs::Jobs::List(_))
        )
    }

    /// Does it. What cannot be told in the shape that was asked for is not done.
    pub(crate) fn run(self, session: &Session) -> Result<Exit, Failure> {
        if session.output.format() == Format::Csv && !self.has_columns() {
            return Err(Failure::usage("this command has no csv").help(
                "`sublet usage`, `sublet jobs list` and `sublet ps` have; -o json is for every command",
            ));
        }
        match self {
            Self::Run(run) => wide(run::run(run, session)),
            Self::Serve(serve) => serve::serve(serve),
            Self::New(new) => new::new(&new, session),
            Self::Check(check) => narrow(check::check(check, session)),
            Self::Wit(_) => wit::wit(session),
            Self::Submit(submit) => narrow(submit::submit(submit, session)),
            Self::Ps(ps) => narrow(ps::ps(ps, session)),
            Self::Logs(logs) => narrow(logs::logs(logs, session)),
            Self::Wait(wait) => narrow(wait::wait(wait, session)),
            Self::Cancel(cancel) => narrow(cancel::cancel(cancel, session)),
            Self::Retry(retry) => narrow(retry::retry(retry, session)),
            Self::Explain(explain) => narrow(explain::explain(explain, session)),
            Self::Usage(usage) => narrow(usage::usage(usage, session)),
            Self::Jobs(jobs) => narrow(jobs::jobs(jobs, session)),
            Self::Modules(modules) => narrow(modules::modules(modules, session)),
            Self::Pool(pool) => narrow(pool::pool(pool, session)),
            Self::Subclusters(verb) => narrow(subclusters::subclusters(verb, session)),
            Self::Nodes(verb) => narrow(nodes::nodes(verb, session)),
            Self::Networks(verb) => narrow(networks::networks(verb, session)),
            Self::Users(verb) => narrow(users::users(verb, session)),
            Self::Certs(verb) => narrow(certs::certs(verb, session)),
            Self::Login(login) => narrow(login::login(login, session)),
            Self::Logout(logout) => login::logout(&logout, session),
            Self::Whoami(verb) => narrow(whoami::whoami(verb, session)),
            Self::Plan(plan) => narrow(plan::plan(plan, session)),
            Self::Apply(apply) => narrow(apply::apply(apply, session)),
            Self::Simulate(simulate) => simulate::simulate(&simulate, session),
            Self::Audit(audit) => narrow(audit::audit(audit, session)),
            Self::Admin(verb) => narrow(admin::admin(verb, session)),
            Self::Doctor(doctor) => narrow(doctor::doctor(doctor, session)),
            Self::Api(api) => narrow(api::api(api, session)),
            Self::Man(man) => man::man(&man, session),
            Self::Version(version) => narrow(version::version(version, session)),
            Self::Completion(completion) => completion::completion(&completion, session),
            Self::Help(help) => help::help(&help, session),
            Self::Compile(_) | Self::Worker(_) => unreachable!("these processes begin in `main`"),
        }
    }
}

/// Runs a verb that mostly waits for a socket.
fn narrow(verb: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    on(Builder::new_current_thread(), verb)
}

/// Runs a verb that runs guests.
fn wide(verb: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    on(Builder::new_multi_thread(), verb)
}

fn on(
    mut builder: Builder,
    verb: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let runtime: Runtime = builder.enable_all().build().map_err(|error| {
        Failure::new(Code::LocalFault, "no threads can be started").caused_by(&error)
    })?;
    let result = runtime.block_on(verb);
    // A thread that still reads from a terminal or runs a guest must not keep a finished command from ending.
    runtime.shutdown_background();
    result
}
