//! `sublet version`: of this command, and of the server where one answers.

use clap::Args;
use serde::Serialize;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Named;

/// Show the version of this command, and of the server if there is one
#[derive(Args, Debug)]
pub(crate) struct Version {}

/// Both ends.
#[derive(Debug, Serialize)]
struct Versions {
    version: &'static str,
    /// Absent when no server answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<sublet_api::Version>,
}

impl Named for Versions {
    fn name(&self) -> String {
        self.version.to_owned()
    }
}

pub(super) async fn version(_: Version, session: &Session) -> Result<Exit, Failure> {
    // That no server answers is worth knowing, but it is no failure of this command.
    let server = session.client()?.version().await.ok();
    let versions = Versions {
        version: env!("CARGO_PKG_VERSION"),
        server,
    };
    session.output.one(&versions, text)?;
    Ok(Exit::DONE)
}

fn text(versions: &Versions) -> String {
    let server = match &versions.server {
        Some(server) => format!("server {}, engine {}", server.version, server.engine),
        None => "server none".to_owned(),
    };
    format!("sublet {}\n{server}", versions.version)
}
