//! `sublet users resume`.

use clap::Args;
use jiff::Timestamp;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Take a suspension back
#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
}

pub(super) async fn resume(resume: Resume, session: &Session) -> Result<Exit, Failure> {
    let user = session.client()?.resume_user(&resume.name).await?;
    session
        .output
        .one(&user, |user| show::user::page(user, Timestamp::now()))?;
    Ok(Exit::DONE)
}
