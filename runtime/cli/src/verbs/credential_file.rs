//! A credential on its way to its user: a key that is shown once goes where it was asked to, or is not asked for at all.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use sublet_api::{Code, IssuedCredential};

use crate::failure::Failure;
use crate::output::Output;
use crate::profile;

/// Refuses before anything is issued: a key on a terminal stays in its scroll-back, and a file is never overwritten.
pub(super) fn may_be_written(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        None if io::stdout().is_terminal() => {
            Err(Failure::usage("a private key is not shown on a terminal")
                .help("add `--out FILE`, or send stdout to a file: `… > NAME.credential`"))
        }
        Some(path) if path.exists() => Err(Failure::new(
            Code::FileUnwritable,
            format!("{} is there already", path.display()),
        )
        .help("choose another name, or remove it")),
        None | Some(_) => Ok(()),
    }
}

/// Writes the credential, and says what it is.
pub(super) fn write(
    issued: &IssuedCredential,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    let certificate = &issued.certificate;
    output.talk(format_args!(
        "certificate {} of `{}` is good until {}",
        certificate.serial, certificate.user, certificate.not_after
    ));
    match out {
        None if output.for_people() => output.text(&issued.credential),
        None => output.json(issued),
        Some(path) => profile::replace(path, &issued.credential).map_err(|error| {
            Failure::new(
                Code::FileUnwritable,
                format!("{} cannot be written", path.display()),
            )
            .caused_by(&error)
            .help("nobody has this key now: issue another with `sublet certs issue`")
        }),
    }
}
