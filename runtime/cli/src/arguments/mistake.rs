//! A command line that could not be understood, in the one shape of every error.

use std::ffi::OsString;

use clap::error::ErrorKind;

use super::Parsed;
use crate::failure::Failure;

/// What the parser's answer means: a request for help, or a mistake with its next steps.
pub(super) fn explain(error: &clap::Error, words: &[OsString]) -> Parsed {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Parsed::Help(text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Parsed::NoVerb(text),
        _ => Parsed::Mistake {
            failure: failure(&text),
            json: wants_json(words),
        },
    }
}

/// The parser's text: a sentence, what is allowed in brackets, tips, the usage line and a pointer to the help.
fn failure(text: &str) -> Failure {
    let mut detail = String::new();
    let mut help = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(sentence) = line.strip_prefix("error: ") {
            detail.push_str(sentence);
        } else if let Some(tip) = line.strip_prefix("tip: ") {
            help.push(tip.to_owned());
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            help.push(usage.to_owned());
        } else if !line.starts_with("For more information") && help.is_empty() {
            detail.push(' ');
            detail.push_str(line);
        }
    }
    Failure::usage(detail).help(help.join("\n"))
}

/// Whether errors are wanted as JSON, as far as can be told from words that were not understood.
fn wants_json(words: &[OsString]) -> bool {
    let words: Vec<&str> = words
        .iter()
        .map_while(|word| word.to_str())
        .take_while(|word| *word != "--")
        .collect();
    let json = |format: &str| matches!(format, "json" | "ndjson");
    let joined = |word: &&str| {
        *word == "--json"
            || ["--output=", "-o=", "-o"]
                .iter()
                .any(|flag| word.strip_prefix(flag).is_some_and(json))
    };
    let apart = |pair: &[&str]| matches!(pair[0], "-o" | "--output") && json(pair[1]);
    words.iter().any(joined) || words.windows(2).any(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_seen_in_every_spelling() {
        for (line, expected) in [
            ("sublet ps --json --bogus", true),
            ("sublet ps -o json --bogus", true),
            ("sublet ps -ojson --bogus", true),
            ("sublet ps --output=ndjson --bogus", true),
            ("sublet ps -o table --bogus", false),
            ("sublet run x.wasm --bogus -- --json", false),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(wants_json(&words), expected, "{line}");
        }
    }
}
