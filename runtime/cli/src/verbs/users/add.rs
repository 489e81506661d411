//! `sublet users add`: a new user, and the one time that their key is shown.

use std::path::PathBuf;

use clap::Args;
use sublet_api::{NewUser, Role};

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::{Session, credential_file};

/// Add a user and write their credential file
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet users add ada > ada.credential\n  \
    sublet users add grace --role operator --days 30 --out grace.credential\n\n\
    Whoever has the file is the user: hand it over where nobody else reads along.\n\
    They keep it with `sublet login ada.credential`.")]
pub(crate) struct Add {
    /// Lower-case letters, digits, `.`, `_` and `-`
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
    /// What they may do
    #[arg(long, value_enum, default_value = "user")]
    role: RoleWord,
    /// How many days the certificate is good for [default: 365]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// Where the credential goes, as a file that only you can read, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RoleWord {
    /// Their own modules, jobs and certificates
    User,
    /// Everything
    Operator,
}

pub(super) async fn add(add: Add, session: &Session) -> Result<Exit, Failure> {
    let user = NewUser {
        name: add.name,
        role: Some(match add.role {
            RoleWord::User => Role::User,
            RoleWord::Operator => Role::Operator,
        }),
        days: add.days,
    };
    credential_file::may_be_written(add.out.as_deref())?;
    let issued = session.client()?.add_user(&user).await?;
    credential_file::write(&issued, add.out.as_deref(), &session.output)?;
    Ok(Exit::DONE)
}
