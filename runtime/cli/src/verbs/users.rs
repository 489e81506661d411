//! `sublet users …`: what operators decide about a user.

mod policy;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// Show and set what a user's jobs may dial outside
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    Policy(policy::Policy),
}

pub(super) async fn users(verb: Users, session: &Session) -> Result<Exit, Failure> {
    let Users::Policy(policy) = verb;
    policy::policy(policy, session).await
}
