//! `sublet certs list`.

use clap::Args;
use jiff::Timestamp;
use sublet_api::CertificateQuery;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// List certificates, the newest first: your own, or everybody's for operators
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those of this user
    #[arg(long, value_name = "NAME", value_parser = word::plain_name)]
    user: Option<String>,
    /// Those that are not honoured any more, too
    #[arg(long)]
    all: bool,
}

pub(super) async fn list(list: List, session: &Session) -> Result<Exit, Failure> {
    let query = CertificateQuery {
        user: list.user,
        active: !list.all,
        ..CertificateQuery::default()
    };
    let page = session.client()?.certificates(&query).await?;
    session.output.list(&page, |certificates| {
        show::user::certificates(certificates, Timestamp::now())
    })?;
    Ok(Exit::DONE)
}
