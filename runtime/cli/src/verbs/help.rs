//! `sublet help`: of a command, of a topic, of an error code. All of it is in the binary.

use clap::{Args, CommandFactory as _};

use super::Session;
use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::help;

/// Explain a command, a topic or an error code
#[derive(Args, Debug)]
#[command(
    after_help = "Topics: rules, loads, exit-codes, selectors, limits, networking, output, environment, errors."
)]
pub(crate) struct Help {
    /// A command such as `jobs list`, a topic such as `exit-codes`, or a code such as S0412
    #[arg(value_name = "TOPIC")]
    words: Vec<String>,
}

pub(super) fn help(help: &Help, session: &Session) -> Result<Exit, Failure> {
    session.output.text(&page(&help.words)?)?;
    Ok(Exit::DONE)
}

fn page(words: &[String]) -> Result<String, Failure> {
    if let [word] = words
        && let Some(page) = help::page(word)
    {
        return Ok(page);
    }
    match of_command(words) {
        Some(page) => Ok(page),
        None => Err(unknown(words)),
    }
}

/// The help of a command, or of the whole binary when none is named.
fn of_command(words: &[String]) -> Option<String> {
    let mut root = Arguments::command();
    root.build();
    let mut command = &mut root;
    for word in words {
        command = command.find_subcommand_mut(word)?;
    }
    Some(command.render_long_help().to_string())
}

fn unknown(words: &[String]) -> Failure {
    let asked = words.join(" ");
    let failure = Failure::usage(format!("there is no help on `{asked}`"));
    let commands = Arguments::command();
    let names = commands
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(clap::Command::get_name);
    match help::nearest(
        &asked,
        help::TOPICS.iter().map(|(name, _)| *name).chain(names),
    ) {
        Some(near) => failure.help(format!("sublet help {near}")),
        None => failure.help("sublet help"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<String, Failure> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        page(&words)
    }

    #[test]
    fn commands_topics_and_codes_have_a_page() {
        for (words, expected) in [
            ("", "Usage: sublet"),
            ("submit", "Usage: sublet submit"),
            ("jobs list", "Usage: sublet jobs list"),
            ("exit-codes", "124"),
            ("networking", "--allow-net"),
            ("networks flows", "Usage: sublet networks flows"),
            ("users policy", "--deny-all"),
            ("S0412", "S0412"),
            ("s0412", "S0412"),
        ] {
            let page = asked(words).unwrap();
            assert!(page.contains(expected), "{words}: {page}");
        }
    }

    #[test]
    fn an_unknown_topic_is_told_with_the_nearest() {
        for (words, near) in [
            ("exitcodes", "exit-codes"),
            ("selector", "selectors"),
            ("sumbit", "submit"),
            ("S9999", "sublet help"),
        ] {
            let failure = asked(words).unwrap_err();
            assert!(
                format!("{failure:?}").contains(near),
                "{words}: {failure:?}"
            );
        }
    }
}
