//! Rules worth stating are worth running: layers, threats, pages, sizes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sublet_api::Code;

use crate::harness::{Sublet, repository};

/// Which crates of the workspace a crate may depend on. Arrows point down; siblings do not know each other.
const LAYERS: &[(&str, &str, &[&str])] = &[
    ("scheduler", "sublet-scheduler", &[]),
    (
        "scheduler/simulator",
        "sublet-simulator",
        &["sublet-scheduler"],
    ),
    ("runtime/api", "sublet-api", &[]),
    ("runtime/identity", "sublet-identity", &[]),
    ("runtime/store", "sublet-store", &["sublet-scheduler"]),
    ("runtime/network", "sublet-network", &[]),
    (
        "runtime/sandbox",
        "sublet-sandbox",
        &["sublet-network", "sublet-scheduler"],
    ),
    (
        "runtime/worker",
        "sublet-worker",
        &["sublet-network", "sublet-sandbox", "sublet-scheduler"],
    ),
    (
        "runtime/daemon",
        "sublet-daemon",
        &[
            "sublet-api",
            "sublet-identity",
            "sublet-network",
            "sublet-scheduler",
            "sublet-store",
            "sublet-worker",
        ],
    ),
    (
        "runtime/cli",
        "sublet",
        &[
            "sublet-api",
            "sublet-daemon",
            "sublet-identity",
            "sublet-simulator",
            "sublet-worker",
        ],
    ),
];

/// Dependencies that one crate owns, so that no other can come to lean on them.
const OWNED: &[(&str, &str)] = &[
    ("wasmtime", "sublet-sandbox"),
    ("wasmtime-wasi", "sublet-sandbox"),
    ("wasmtime-wasi-http", "sublet-sandbox"),
    ("wasmparser", "sublet-sandbox"),
    ("landlock", "sublet-worker"),
    ("seccompiler", "sublet-worker"),
    ("rusqlite", "sublet-store"),
    ("rcgen", "sublet-identity"),
    ("rustls-webpki", "sublet-identity"),
    ("x509-parser", "sublet-identity"),
    ("axum", "sublet-daemon"),
    ("hyper-util", "sublet-daemon"),
    ("tower", "sublet-daemon"),
    ("clap", "sublet"),
    ("reqwest", "sublet"),
];

/// Above this there are two files inside one. Each exception says why it is one.
const LINES_MAX: usize = 500;
const LONGER: &[(&str, &str)] = &[(
    "guest-sdk/src/host/imports/bindings.rs",
    "a generator writes it, and nobody reads it",
)];

#[test]
fn the_workspace_is_the_crates_of_the_layer_table() {
    let manifest = manifest(Path::new("."));
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members: BTreeSet<_> = members
        .iter()
        .map(|member| member.as_str().unwrap())
        .collect();
    let expected: BTreeSet<_> = LAYERS.iter().map(|(folder, ..)| *folder).collect();
    assert_eq!(members, expected);
}

#[test]
fn crates_depend_only_on_those_below_them() {
    for (folder, name, below) in LAYERS {
        let manifest = manifest(Path::new(folder));
        assert_eq!(manifest["package"]["name"].as_str(), Some(*name));
        for dependency in dependencies(&manifest) {
            if dependency.starts_with("sublet") {
                assert!(
                    below.contains(&dependency.as_str()),
                    "{name} must not know {dependency}"
                );
            }
        }
    }
}

#[test]
fn owned_dependencies_have_one_owner() {
    for (folder, name, _) in LAYERS {
        for dependency in dependencies(&manifest(Path::new(folder))) {
            let owner = OWNED.iter().find(|(owned, _)| *owned == dependency);
            if let Some((owned, owner)) = owner {
                assert_eq!(name, owner, "{owned} belongs to {owner}");
            }
        }
    }
}

#[test]
fn the_scheduler_has_nothing_but_core_and_alloc() {
    let manifest = manifest(Path::new("scheduler"));
    assert!(dependencies(&manifest).is_empty(), "{manifest:#?}");
    let library = read("scheduler/src/lib.rs");
    assert!(library.contains("#![cfg_attr(not(test), no_std)]") || library.contains("#![no_std]"));
}

#[test]
fn every_error_code_has_a_page() {
    let mut numbers = BTreeSet::new();
    for code in Code::ALL {
        assert!(numbers.insert(code.number()), "{code} is there twice");
        let page = Sublet::alone()
            .args(["help", &code.to_string()])
            .run()
            .code(0);
        for text in [code.to_string().as_str(), code.title()] {
            assert!(page.stdout.contains(text), "no {text:?} in {page:?}");
        }
        // The terminal's width decides where lines break, so words are compared.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(&page.stdout).contains(&words(code.page())),
            "{page:?}"
        );
    }
}

#[test]
fn every_threat_names_its_barrier_and_its_test() {
    let known = Shown::all();
    let mut threats = 0;
    for row in rows("SECURITY.md") {
        let [threat, _, files, names] = row;
        if threat == "threat" {
            continue;
        }
        threats += 1;
        for file in quoted(&files) {
            assert!(repository().join(file).exists(), "{threat}: no file {file}");
        }
        known.have(&threat, &names);
    }
    assert!(threats >= 10, "the table of threats was not found");
}

#[test]
fn every_promise_has_its_number_and_names_what_shows_it() {
    let known = Shown::all();
    let mut promises = 0;
    for [number, promise, _, names] in rows("SPECIFICATION.md") {
        if number == "#" {
            continue;
        }
        promises += 1;
        assert_eq!(number, format!("P{promises}"), "{promise}");
        known.have(&number, &names);
    }
    assert!(promises >= 10, "the promises were not found");
}

/// The rows of a document's tables of four columns, without the lines below their heads.
fn rows(document: &str) -> Vec<[String; 4]> {
    let text = read(document);
    let cells = |line: &str| -> Option<[String; 4]> {
        let cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|');
        let cells: Vec<_> = cells.map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().ok()
    };
    let mut rows: Vec<_> = text.lines().filter_map(cells).collect();
    rows.retain(|row| !row[0].starts_with("--"));
    rows
}

/// What may show a promise: tests by their names, and figures of the benchmarks.
struct Shown {
    tests: String,
    figures: String,
}

impl Shown {
    fn all() -> Self {
        let each = |path: &PathBuf| fs::read_to_string(path).unwrap();
        Self {
            tests: sources().iter().map(each).collect(),
            figures: read("tests/bench/main.rs"),
        }
    }

    fn have(&self, what: &str, names: &str) {
        let mut names = quoted(names).peekable();
        assert!(names.peek().is_some(), "{what}: nothing is named");
        for name in names {
            let is_there = match name.strip_prefix("figures ") {
                Some(figure) => self.figures.contains(&format!("(\"{figure}\", ")),
                None => {
                    let function = name.rsplit("::").next().unwrap_or(name);
                    self.tests.contains(&format!("fn {function}("))
                }
            };
            assert!(is_there, "{what}: there is no {name}");
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let mut long = Vec::new();
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let name = path
            .strip_prefix(repository())
            .unwrap()
            .display()
            .to_string();
        if lines > LINES_MAX && !LONGER.iter().any(|(longer, _)| *longer == name) {
            long.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(
        long.is_empty(),
        "over {LINES_MAX} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn every_exception_of_length_is_still_needed() {
    for (name, why) in LONGER {
        assert!(!why.is_empty());
        assert!(
            read(name).lines().count() > LINES_MAX,
            "{name} has become short"
        );
    }
}

/// Texts between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn read(name: &str) -> String {
    let path = repository().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest(folder: &Path) -> toml::Table {
    let path = folder.join("Cargo.toml");
    read(path.to_str().unwrap()).parse().unwrap()
}

/// What a crate depends on when it is built for use. Its tests may use more.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut names = Vec::new();
    for table in ["dependencies", "build-dependencies"] {
        let table = manifest.get(table).and_then(toml::Value::as_table);
        names.extend(table.into_iter().flat_map(toml::Table::keys).cloned());
    }
    names
}

/// Every Rust source of the project, guests included.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["scheduler", "runtime", "guest-sdk", "tests", "examples"] {
        collect(&repository().join(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
