//! The only place that writes to stdout and stderr. Stdout is data; stderr is talk.
//!
//! It knows formats and colour, and nothing of jobs: what an answer looks like is decided in `show`.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use clap::{ColorChoice, ValueEnum};
use serde::Serialize;
use sublet_api::Page;

use crate::failure::{Failure, written};

/// Where answers and messages go, and in which shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    talk: Paint,
}

/// The shape of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// The API's JSON, one document.
    Json,
    /// The API's JSON, one item per line.
    Ndjson,
    /// Ids only, one per line.
    Name,
    /// Columns for spreadsheets, the same in every row, where there are some.
    Csv,
}

/// Anything that `-o name` can print.
pub(crate) trait Named: Serialize {
    /// The text that selects it in another command.
    fn name(&self) -> String;
}

/// Anything that `-o csv` can print.
pub(crate) trait Columns {
    /// What the columns are called. They are there whatever is in them.
    const COLUMNS: &'static [&'static str];

    /// What stands in them.
    fn cells(&self) -> Vec<String>;
}

impl Output {
    pub(crate) fn new(format: Format, color: ColorChoice) -> Self {
        Self {
            format,
            talk: Paint::on_stderr(color),
        }
    }

    /// Before the flags are known.
    pub(crate) fn automatic() -> Self {
        Self::new(Format::Table, ColorChoice::Auto)
    }

    /// For a command line that could not be understood, but that seems to want its errors so.
    pub(crate) fn for_mistakes(json: bool) -> Self {
        let format = if json { Format::Json } else { Format::Table };
        Self::new(format, ColorChoice::Auto)
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Whether a person reads the answer.
    pub(crate) fn for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// One thing, in the asked format; `view` makes the text for people.
    pub(crate) fn one<T: Named>(
        &self,
        item: &T,
        view: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table | Format::Csv => self.text(&view(item)),
            Format::Json | Format::Ndjson => self.json(item),
            Format::Name => self.text(&item.name()),
        }
    }

    /// A list, in the asked format; `view` makes the text for people.
    pub(crate) fn list<T: Named>(
        &self,
        page: &Page<T>,
        view: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table | Format::Csv => self.text(&view(&page.items)),
            Format::Json => self.json(page),
            Format::Ndjson => page.items.iter().try_for_each(|item| self.json(item)),
            Format::Name => page
                .items
                .iter()
                .try_for_each(|item| self.text(&item.name())),
        }
    }

    /// One item of a stream: a line in every format.
    pub(crate) fn next<T: Named>(
        &self,
        item: &T,
        view: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.text(&view(item)),
            Format::Json | Format::Ndjson | Format::Csv => {
                let line = serde_json::to_string(item);
                self.text(&line.expect("the API's types have text keys and finite numbers only"))
            }
            Format::Name => self.text(&item.name()),
        }
    }

    /// A value as JSON: a readable document, or one line where lines are wanted.
    pub(crate) fn json<T: Serialize>(&self, value: &T) -> Result<(), Failure> {
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(value),
            Format::Table | Format::Ndjson | Format::Name | Format::Csv => {
                serde_json::to_string(value)
            }
        };
        self.text(&text.expect("the API's types have text keys and finite numbers only"))
    }

    /// A list as lines of columns, under a line of their names (RFC 4180).
    pub(crate) fn csv<T: Columns>(&self, items: &[T]) -> Result<(), Failure> {
        let mut text = separated(T::COLUMNS.iter().copied());
        for item in items {
            text.push_str(&separated(item.cells().iter().map(String::as_str)));
        }
        self.bytes(text.as_bytes())
    }

    /// Text on stdout, ended by a line break. Nothing for an empty text: an empty table has no line.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        match text {
            "" => Ok(()),
            text if text.ends_with('\n') => self.bytes(text.as_bytes()),
            text => self.bytes(format!("{text}\n").as_bytes()),
        }
    }

    /// Bytes on stdout as they are.
    #[expect(
        clippy::unused_self,
        reason = "all output goes through the one value that stands for it"
    )]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
    }

    /// What a guest wrote to its stderr, on ours.
    #[expect(
        clippy::unused_self,
        reason = "all output goes through the one value that stands for it"
    )]
    pub(crate) fn guest_stderr(&self, bytes: &[u8]) -> Result<(), Failure> {
        written(io::stderr().lock().write_all(bytes))
    }

    /// A line of talk on stderr, for people only: those who read the answer, and those who have it in a spreadsheet.
    pub(crate) fn talk(&self, line: impl Display) {
        if matches!(self.format, Format::Table | Format::Csv) {
            to_stderr(&line.to_string());
        }
    }

    /// How a watched job failed, with the next steps. Programs find the same in the job itself.
    pub(crate) fn fate(&self, sentence: &str, trace: &[String], help: Option<&str>) {
        self.talk(format_args!("{}: {sentence}", self.talk.bad("error")));
        for line in trace {
            self.talk(format_args!("  {line}"));
        }
        if let Some(help) = help {
            self.talk(format_args!("  {}: {help}", self.talk.hint("help")));
        }
    }

    /// A value as a line of JSON on stderr, for programs only: beside stdout that belongs to somebody else.
    pub(crate) fn json_aside<T: Serialize>(&self, value: &T) {
        if matches!(self.format, Format::Json | Format::Ndjson) {
            let json = serde_json::to_string(value);
            to_stderr(&json.expect("the API's types have text keys and finite numbers only"));
        }
    }

    /// An error on stderr, in the shape of the answers.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Failure::Told(trouble) = failure else {
            return;
        };
        match self.format {
            Format::Table | Format::Name | Format::Csv => to_stderr(&trouble.text(self.talk)),
            Format::Json | Format::Ndjson => {
                let json = serde_json::to_string(trouble);
                to_stderr(&json.expect("a problem has text keys and whole numbers only"));
            }
        }
    }
}

/// A line of cells. Those that could be taken for several are quoted.
fn separated<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let cells: Vec<String> = cells.map(quoted).collect();
    format!("{}\n", cells.join(","))
}

/// A line on stderr. When stderr is gone there is nobody left to tell.
fn to_stderr(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Whether words are coloured. A state is never told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    colored: bool,
}

impl Paint {
    /// No colour.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { colored: false };

    fn on_stderr(choice: ColorChoice) -> Self {
        let colored = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                wanted_by_environment().unwrap_or_else(|| io::stderr().is_terminal())
            }
        };
        Self { colored }
    }

    /// A word that announces something bad.
    pub(crate) fn bad(self, word: &str) -> String {
        self.with("1;31", word)
    }

    /// A word that announces a next step.
    pub(crate) fn hint(self, word: &str) -> String {
        self.with("1;36", word)
    }

    fn with(self, style: &str, word: &str) -> String {
        if self.colored {
            format!("\x1b[{style}m{word}\x1b[0m")
        } else {
            word.to_owned()
        }
    }
}

/// What the conventions say, if anything: <https://no-color.org>, <https://bixense.com/clicolors>.
fn wanted_by_environment() -> Option<bool> {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        Some(false)
    } else if set("CLICOLOR_FORCE") {
        Some(true)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::separated;

    #[test]
    fn a_cell_stays_one_whatever_is_in_it() {
        let cells = ["plain", "", "a,b", "say \"x\"", "two\nlines"];
        assert_eq!(
            separated(cells.into_iter()),
            "plain,,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\n"
        );
    }
}
