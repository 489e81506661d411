//! `sublet admin config check`: whether a server would start with a file, on this host.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Named;
use crate::verbs::{Session, serve};

/// Check a configuration file: its keys, its rules, and whether this host can be carved as it says
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The file [default: config.toml in the user's configuration directory]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A configuration that a server would start with.
#[derive(Debug, Serialize)]
struct Checked {
    /// Absent where there is no file, and the defaults hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// What is allowed and worth knowing.
    remarks: Vec<String>,
}

impl Named for Checked {
    fn name(&self) -> String {
        self.file.clone().unwrap_or_default()
    }
}

pub(super) fn check(check: &Check, session: &Session) -> Result<Exit, Failure> {
    let (_, remarks) = sublet_daemon::check_configuration(check.file.as_deref())
        .map_err(|error| serve::failure(&error))?;
    let usual = Some(sublet_daemon::paths::configuration_file()).filter(|path| path.exists());
    let file = check.file.clone().or(usual);
    let checked = Checked {
        file: file.map(|path| path.display().to_string()),
        remarks,
    };
    session.output.one(&checked, text)?;
    Ok(Exit::DONE)
}

fn text(checked: &Checked) -> String {
    let first = match &checked.file {
        Some(file) => format!("{file} is fine"),
        None => "there is no configuration file, and the defaults are fine".to_owned(),
    };
    let remarks = checked
        .remarks
        .iter()
        .map(|remark| format!("note: {remark}"));
    let lines: Vec<String> = std::iter::once(first).chain(remarks).collect();
    lines.join("\n")
}
