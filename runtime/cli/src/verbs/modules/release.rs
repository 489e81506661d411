//! `sublet modules release`.

use clap::Args;
use sublet_api::ReleaseQuery;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// For operators: let a module in quarantine begin anew
#[derive(Args, Debug)]
pub(crate) struct Release {
    /// A digest, a unique prefix of one, or NAME@TAG
    #[arg(value_name = "MODULE")]
    module: String,
    /// Whose module it is [default: your own]
    #[arg(long, value_name = "NAME", value_parser = word::user)]
    user: Option<String>,
}

pub(crate) async fn release(release: Release, session: &Session) -> Result<Exit, Failure> {
    let query = ReleaseQuery { user: release.user };
    let client = session.client()?;
    let module = client.release_module(&release.module, &query).await?;
    session.output.one(&module, show::module::line)?;
    Ok(Exit::DONE)
}
