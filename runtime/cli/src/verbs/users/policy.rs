//! `sublet users policy`: a policy is said as a whole, so that what holds is what was typed last.

use clap::Args;
use sublet_api::EgressPolicy;

use crate::arguments::{egress, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show what a user's jobs may dial outside, or set it anew
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet users policy ada\n  \
    sublet users policy ada --allow-net '*.example.org:443' --allow-net 8.8.8.0/24:853\n  \
    sublet users policy ada --allow-net protected:10.1.0.0/16:5432\n  \
    sublet users policy ada --deny-all\n\n\
    A job may dial what its own --allow-net and this policy both allow: `sublet help networking`.")]
pub(crate) struct Policy {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    user: String,
    /// What may be dialled, instead of all that might be before; protected:RANGE:PORT opens a protected range
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true, value_parser = egress::of_operator)]
    allow_net: Vec<String>,
    /// Nothing outside may be dialled
    #[arg(long, conflicts_with = "allow_net")]
    deny_all: bool,
}

impl Policy {
    /// The policy to be set, if one is.
    fn wanted(&self) -> Option<EgressPolicy> {
        let is_said = self.deny_all || !self.allow_net.is_empty();
        is_said.then(|| EgressPolicy {
            allow: self.allow_net.clone(),
        })
    }
}

pub(crate) async fn policy(policy: Policy, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let holds = match policy.wanted() {
        Some(wanted) => client.set_policy(&policy.user, &wanted).await?,
        None => client.policy(&policy.user).await?,
    };
    session
        .output
        .one(&holds, |holds| show::network::policy(&policy.user, holds))?;
    Ok(Exit::DONE)
}
