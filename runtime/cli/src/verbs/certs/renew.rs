//! `sublet certs renew`: the profile in use gets a new certificate. The old one stays good until its own end, so nothing
//! that still uses it breaks.

use clap::Args;
use sublet_api::RenewCertificate;
use sublet_identity::Credential;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Get a new certificate for the profile in use; the old one stays good until its own end
#[derive(Args, Debug)]
pub(crate) struct Renew {
    /// How many days it is good for [default: 365]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
}

pub(super) async fn renew(renew: Renew, session: &Session) -> Result<Exit, Failure> {
    let Some(profile) = session.profile()? else {
        return Err(
            Failure::usage("no profile is in use, so there is nothing to renew")
                .help("`sublet login FILE` makes one of a credential file"),
        );
    };
    let wanted = RenewCertificate { days: renew.days };
    let issued = session.client()?.renew_certificate(&wanted).await?;
    let credential = Credential::from_text(&issued.credential).map_err(|error| {
        Failure::new(
            sublet_api::Code::CredentialInvalid,
            "the server answered something that is no credential",
        )
        .caused_by(&error)
    })?;
    session.profiles().keep(&profile, &credential)?;
    session
        .output
        .one(&issued.certificate, show::user::certificate)?;
    Ok(Exit::DONE)
}
