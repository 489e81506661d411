//! `sublet modules list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::ModuleQuery;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List modules, newest first
#[derive(Args, Debug)]
pub(crate) struct List {
    /// For operators: only modules of this user, or '*' for everybody's [default: your own]
    #[arg(long, value_name = "NAME", value_parser = word::user)]
    user: Option<String>,
    /// Only modules of this name
    #[arg(long, value_name = "NAME", value_parser = word::module_name)]
    name: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

pub(crate) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    let query = ModuleQuery {
        user: list.user,
        name: list.name,
        limit: Some(list.limit),
        cursor: None,
    };
    let page = session.client()?.modules(&query).await?;
    session.output.list(&page, |modules| {
        show::module::table(modules, Timestamp::now())
    })?;
    if page.items.is_empty() {
        session
            .output
            .talk("no modules; `sublet modules push FILE` uploads one");
    } else if page.next_cursor.is_some() {
        session.output.talk("there are more: --limit shows them");
    }
    Ok(Exit::DONE)
}
