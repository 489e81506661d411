//! `sublet audit verify`: whether anybody else than the server wrote in the account.

use clap::Args;
use sublet_api::Code;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Check that no entry is missing, changed or added; write the digest down elsewhere to see an account made anew
#[derive(Args, Debug)]
pub(crate) struct Verify {}

pub(crate) async fn verify(_: Verify, session: &Session) -> Result<Exit, Failure> {
    let verdict = session.client()?.verify_audit().await?;
    session.output.one(&verdict, show::audit::verdict)?;
    match verdict.fault {
        None => Ok(Exit::DONE),
        Some(fault) => Err(Failure::new(
            Code::AuditBroken,
            format!("the audit log is not as it was written: {fault}"),
        )
        .help("compare it with a backup: `sublet admin backup verify`")),
    }
}
