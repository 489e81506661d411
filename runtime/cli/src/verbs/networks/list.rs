//! `sublet networks list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::{NetworkList, Page};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::show;
use crate::verbs::Session;

/// List the networks that have a user; operators see all of them and how many are left
#[derive(Args, Debug)]
pub(crate) struct List {}

pub(crate) async fn list(_: List, session: &Session) -> Result<Exit, Failure> {
    let output = &session.output;
    let list = session.client()?.networks().await?;
    // The document of this list has more than a page has.
    if output.format() == Format::Json {
        output.json(&list)?;
        return Ok(Exit::DONE);
    }
    let supply = show::network::supply(&list);
    let NetworkList { items, .. } = list;
    let page = Page {
        items,
        next_cursor: None,
    };
    output.list(&page, |networks| {
        show::network::table(networks, Timestamp::now())
    })?;
    if let Some(supply) = supply {
        output.talk(supply);
    }
    Ok(Exit::DONE)
}
