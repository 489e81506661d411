//! `sublet users remove`: the name is typed a second time, because it is never given to anybody again.

use clap::Args;

use crate::arguments::word;
use crate::confirm;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Revoke all certificates of a user, cancel their jobs, and let nobody have the name again
#[derive(Args, Debug)]
#[command(after_help = "What they ran stays on record. `sublet users suspend` can be taken back.")]
pub(crate) struct Remove {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
    /// The name once more, instead of typing it when asked
    #[arg(long, value_name = "NAME")]
    yes: Option<String>,
}

pub(super) async fn remove(remove: Remove, session: &Session) -> Result<Exit, Failure> {
    let Remove { name, yes } = remove;
    confirm::name("user", &name, yes.as_deref(), &session.output)?;
    session.client()?.remove_user(&name).await?;
    session.output.talk(format_args!("removed user {name}"));
    Ok(Exit::DONE)
}
