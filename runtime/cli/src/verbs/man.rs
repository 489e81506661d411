//! `sublet man`: a manual page for each command.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use sublet_api::Code;

use super::Session;
use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// Write a manual page for each command into a folder
#[derive(Args, Debug)]
#[command(after_help = "For all accounts: sublet man /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// The folder; made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn man(man: &Man, session: &Session) -> Result<Exit, Failure> {
    let write = || {
        fs::create_dir_all(&man.folder)?;
        clap_mangen::generate_to(Arguments::command(), &man.folder)
    };
    write().map_err(|error| {
        let shown = man.folder.display();
        Failure::new(
            Code::FileUnwritable,
            format!("the pages cannot be written to {shown}"),
        )
        .caused_by(&error)
    })?;
    session.output.talk(format_args!(
        "the pages are in {}; `man -l {}/sublet.1` shows the first",
        man.folder.display(),
        man.folder.display()
    ));
    Ok(Exit::DONE)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Command;

    use super::*;

    fn assert_pages(command: &Command, name: &str, folder: &Path, count: &mut usize) {
        let page = fs::read_to_string(folder.join(format!("{name}.1")));
        let page = page.unwrap_or_else(|error| panic!("{name}: {error}"));
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            page.contains(".SH NAME") && !about.is_empty(),
            "{name}: {page}"
        );
        *count += 1;
        for below in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            assert_pages(
                below,
                &format!("{name}-{}", below.get_name()),
                folder,
                count,
            );
        }
    }

    #[test]
    fn every_command_has_a_page_and_nothing_else_has() {
        let folder = tempfile::tempdir().unwrap();
        let command = Arguments::command();
        clap_mangen::generate_to(command.clone(), folder.path()).unwrap();
        let mut count = 0;
        assert_pages(&command, "sublet", folder.path(), &mut count);
        let written = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(written, count);
        assert!(count > 40, "{count}");
    }
}
