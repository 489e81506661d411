//! What the documents tell the reader to type is typed here, in order, and what they say comes back does.
//!
//! A block that begins with ```` ```console ```` is a session: lines that begin with `$ ` are commands, what follows
//! is their output, in which `…` stands for anything. Each document has a server and a directory of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Server, core, repository};

/// Commands that are run elsewhere, or that only a reader can run: each with the reason.
const NOT_HERE: &[(&str, &str)] = &[
    (
        "sublet serve",
        "the server of this test stands in its place",
    ),
    ("git ", "what is to be cloned is what is tested"),
    (
        "cd ",
        "every session begins where the repository was cloned",
    ),
    ("rustup ", "the tests are built already"),
    (
        "cargo ",
        "it has built this test; benchmarks want a quiet machine",
    ),
    ("examples/tour", "continuous integration runs it by itself"),
    (
        "examples/sieve/build",
        "needs a network; run::a_c_program_runs does it where there is one",
    ),
    (
        "sublet run examples/target/c/",
        "run::a_c_program_runs does it where there is a network",
    ),
    ("tests/all", "it is what runs this test"),
    (".ci/run", "it is what runs this test"),
];

#[test]
fn the_readme_does_what_it_says() {
    follow(&repository().join("README.md"));
}

#[test]
fn the_examples_run_as_they_say() {
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let readme = entry.unwrap().path().join("README.md");
        if readme.exists() {
            follow(&readme);
        }
    }
}

#[test]
fn the_other_documents_do_what_they_say() {
    let folder = repository().join("docs");
    let mut documents: Vec<PathBuf> = Vec::new();
    if let Ok(entries) = fs::read_dir(&folder) {
        documents.extend(entries.map(|entry| entry.unwrap().path()));
    }
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    for document in documents {
        follow(&document);
    }
}

/// A command and the output that the document shows for it.
struct Step {
    command: String,
    output: Vec<String>,
}

fn follow(document: &Path) {
    let name = document
        .strip_prefix(repository())
        .unwrap()
        .display()
        .to_string();
    let text = fs::read_to_string(document).unwrap_or_else(|error| panic!("{name}: {error}"));
    let steps = steps(&text);
    if steps.is_empty() {
        return;
    }
    // The guests that documents speak of are built.
    core("hello");
    let server = Server::start();
    let directory = surroundings();
    for step in steps {
        if NOT_HERE
            .iter()
            .any(|(start, _)| step.command.starts_with(start))
        {
            continue;
        }
        let mut shell = Command::new("sh");
        server.home.apply(&mut shell);
        let path = format!(
            "{}:{}",
            directory.path().join("bin").display(),
            std::env::var("PATH").unwrap()
        );
        let output = shell
            .args(["-c", &step.command])
            .env("PATH", path)
            .current_dir(directory.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let both = format!("{stdout}{stderr}");
        let seen = format!("{name}: $ {}\n{both}", step.command);
        if step.output.is_empty() {
            assert!(output.status.success(), "{seen}");
        } else {
            let shown = step.output.join("\n");
            assert!(
                alike(&shown, both.trim_end()),
                "{seen}\n--- but it says ---\n{shown}"
            );
        }
    }
}

/// A directory that looks like the clone, in which commands may leave things.
fn surroundings() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    fs::create_dir(place("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_sublet"), place("bin/sublet")).unwrap();
    for name in ["examples", "docs", "README.md"] {
        symlink(repository().join(name), place(name)).unwrap();
    }
    directory
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line.trim_end() == "```console";
        } else if inside {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command
                        .split("   #")
                        .next()
                        .unwrap_or(command)
                        .trim_end()
                        .to_owned(),
                    output: Vec::new(),
                }),
                (None, Some(step)) => step.output.push(line.to_owned()),
                (None, None) => panic!("a session begins with a command, not with {line:?}"),
            }
        }
    }
    steps
}

/// Whether a text is as the document shows it; `…` in the document stands for anything.
fn alike(shown: &str, text: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut last = "";
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
        last = part;
    }
    rest.is_empty() || (shown.contains('…') && (last.is_empty() || text.ends_with(last)))
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(alike("a … c", "a b c"));
    assert!(alike("…", ""));
    assert!(alike("job_…\nend", "job_01K\nmore\nend"));
    assert!(!alike("a … c", "a b d"));
    assert!(!alike("a", "a b"));
}
