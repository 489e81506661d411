//! Wrong use is told when it is compiled, in words that say how to mend it.
//!
//! Each case is a program of a small package that is checked once, beside the build of this crate.

#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A name, a program, and what the compiler says about it.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "input_without_serde",
        "struct In; #[sublet_job::main] fn main(_: In) {}",
        &[
            "`In` cannot be the input of a job",
            "#[derive(serde::Deserialize)]",
        ],
    ),
    (
        "output_without_serde",
        "struct Out; #[sublet_job::main] fn main() -> Out { Out }",
        &[
            "`Out` cannot be the output of a job",
            "#[derive(serde::Serialize)]",
        ],
    ),
    (
        "output_in_a_result_without_serde",
        "struct Out; #[sublet_job::main] fn main() -> sublet_job::Result<Out> { Ok(Out) }",
        &[
            "`Out` cannot be the output of a job",
            "#[derive(serde::Serialize)]",
        ],
    ),
    (
        "job_by_value",
        "use sublet_job::Job; #[sublet_job::main] fn main(_: Job) {}",
        &["take the job as `&Job`"],
    ),
    (
        "job_by_mutable_reference",
        "use sublet_job::Job; #[sublet_job::main] fn main(_: &mut Job) {}",
        &["take the job as `&Job`", "nothing in it needs `mut`"],
    ),
    (
        "job_first",
        "use sublet_job::Job; #[sublet_job::main] fn main(_: &Job, _: u32) {}",
        &["the input comes first, then the job"],
    ),
    (
        "two_inputs",
        "#[sublet_job::main] fn main(_: u32, _: u32) {}",
        &["a job has one input", "one struct"],
    ),
    (
        "three_arguments",
        "use sublet_job::Job; #[sublet_job::main] fn main(_: u32, _: &Job, _: u32) {}",
        &["at most two arguments"],
    ),
    (
        "borrowed_input",
        "#[sublet_job::main] fn main(_: &str) {}",
        &["take the input by value", "sublet_job::Bytes"],
    ),
    (
        "asynchronous",
        "#[sublet_job::main] async fn main() {}",
        &["a job is not async"],
    ),
    (
        "generic",
        "#[sublet_job::main] fn main<T>(_: T) {}",
        &["a job has no generics"],
    ),
    (
        "another_name",
        "#[sublet_job::main] fn work() {}",
        &["is called `main`, not `work`"],
    ),
    (
        "an_argument_of_the_attribute",
        "#[sublet_job::main(fast)] fn main() {}",
        &["takes nothing in brackets"],
    ),
    (
        "not_a_function",
        "#[sublet_job::main] struct Main;",
        &["stands before a function", "write it like"],
    ),
    (
        "an_error_that_is_none",
        "struct Wrong; #[sublet_job::main] fn main() -> Result<u32, Wrong> { Ok(1) }",
        &["`Wrong` cannot be the error of a job", "sublet_job::Result"],
    ),
];

#[test]
fn wrong_use_is_told_with_its_remedy() {
    let package = Package::new();
    for (name, program, _) in CASES {
        package.write(&format!("src/bin/{name}.rs"), &format!("{program}\n"));
    }
    package.write(
        "src/bin/right.rs",
        "#[sublet_job::main] fn main(input: u32, _: &sublet_job::Job) -> u32 { input }\n",
    );
    let told = package.check();
    for (name, program, words) in CASES {
        let errors = of_program(&told, name);
        assert!(errors.lines().any(is_error), "accepted: {program}\n{told}");
        for word in *words {
            assert!(errors.contains(word), "{name}: no {word:?} in\n{errors}");
        }
        // One mistake is told once: what follows from it would only hide it.
        let count = errors.lines().filter(|line| is_error(line)).count();
        assert!(count == 1, "{name}: {count} errors\n{errors}");
    }
    assert_eq!(of_program(&told, "right"), "");
}

fn is_error(line: &str) -> bool {
    (line.starts_with("error:") || line.starts_with("error["))
        && !line.contains("could not compile")
}

/// The paragraphs about one program.
fn of_program(told: &str, name: &str) -> String {
    let place = format!("--> src/bin/{name}.rs:");
    told.split("\n\n")
        .filter(|about| about.contains(&place))
        .collect::<Vec<_>>()
        .join("\n\n")
}

struct Package(PathBuf);

impl Package {
    fn new() -> Self {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR"));
        let package = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong_use"));
        package.write(
            "Cargo.toml",
            &format!(
                "[workspace]\n[package]\nname = \"wrong-use\"\nedition = \"2024\"\n[dependencies]\nsublet-job = {{ path = {sdk:?} }}\n"
            ),
        );
        // The versions that this crate is built with: nothing is to be fetched.
        fs::copy(sdk.join("Cargo.lock"), package.0.join("Cargo.lock")).unwrap();
        package
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn check(&self) -> String {
        let output = Command::new(env!("CARGO"))
            .args([
                "check",
                "--bins",
                "--keep-going",
                "--offline",
                "--color=never",
            ])
            .current_dir(&self.0)
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}
