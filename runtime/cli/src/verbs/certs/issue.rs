//! `sublet certs issue`: a further certificate, beside those that are there.

use std::path::PathBuf;

use clap::Args;
use sublet_api::NewCertificate;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::{Session, credential_file};

/// Issue a further certificate for a user and write its credential file
#[derive(Args, Debug)]
pub(crate) struct Issue {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    user: String,
    /// How many days it is good for [default: 365]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// Where the credential goes, as a file that only you can read, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn issue(issue: Issue, session: &Session) -> Result<Exit, Failure> {
    let wanted = NewCertificate {
        user: issue.user,
        days: issue.days,
    };
    credential_file::may_be_written(issue.out.as_deref())?;
    let issued = session.client()?.issue_certificate(&wanted).await?;
    credential_file::write(&issued, issue.out.as_deref(), &session.output)?;
    Ok(Exit::DONE)
}
