//! `sublet admin backup create`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sublet_api::Code;
use tempfile::NamedTempFile;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::unit;
use crate::verbs::Session;

/// Write everything that the server keeps, keys among it, into one private file
#[derive(Args, Debug)]
#[command(
    after_help = "The server goes on meanwhile; what is recorded after this began is not in it.\n\
    Whoever has the file has the keys of the house: keep it as you would keep those."
)]
pub(crate) struct Create {
    /// The file, which may not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn create(create: Create, session: &Session) -> Result<Exit, Failure> {
    let path = create.file;
    let unwritable = |error: std::io::Error| {
        Failure::new(
            Code::FileUnwritable,
            format!("{} cannot be written", path.display()),
        )
        .caused_by(&error)
    };
    if path.exists() {
        return Err(unwritable(std::io::ErrorKind::AlreadyExists.into()));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Private from its first byte on, and under the name that was asked for once it is whole.
    let mut file = NamedTempFile::new_in(folder).map_err(unwritable)?;
    let mut received = session.client()?.backup().await?;
    let mut bytes = 0;
    while let Some(piece) = received.next().await? {
        file.write_all(&piece).map_err(unwritable)?;
        bytes += piece.len() as u64;
    }
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist_noclobber(&path)
        .map_err(|error| unwritable(error.error))?;
    session.output.talk(format_args!(
        "{} in {}; look at it with `sublet admin backup verify {}`",
        unit::bytes(bytes),
        path.display(),
        path.display()
    ));
    Ok(Exit::DONE)
}
