//! `sublet certs …`: certificates, and the authorities behind them.

mod issue;
mod list;
mod renew;
mod retire;
mod revoke;
mod rotate;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// List, issue, renew and revoke certificates; replace the authority that issues them
#[derive(Debug, Subcommand)]
pub(crate) enum Certs {
    List(list::List),
    Issue(issue::Issue),
    Renew(renew::Renew),
    Revoke(revoke::Revoke),
    Rotate(rotate::Rotate),
    Retire(retire::Retire),
}

pub(super) async fn certs(verb: Certs, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Certs::List(list) => list::list(list, session).await,
        Certs::Issue(issue) => issue::issue(issue, session).await,
        Certs::Renew(renew) => renew::renew(renew, session).await,
        Certs::Revoke(revoke) => revoke::revoke(revoke, session).await,
        Certs::Rotate(rotate) => rotate::rotate(rotate, session).await,
        Certs::Retire(retire) => retire::retire(retire, session).await,
    }
}
