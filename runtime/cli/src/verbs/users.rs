//! `sublet users …`: who may ask, and what operators decide about them.

mod add;
mod list;
mod policy;
mod quota;
mod remove;
mod resume;
mod show;
mod suspend;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Add, list, show, suspend and remove users; set their quotas and what their jobs may dial outside
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    Add(add::Add),
    List(list::List),
    Show(show::Show),
    Quota(quota::Quota),
    Policy(policy::Policy),
    Suspend(suspend::Suspend),
    Resume(resume::Resume),
    Remove(remove::Remove),
}

pub(super) async fn users(verb: Users, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Users::Add(add) => add::add(add, session).await,
        Users::List(list) => list::list(list, session).await,
        Users::Show(show) => show::show(show, session).await,
        Users::Quota(quota) => quota::quota(quota, session).await,
        Users::Policy(policy) => policy::policy(policy, session).await,
        Users::Suspend(suspend) => suspend::suspend(suspend, session).await,
        Users::Resume(resume) => resume::resume(resume, session).await,
        Users::Remove(remove) => remove::remove(remove, session).await,
    }
}
