//! `sublet modules delete`.

use clap::Args;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Delete modules that no unfinished job needs
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// A digest, a unique prefix of one, or NAME@TAG
    #[arg(value_name = "MODULE", required = true)]
    modules: Vec<String>,
}

pub(crate) async fn delete(delete: Delete, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    for module in &delete.modules {
        client.delete_module(module).await?;
        session.output.talk(format_args!("deleted {module}"));
    }
    Ok(Exit::DONE)
}
