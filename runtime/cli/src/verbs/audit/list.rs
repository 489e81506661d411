//! `sublet audit list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::AuditQuery;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List changes, newest first; -o json has the state before and after
#[derive(Args, Debug)]
pub(crate) struct List {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    let query = AuditQuery {
        limit: Some(list.limit),
        cursor: None,
    };
    let page = session.client()?.audit(&query).await?;
    session.output.list(&page, |entries| {
        show::audit::table(entries, Timestamp::now())
    })?;
    if page.next_cursor.is_some() {
        session.output.talk("there are more: --limit shows them");
    }
    Ok(Exit::DONE)
}
