//! The `sublet` binary: one tool for users and operators, and every role of the server.
//!
//! ```text
//!   arguments ──► verbs/<verb> ──► client ──► the server's socket
//!   (parsed,        one file        │
//!    no effects)    per verb        └► show ──► output   stdout is data, stderr is talk
//! ```
//!
//! This crate decides nothing: what is admitted, placed, limited or kept is the server's to say, and the sandbox's.
//! It turns words into requests, answers into text, and fates into exit codes.

mod arguments;
mod confirm;
mod exit;
mod failure;
mod verbs;

mod client;
mod profile;
mod progress;
mod transcript;
mod watch;

mod module_file;
mod selector;
mod tree;

mod help;
mod logging;
mod output;
mod show;

use std::process::ExitCode;

use arguments::{Arguments, Parsed};
use output::Output;
use verbs::Session;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Parsed::Verb(arguments) => arguments,
        Parsed::Help(text) => return answer(&Output::automatic(), &text),
        Parsed::NoVerb(text) => {
            Output::automatic().talk(text.trim_end());
            return exit::Exit::USAGE.into();
        }
        Parsed::Mistake { failure, json } => {
            Output::for_mistakes(json).failure(&failure);
            return failure.exit(verbs::Kind::Command).into();
        }
    };
    let Arguments { global, verb } = *arguments;
    logging::start(&verb);
    if let Some(ended) = verb.run_child() {
        return ended;
    }
    let kind = verb.kind();
    let session = Session::new(&global);
    match verb.run(&session) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            session.output.failure(&failure);
            failure.exit(kind).into()
        }
    }
}

/// Shows the answer to `--help` or `--version`.
fn answer(output: &Output, text: &str) -> ExitCode {
    match output.text(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit(verbs::Kind::Command).into(),
    }
}
