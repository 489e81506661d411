//! `sublet api`: the API itself, for scripts and the curious.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sublet_api::Code;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::verbs::Session;

/// Ask the API as it is, with your own certificate, or print its description
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  \
        sublet api GET '/v1/jobs?limit=3'\n  \
        echo '{\"reason\": \"upgrade\"}' | sublet api POST /v1/nodes/n0/drain --body -\n\n\
        The answer goes to stdout as it came. Exit code 0: it was a success."
)]
pub(crate) struct Api {
    #[command(subcommand)]
    about: Option<About>,
    /// GET, POST, PUT or DELETE
    #[arg(value_name = "METHOD", required = true, value_parser = method)]
    method: Option<reqwest::Method>,
    /// Path and query, such as /v1/jobs?limit=3
    #[arg(value_name = "PATH", required = true)]
    path: Option<String>,
    /// A file that is sent as the body; - reads stdin
    #[arg(long, value_name = "FILE|-")]
    body: Option<PathBuf>,
    /// A header that is sent as well; may stand several times
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum About {
    /// Print the description of the API for programs, a document of `OpenAPI` 3.1
    Openapi,
}

pub(super) async fn api(api: Api, session: &Session) -> Result<Exit, Failure> {
    let (Some(method), Some(path)) = (api.method, api.path) else {
        session.output.bytes(sublet_daemon::openapi().as_bytes())?;
        return Ok(Exit::DONE);
    };
    let body = api.body.map(|path| read(&path)).transpose()?;
    let client = session.client()?;
    let mut answer = client.ask(method, &path, &api.header, body).await?;
    while let Some(piece) = client.more(&mut answer).await? {
        session.output.bytes(&piece)?;
    }
    Ok(Exit::DONE)
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let read = || match path.to_str() {
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            Ok(bytes)
        }
        _ => std::fs::read(path),
    };
    read().map_err(|error: std::io::Error| {
        let shown = path.display();
        Failure::new(Code::FileUnreadable, format!("{shown} cannot be read")).caused_by(&error)
    })
}

fn method(text: &str) -> Result<reqwest::Method, String> {
    let upper = text.to_ascii_uppercase();
    ["GET", "POST", "PUT", "DELETE"]
        .contains(&upper.as_str())
        .then(|| upper.parse().ok())
        .flatten()
        .ok_or_else(|| "a method is GET, POST, PUT or DELETE".to_owned())
}

fn header(text: &str) -> Result<(String, String), String> {
    text.split_once(':')
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .ok_or_else(|| "a header is a name, a colon and a value".to_owned())
}
