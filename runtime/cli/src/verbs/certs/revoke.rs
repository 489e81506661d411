//! `sublet certs revoke`.

use clap::Args;
use sublet_api::RevokeRequest;

use crate::arguments::word;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Honour a certificate no more, on connections that are open as well
#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// Its serial number, as `sublet certs list` shows it
    #[arg(value_name = "SERIAL", value_parser = word::plain_name)]
    serial: String,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = word::reason)]
    reason: String,
}

pub(super) async fn revoke(revoke: Revoke, session: &Session) -> Result<Exit, Failure> {
    let why = RevokeRequest {
        reason: revoke.reason,
    };
    let revoked = session
        .client()?
        .revoke_certificate(&revoke.serial, &why)
        .await?;
    session.output.one(&revoked, show::user::certificate)?;
    Ok(Exit::DONE)
}
