//! `sublet modules show`.

use clap::Args;
use jiff::Timestamp;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Show one module: what it imports, exports and needs
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A digest, a unique prefix of one, or NAME@TAG
    #[arg(value_name = "MODULE")]
    module: String,
}

pub(crate) async fn show(show: Show, session: &Session) -> Result<Exit, Failure> {
    let module = session.client()?.module(&show.module).await?;
    session.output.one(&module, |module| {
        show::module::page(module, Timestamp::now())
    })?;
    Ok(Exit::DONE)
}
