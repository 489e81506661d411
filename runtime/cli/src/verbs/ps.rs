//! `sublet ps`: what is waiting or running.

use clap::Args;

use super::Session;
use super::jobs::list::{self, Filter};
use crate::exit::Exit;
use crate::failure::Failure;

/// List the jobs that are not over
#[derive(Args, Debug)]
pub(crate) struct Ps {
    #[command(flatten)]
    filter: Filter,
}

pub(super) async fn ps(ps: Ps, session: &Session) -> Result<Exit, Failure> {
    list::active(ps.filter, session).await
}
