//! `sublet login`: a credential file becomes a profile, once the server has let it in.

use std::path::PathBuf;

use clap::Args;
use sublet_api::Whoami;

use crate::arguments::word;
use crate::client::{Address, Client};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::profile::{self, Profiles};
use crate::show;
use crate::verbs::Session;

/// The profile of whoever has only one.
const PROFILE: &str = "default";

/// Keep a credential file as a profile and use its server from now on
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet login ada.credential\n  \
    sublet login ops.credential --as work\n  \
    sublet --profile work ps\n  \
    sublet logout work\n\n\
    `--url unix:…` or SUBLET_URL still reaches the server of this host.")]
pub(crate) struct Login {
    /// The file that an operator made with `sublet users add`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the profile is called
    #[arg(long = "as", value_name = "NAME", default_value = PROFILE, value_parser = word::plain_name)]
    name: String,
}

pub(super) async fn login(login: Login, session: &Session) -> Result<Exit, Failure> {
    let credential = profile::read(&login.file)?;
    let whoami: Whoami = Client::new(&Address::of(&credential)?)?.whoami().await?;
    Profiles::of_this_account().keep(&login.name, &credential)?;
    session.output.talk(format_args!(
        "profile `{}` is in use from now on; {} may be removed",
        login.name,
        login.file.display()
    ));
    session.output.one(&whoami, show::user::whoami)?;
    Ok(Exit::DONE)
}

/// Forget a profile
#[derive(Args, Debug)]
pub(crate) struct Logout {
    /// Which one
    #[arg(value_name = "NAME", default_value = PROFILE, value_parser = word::plain_name)]
    name: String,
}

pub(super) fn logout(logout: &Logout, session: &Session) -> Result<Exit, Failure> {
    let was_there = Profiles::of_this_account().forget(&logout.name)?;
    session.output.talk(if was_there {
        format!("profile `{}` is forgotten", logout.name)
    } else {
        format!("there was no profile `{}`", logout.name)
    });
    Ok(Exit::DONE)
}
