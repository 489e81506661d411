//! `sublet nodes …`: the carved shares of the host.

mod drain;
mod explain;
mod label;
mod list;
mod resume;
mod show;

use clap::Subcommand;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;

/// List, show, explain, drain, resume and label nodes
#[derive(Debug, Subcommand)]
pub(crate) enum Nodes {
    List(list::List),
    Show(show::Show),
    Explain(explain::Explain),
    Drain(drain::Drain),
    Resume(resume::Resume),
    Label(label::Label),
}

pub(super) async fn nodes(verb: Nodes, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Nodes::List(list) => list::list(list, session).await,
        Nodes::Show(show) => show::show(show, session).await,
        Nodes::Explain(explain) => explain::explain(explain, session).await,
        Nodes::Drain(drain) => drain::drain(drain, session).await,
        Nodes::Resume(resume) => resume::resume(resume, session).await,
        Nodes::Label(label) => label::label(label, session).await,
    }
}
