//! The one shape of every error: a stable code, one sentence, its causes, the next step.
//!
//! The same words come from the server (`application/problem+json`) and from here; a reader cannot tell the difference
//! and need not. How it is shown is `output`'s matter, how it is told to the shell is `exit`'s.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use sublet_api::{Code, Place, Problem, Violation};

use crate::exit::Exit;
use crate::output::Paint;
use crate::show::table::plain;
use crate::verbs::Kind;

/// Why a verb stopped short of what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is something to tell.
    Told(Box<Trouble>),
    /// Whoever read our output has left, as in `sublet logs 412 | head`. That is their right, and not an error.
    ReaderGone,
}

/// An error as its reader meets it.
#[derive(Debug, Serialize)]
pub(crate) struct Trouble {
    #[serde(flatten)]
    problem: Problem,
    /// What it comes from, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
}

impl Failure {
    /// A failure found on this side of the socket.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self::from(Problem::new(code, detail))
    }

    /// A mistake on the command line that the parser could not see.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self::new(Code::Usage, detail)
    }

    /// The same with the next step.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Told(trouble) = &mut self {
            trouble.problem.help = Some(help.into());
        }
        self
    }

    /// The same with an error it comes from, and that error's own causes.
    pub(crate) fn caused_by(mut self, cause: &dyn Error) -> Self {
        if let Self::Told(trouble) = &mut self {
            let mut next = Some(cause);
            while let Some(error) = next {
                let text = error.to_string();
                // Many errors repeat their source in their own text; a sentence is not told twice.
                if !trouble.causes.iter().any(|told| told.contains(&text)) {
                    trouble.causes.push(text);
                }
                next = error.source();
            }
        }
        self
    }

    /// The stable code, where this build knows it.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Told(trouble) => Code::parse(&trouble.problem.code),
            Self::ReaderGone => None,
        }
    }

    /// What happened, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Told(trouble) => trouble.problem.detail.clone(),
            Self::ReaderGone => "nobody reads the answer".to_owned(),
        }
    }

    /// What it tells the shell, coming from this kind of verb.
    pub(crate) fn exit(&self, kind: Kind) -> Exit {
        match (self, kind) {
            (Self::ReaderGone, _) => Exit::DONE,
            (Self::Told(_), Kind::Command) => Exit::of_command(self.code()),
            (Self::Told(_), Kind::Fate) => Exit::of_missing_fate(self.code()),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(Trouble {
            problem,
            causes: Vec::new(),
        }))
    }
}

/// What became of writing to stdout.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::new(Code::FileUnwritable, "the output cannot be written").caused_by(&error),
    })
}

impl Trouble {
    /// The lines for people, without a line break at the end.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let problem = &self.problem;
        let head = paint.bad(&format!("error[{}]", problem.code));
        let mut text = format!("{head}: {}", problem.detail);
        for violation in &problem.errors {
            add_violation(&mut text, violation, problem);
        }
        for cause in &self.causes {
            add(&mut text, &format!("  caused by: {cause}"));
        }
        if self.problem.code == Code::ServerFault.to_string()
            && let Some(request) = &problem.request_id
        {
            add(&mut text, &format!("  request: {request}"));
        }
        if let Some(help) = &problem.help {
            let label = paint.hint("help");
            for line in help.lines() {
                add(&mut text, &format!("  {label}: {line}"));
            }
        }
        text
    }
}

/// One part at fault. A single one without a place is named in the sentence already; what the sentence says is not
/// said again.
fn add_violation(text: &mut String, violation: &Violation, problem: &Problem) {
    match &violation.detail {
        Some(detail) if *detail != problem.detail => add(text, &format!("  also: {detail}")),
        None if violation.place.is_none() && problem.errors.len() > 1 => {
            add(text, &format!("  at: {}", violation.pointer));
        }
        Some(_) | None => {}
    }
    if let Some(Place {
        line,
        column,
        excerpt,
    }) = &violation.place
    {
        add(text, &format!("  at: line {line}, column {column}"));
        for line in excerpt.lines() {
            add(text, &format!("    {}", plain(line)));
        }
    }
}

fn add(text: &mut String, line: &str) {
    write!(text, "\n{line}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(failure: &Failure) -> String {
        match failure {
            Failure::Told(trouble) => trouble.text(Paint::PLAIN),
            Failure::ReaderGone => String::new(),
        }
    }

    #[test]
    fn an_error_has_code_sentence_causes_and_next_step() {
        let cause = io::Error::other("the job was submitted with `--network none`");
        let failure = Failure::new(
            Code::UnknownImport,
            "module `img.wasm` imports wasi:sockets/tcp",
        )
        .caused_by(&cause)
        .help("leave it out\nsublet help networking");
        assert_eq!(
            text(&failure),
            "error[S0412]: module `img.wasm` imports wasi:sockets/tcp\n\
             \x20 caused by: the job was submitted with `--network none`\n\
             \x20 help: leave it out\n\
             \x20 help: sublet help networking"
        );
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_shown_with_a_caret() {
        let json = r#"{"type": "t", "title": "t", "status": 422, "code": "S0605", "detail": "short, entry: no node.memry",
            "errors": [{"pointer": "/document", "detail": "short, entry: no node.memry",
                        "place": {"line": 4, "column": 10, "excerpt": "  |\n4 | entry = 'node.memry'\n  |          ^"}},
                       {"pointer": "/document", "detail": "long: weight is 0"}]}"#;
        let problem: Problem = serde_json::from_str(json).unwrap();
        assert_eq!(
            text(&Failure::from(problem)),
            "error[S0605]: short, entry: no node.memry\n  at: line 4, column 10\n      |\n    4 | entry = 'node.memry'\n      |          ^\n  also: long: weight is 0"
        );
    }

    #[test]
    fn a_reader_who_leaves_is_no_error() {
        let gone = written(Err(io::Error::from(io::ErrorKind::BrokenPipe))).unwrap_err();
        assert!(matches!(gone, Failure::ReaderGone));
        assert_eq!(gone.exit(Kind::Fate), Exit::DONE);
    }

    #[test]
    fn a_code_of_a_newer_server_is_still_shown() {
        let json = r#"{"type":"/problems/S9999","title":"t","status":400,"detail":"new trouble","code":"S9999"}"#;
        let problem: Problem = serde_json::from_str(json).unwrap();
        let failure = Failure::from(problem);
        assert_eq!(text(&failure), "error[S9999]: new trouble");
        assert_eq!(failure.exit(Kind::Command), Exit::FAILED);
        assert_eq!(failure.exit(Kind::Fate), Exit::OUR_SIDE);
    }
}
