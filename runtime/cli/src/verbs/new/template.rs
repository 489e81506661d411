//! The files of a new project, for each language.

use super::{Language, sdk};

/// One file of a project.
#[derive(Debug)]
pub(super) struct File {
    /// Where, below the project's folder.
    pub(super) path: String,
    pub(super) text: String,
    /// Whether it is there to be started.
    pub(super) is_program: bool,
}

/// A text of a template, in this binary.
macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../../templates/", $path))
    };
}

type Texts = &'static [(&'static str, &'static str)];

const RUST: Texts = &[
    ("Cargo.toml", template!("rust/Cargo.toml.in")),
    (".cargo/config.toml", template!("rust/.cargo/config.toml")),
    ("src/main.rs", template!("rust/src/main.rs")),
    ("input.json", template!("rust/input.json")),
    ("README.md", template!("rust/README.md")),
    (".gitignore", "/target\n"),
];
const PYTHON: Texts = &[
    ("job.py", template!("python/job.py")),
    ("wit/world.wit", template!("python/world.wit")),
    ("build", template!("python/build")),
];
const GO: Texts = &[
    ("main.go", template!("go/main.go")),
    ("go.mod", template!("go/go.mod")),
    ("build", template!("go/build")),
];
const C: Texts = &[
    ("main.c", template!("c/main.c")),
    ("build", template!("c/build")),
];
const JS: Texts = &[
    ("job.js", template!("js/job.js")),
    ("wit/world.wit", template!("js/world.wit")),
    ("package.json", template!("js/package.json")),
    ("build", template!("js/build")),
];
/// What all but Rust have: their tools do not bring a way to run the program.
const PLAIN: Texts = &[
    ("README.md", template!("README.md.in")),
    ("words.txt", template!("words.txt")),
    (".gitignore", "*.wasm\nnode_modules\n__pycache__\n"),
];

/// The files of a project of this name.
pub(super) fn files(language: Language, name: &str) -> Vec<File> {
    let texts = match language {
        Language::Rust => RUST,
        Language::Python => PYTHON,
        Language::Go => GO,
        Language::C => C,
        Language::Js => JS,
    };
    let mut files = filled(texts, language, name);
    if language == Language::Rust {
        files.extend(sdk::files());
    } else {
        files.extend(filled(PLAIN, language, name));
    }
    files
}

/// What brings the first result.
pub(super) fn next(language: Language, name: &str) -> String {
    match language {
        Language::Rust => "cargo run < input.json".to_owned(),
        _ => format!(
            "./build && sublet run {}{name}.wasm < words.txt",
            flags(language)
        ),
    }
}

fn filled(texts: Texts, language: Language, name: &str) -> Vec<File> {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        text: text
            .replace("{{name}}", name)
            .replace("{{language}}", word(language))
            .replace("{{flags}}", flags(language)),
        is_program: *path == "build",
    };
    texts.iter().map(file).collect()
}

/// What runs such a program: a language that brings its own engine needs room for it.
const fn flags(language: Language) -> &'static str {
    match language {
        Language::Rust | Language::C => "",
        Language::Python | Language::Go | Language::Js => "--memory 256MiB ",
    }
}

const fn word(language: Language) -> &'static str {
    match language {
        Language::Rust => "Rust",
        Language::Python => "Python",
        Language::Go => "Go",
        Language::C => "C",
        Language::Js => "JavaScript",
    }
}
