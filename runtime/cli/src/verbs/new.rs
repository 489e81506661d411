//! `sublet new`: a project that builds and runs, from templates in this binary. Nothing is fetched and no server is asked.

mod sdk;
mod template;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sublet_api::Code;

use super::Session;
use crate::exit::Exit;
use crate::failure::Failure;
use template::File;

const NAME_BYTES_MAX: usize = 64;
/// Names that a compiler has a meaning for, or that the project has itself.
const NAMES_TAKEN: [&str; 10] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "job",
    "std",
    "sublet",
    "sublet-job",
    "test",
];

/// Begin a project: a job that builds, runs and is tested
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    sublet new rust tiles && cd tiles && cargo run < input.json\n\n\
    The README.md of the project says what it needs.")]
pub(crate) struct New {
    /// What the job is written in
    #[arg(value_name = "LANGUAGE")]
    language: Language,
    /// Its name, and that of the folder
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
}

/// What a job can be written in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Rust,
    Python,
    Go,
    C,
    Js,
}

pub(super) fn new(new: &New, session: &Session) -> Result<Exit, Failure> {
    let folder = Path::new(&new.name);
    fs::create_dir(folder).map_err(|error| not_made(folder, &error))?;
    for file in template::files(new.language, &new.name) {
        write(folder, &file)?;
    }
    session.output.text(&format!(
        "{}\n  next: cd {} && {}",
        new.name,
        new.name,
        template::next(new.language, &new.name)
    ))?;
    Ok(Exit::DONE)
}

/// Every language and tool takes such a name as it is.
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > NAME_BYTES_MAX {
        return Err(format!(
            "it has {} letters, the limit is {NAME_BYTES_MAX}",
            text.len()
        ));
    }
    if !text.starts_with(|c: char| c.is_ascii_lowercase())
        || !text.chars().all(fits)
        || text.ends_with('-')
        || text.contains("--")
    {
        return Err(
            "a name has small letters, digits and single `-` between them, and begins with a letter: word-count"
                .to_owned(),
        );
    }
    if NAMES_TAKEN.contains(&text) {
        return Err(format!("`{text}` has a meaning of its own: my-{text}"));
    }
    Ok(text.to_owned())
}

fn not_made(folder: &Path, error: &io::Error) -> Failure {
    let shown = folder.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::usage(format!("`{shown}` exists already"))
            .help("take another name, or remove it first: nothing was written"),
        _ => unwritable(folder, error),
    }
}

fn write(folder: &Path, file: &File) -> Result<(), Failure> {
    let path: PathBuf = folder.join(&file.path);
    let mode = if file.is_program { 0o755 } else { 0o644 };
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&path, &file.text))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
        .map_err(|error| unwritable(&path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let detail = format!("`{}` cannot be written", path.display());
    Failure::new(Code::FileUnwritable, detail).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_every_tool_takes() {
        for good in ["a", "tiles", "word-count", "x2"] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        let long = "a".repeat(65);
        for bad in [
            "",
            "A",
            "2x",
            "-a",
            "a-",
            "a--b",
            "a_b",
            "a/b",
            "..",
            "a b",
            "é",
            "a\n",
            "test",
            "sublet-job",
            &long,
        ] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_template_leaves_a_gap() {
        for language in Language::value_variants() {
            let files = template::files(*language, "tiles");
            for file in &files {
                // The kit is as it is: its documentation may show braces.
                let is_ours = !file.path.starts_with("sublet-job/");
                assert!(
                    !is_ours || !file.text.contains("{{"),
                    "{language:?}: {}",
                    file.path
                );
            }
            let has = |path: &str| files.iter().any(|file| file.path == path);
            assert!(has("README.md") && has(".gitignore"), "{language:?}");
        }
    }
}
