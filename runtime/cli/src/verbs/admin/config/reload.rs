//! `sublet admin config reload`: another configuration for a server that runs.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Have the server read its configuration again, all of it or nothing, and show what changed
#[derive(Args, Debug)]
#[command(
    after_help = "Takes over [defaults], [service] drain and retention, and [pool] reserve.disk.\n\
    A change of anything else is refused with its name: it needs a restart. SIGHUP does the same."
)]
pub(crate) struct Reload {}

pub(super) async fn reload(session: &Session) -> Result<Exit, Failure> {
    let changed = session.client()?.reload().await?;
    session.output.list(&changed, show::operation::settings)?;
    if changed.items.is_empty() {
        session.output.talk("nothing has changed");
    }
    Ok(Exit::DONE)
}
