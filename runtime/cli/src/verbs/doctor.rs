//! `sublet doctor`: which protections are active on this host, and what to do about those that are not.
//!
//! It looks at the host as the account that runs it, so a server that runs as another account, or under a service manager,
//! may have more or less: what that one sees of itself is asked of it, if it answers.

mod finding;
mod host;
mod places;
mod server;
mod walls;

use std::path::PathBuf;

use clap::Args;
use sublet_api::{Code, Page};

pub(crate) use finding::{Finding, Holds};

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

/// Tell which protections are active on this host, why, and what to do about those that are not
#[derive(Args, Debug)]
#[command(
    after_help = "Works without a server; where one answers, its own checks are told as well.\n\
    Exit code 1: something that Sublet promises does not hold, marked NO."
)]
pub(crate) struct Doctor {
    /// The configuration file of the server [default: config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory of the server [default: as the server says, else the configuration, else the user's]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub(super) async fn doctor(doctor: Doctor, session: &Session) -> Result<Exit, Failure> {
    let server = server::look(session).await;
    let (config, of_config) = host::configuration(doctor.config.as_deref());
    let data = doctor
        .data_dir
        .or_else(|| server.data_dir.clone())
        .or_else(|| config.data_dir.clone())
        .unwrap_or_else(sublet_daemon::paths::data_directory);
    let mut items = host::findings();
    items.extend(walls::findings(config.service.require_hardening));
    items.push(of_config);
    items.extend(places::findings(&data, config.pool.reserve.disk));
    items.extend(server.listening(&config));
    items.extend(server.findings);
    let broken: Vec<&str> = items
        .iter()
        .filter(|one| one.is_broken())
        .map(|one| one.name.as_str())
        .collect();
    let broken = broken.join(", ");
    let page = Page {
        items,
        next_cursor: None,
    };
    session.output.list(&page, show::operation::findings)?;
    if broken.is_empty() {
        return Ok(Exit::DONE);
    }
    Err(Failure::new(
        Code::HostUnfit,
        format!("what is promised does not hold: {broken}"),
    )
    .help("each line above says what to do"))
}
