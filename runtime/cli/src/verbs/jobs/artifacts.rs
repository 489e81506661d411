//! `sublet jobs artifacts`: what a task left in `/out`, as a list, as one file, or all of it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use sublet_api::{Artifact, Code};
use tempfile::NamedTempFile;

use super::one_task;
use crate::client::{Client, Received};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::selector::{JobSelector, TaskSelector};
use crate::show;
use crate::show::unit;
use crate::verbs::Session;

/// List what a task left in /out, or fetch it
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet jobs artifacts 412\n  \
    sublet jobs artifacts 412/17 plots/a.png --out a.png\n  \
    sublet jobs artifacts 412/17 --out results\n\n\
    A job has /out when it is given disk with --scratch. Kept is what an attempt that succeeded left there.")]
pub(crate) struct Artifacts {
    /// The job, or JOB/TASK of an array (see `sublet help selectors`)
    #[arg(value_name = "JOB[/TASK]", allow_negative_numbers = true)]
    job: TaskSelector,
    /// The one to fetch, to stdout unless --out says where
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Where the file goes; without NAME, the directory where all of them go
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
}

pub(crate) async fn artifacts(artifacts: Artifacts, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let (job, index) = one_task(&client, &artifacts.job).await?;
    match (&artifacts.name, &artifacts.out) {
        (Some(name), Some(file)) => {
            let received = client.artifact(&job, index, name).await?;
            let bytes = save(received, file).await?;
            session
                .output
                .talk(format_args!("{} in {}", unit::bytes(bytes), file.display()));
        }
        (Some(name), None) => {
            let received = client.artifact(&job, index, name).await?;
            pass_on(received, session).await?;
        }
        (None, Some(directory)) => {
            save_all(&client, (&job, index), directory, session).await?;
        }
        (None, None) => {
            let page = client.artifacts(&job, index).await?;
            session.output.list(&page, show::artifact::table)?;
            if page.items.is_empty() {
                session
                    .output
                    .talk("no artifacts; they are what an attempt that succeeded left in /out");
            }
        }
    }
    Ok(Exit::DONE)
}

/// What is received goes to stdout as it comes.
pub(super) async fn pass_on(mut received: Received, session: &Session) -> Result<(), Failure> {
    while let Some(piece) = received.next().await? {
        session.output.bytes(&piece)?;
    }
    Ok(())
}

async fn save_all(
    client: &Client,
    (job, index): (&JobSelector, u32),
    directory: &Path,
    session: &Session,
) -> Result<(), Failure> {
    let all = client.artifacts(job, index).await?.items;
    let mut bytes = 0;
    for artifact in &all {
        let place = directory.join(below(artifact)?);
        let folder = place.parent().unwrap_or(directory);
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let received = client.artifact(job, index, &artifact.name).await?;
        bytes += save(received, &place).await?;
    }
    session.output.talk(format_args!(
        "{}, {}, in {}",
        unit::count(all.len() as u64, "file"),
        unit::bytes(bytes),
        directory.display()
    ));
    Ok(())
}

/// The name as a path that stays below where it is put, whatever a server says.
fn below(artifact: &Artifact) -> Result<&Path, Failure> {
    let path = Path::new(&artifact.name);
    let is_below = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if is_below {
        return Ok(path);
    }
    Err(Failure::new(
        Code::ServerFault,
        format!(
            "the server tells of an artifact `{}`, which is no name of one",
            artifact.name.escape_debug()
        ),
    ))
}

/// The file has its name once it is whole.
async fn save(mut received: Received, path: &Path) -> Result<u64, Failure> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let unwritable = |error: io::Error| unwritable(path, &error);
    let mut file = NamedTempFile::new_in(folder).map_err(unwritable)?;
    let mut bytes = 0;
    while let Some(piece) = received.next().await? {
        file.write_all(&piece).map_err(unwritable)?;
        bytes += piece.len() as u64;
    }
    file.persist(path)
        .map_err(|error| unwritable(error.error))?;
    Ok(bytes)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::FileUnwritable,
        format!("{} cannot be written", path.display()),
    )
    .caused_by(error)
}
