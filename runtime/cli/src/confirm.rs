//! Making sure that somebody means it: a name is typed twice. Without a terminal nobody is asked, and nothing is done.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::failure::Failure;
use crate::output::Output;

/// Whether the thing of this name is meant: by `--yes`, else by whoever sits at the terminal.
///
/// # Errors
/// Another name was given, or nobody can be asked.
pub(crate) fn name(
    thing: &str,
    name: &str,
    yes: Option<&str>,
    output: &Output,
) -> Result<(), Failure> {
    let again = match yes {
        Some(again) => again.to_owned(),
        None if output.for_people() && io::stdin().is_terminal() => {
            output.talk(format_args!("type the name of the {thing} to go on:"));
            let mut line = String::new();
            // An input that cannot be read is no consent.
            io::stdin().lock().read_line(&mut line).unwrap_or_default();
            line.trim().to_owned()
        }
        None => {
            return Err(Failure::usage(format!(
                "{thing} {name} is not touched without a second word, and there is nobody to ask"
            ))
            .help(format!("add --yes={name}")));
        }
    };
    if again == name {
        return Ok(());
    }
    Err(
        Failure::usage(format!("`{again}` is not {name}, so nothing was done"))
            .help(format!("--yes={name}")),
    )
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;
    use crate::output::Format;

    #[test]
    fn only_the_name_itself_is_consent() {
        let output = Output::new(Format::Json, ColorChoice::Never);
        assert!(name("sub-cluster", "long", Some("long"), &output).is_ok());
        for other in [Some("Long"), Some("yes"), Some(""), None] {
            let failure = name("sub-cluster", "long", other, &output).unwrap_err();
            assert!(format!("{failure:?}").contains("--yes=long"), "{other:?}");
        }
    }
}
