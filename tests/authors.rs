//! The way of an author: a new project, its tests, its first result, and what a module needs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{
    Home, Sublet, bytes_of, component, componentize_py, core, kept, repository, skip_loudly, wat,
    zig,
};

/// A folder in which a project is begun.
fn begun(language: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = in_folder(&folder, Path::new(env!("CARGO_BIN_EXE_sublet")))
        .args(["new", language, "tiles"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    folder
}

/// A command there that finds this `sublet` first.
fn in_folder(folder: &TempDir, program: &Path) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_sublet")).parent().unwrap();
    // The toolchain of this test, whatever is the default elsewhere.
    let toolchain = Path::new(env!("CARGO")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(program);
    Home::without_server().apply(&mut command);
    command.current_dir(folder.path()).env(
        "PATH",
        format!("{}:{}:{path}", binary.display(), toolchain.display()),
    );
    command
}

/// Runs a shell line in the project; its stdout, or all that it said if it failed.
fn shell(folder: &TempDir, line: &str) -> Result<String, String> {
    let output = in_folder(folder, Path::new("sh"))
        .args(["-c", line])
        .env("CARGO_TARGET_DIR", kept("authors"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_HOME", cargo_home())
        .current_dir(folder.path().join("tiles"))
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{line}: {}\n{stdout}{stderr}", output.status))
}

/// Where the crates are that were fetched for this test's own build.
fn cargo_home() -> PathBuf {
    let of_the_account = || Some(Path::new(&std::env::var_os("HOME")?).join(".cargo"));
    let said = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    said.or_else(of_the_account)
        .expect("this test was built by a cargo that has a home")
}

fn done(folder: &TempDir, line: &str) -> String {
    shell(folder, line).unwrap_or_else(|said| panic!("{said}"))
}

#[test]
fn a_new_job_in_rust_is_run_and_tested_in_the_sandbox() {
    let folder = begun("rust");
    // The versions that were fetched for the examples: a test fetches nothing.
    let lock = repository().join("guest-sdk/Cargo.lock");
    fs::copy(lock, folder.path().join("tiles/Cargo.lock")).unwrap();
    assert_eq!(
        done(&folder, "cargo run --quiet < input.json"),
        "{\"words\":10,\"longest\":\"question\"}\n"
    );
    let failed = shell(&folder, "echo '{\"lines\": []}' | cargo run --quiet").unwrap_err();
    assert!(failed.contains("exit status: 3"), "{failed}");
    let tested = done(&folder, "cargo test 2>&1");
    for words in ["wasm32-wasip1/", "3 passed"] {
        assert!(tested.contains(words), "no {words:?} in {tested}");
    }
}

#[test]
fn a_new_job_in_go_is_built_and_run() {
    if Command::new("go").arg("version").output().is_err() {
        skip_loudly("there is no go");
        return;
    }
    let folder = begun("go");
    done(&folder, "./build");
    assert_eq!(
        done(&folder, "sublet run --memory 256MiB tiles.wasm < words.txt"),
        "{\"task\":\"0\",\"words\":6,\"longest\":\"not\"}\n"
    );
}

/// Runs what was built there as a job would. A machine that is too slow for the compiler's budget says so.
fn result(folder: &TempDir) -> Option<String> {
    let run = "sublet run --memory 256MiB tiles.wasm < words.txt";
    match shell(folder, run) {
        Ok(printed) => Some(printed),
        Err(said) if said.contains("S0406") => {
            skip_loudly("this machine takes too long for a program with an engine inside");
            None
        }
        Err(said) => panic!("{said}"),
    }
}

#[test]
fn a_new_job_in_c_is_built_and_run() {
    let Some(zig) = zig() else { return };
    let folder = begun("c");
    let zig = zig.join("ziglang/zig");
    fs::set_permissions(&zig, Permissions::from_mode(0o755)).unwrap();
    let build = format!("CC='{} cc -target wasm32-wasi' ./build", zig.display());
    done(&folder, &build);
    assert_eq!(
        result(&folder).unwrap(),
        "{\"task\":\"0\",\"words\":6,\"longest\":3}\n"
    );
    let failed = shell(&folder, "echo | sublet run tiles.wasm").unwrap_err();
    assert!(failed.contains("exit status: 3"), "{failed}");
}

#[test]
fn a_new_job_in_python_is_built_and_run() {
    let Some(tool) = componentize_py() else {
        return;
    };
    let folder = begun("python");
    let script = "import componentize_py; componentize_py.script()";
    let command = format!(
        "#!/bin/sh\nPYTHONPATH='{}' exec python3 -c '{script}' \"$@\"\n",
        tool.display()
    );
    let path = folder.path().join("componentize-py");
    fs::write(&path, command).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    done(&folder, "PATH=\"$PWD/..:$PATH\" ./build");
    if let Some(printed) = result(&folder) {
        assert_eq!(
            printed,
            "{\"task\": \"0\", \"words\": 6, \"longest\": \"not\"}\n"
        );
    }
}

#[test]
fn a_new_job_in_javascript_is_built_and_run() {
    let folder = begun("js");
    // As whoever runs this test fetches things.
    let mut install = Command::new("npm");
    install
        .args(["install", "--silent"])
        .current_dir(folder.path().join("tiles"));
    match install.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("no reason given");
            return skip_loudly(&format!("npm cannot fetch what the project needs: {last}"));
        }
        Err(error) => return skip_loudly(&format!("there is no npm: {error}")),
    }
    done(&folder, "./build");
    if let Some(printed) = result(&folder) {
        assert_eq!(
            printed,
            "{\"task\":\"0\",\"words\":6,\"longest\":\"not\"}\n"
        );
    }
}

#[test]
fn a_project_whose_tools_are_missing_says_which() {
    for (language, words) in [("c", "pip install ziglang"), ("python", "componentize-py")] {
        let folder = begun(language);
        let said = shell(&folder, "PATH=/usr/bin:/bin CC= WASI_SDK_PATH= ./build").unwrap_err();
        assert!(said.contains(words), "{language}: {said}");
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = begun("c");
    let place = folder.path().join("tiles/main.c");
    fs::write(&place, "mine").unwrap();
    let output = in_folder(&folder, Path::new(env!("CARGO_BIN_EXE_sublet")))
        .args(["new", "c", "tiles"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("`tiles` exists already"), "{said}");
    assert_eq!(fs::read_to_string(place).unwrap(), "mine");
}

#[test]
fn a_name_that_is_none_is_told_with_one_that_is() {
    for (name, word) in [
        ("../up", "word-count"),
        ("test", "my-test"),
        ("A", "word-count"),
    ] {
        let output = Sublet::alone().args(["new", "c", name]).run();
        output.code(2).says(&["S0705", word]);
    }
}

fn checked(guest: impl AsRef<std::ffi::OsStr>) -> crate::harness::Output {
    Sublet::alone().arg("check").arg(guest).run()
}

#[test]
fn a_check_says_in_words_what_a_module_needs() {
    for (guest, kind) in [
        (core("hello"), "core module"),
        (component("hello"), "component"),
    ] {
        let output = checked(&guest).code(0);
        for words in [
            kind,
            "stdin, stdout and stderr",
            "arguments and environment",
        ] {
            assert!(output.stdout.contains(words), "no {words:?} in {output:?}");
        }
        assert!(!output.stdout.contains("network"), "{output:?}");
    }
    let output = checked(component("keyvalue")).code(0);
    assert!(output.stdout.contains("the user's network"), "{output:?}");
}

#[test]
fn a_check_has_its_answer_for_programs_too() {
    let guest = wat("checked", "(module (memory 2) (func (export \"_start\")))");
    let output = Sublet::alone().args(["check", "--json"]).arg(&guest).run();
    let told = output.code(0).json();
    assert_eq!(told["kind"], "core");
    assert_eq!(told["memory_bytes_min"], 131_072);
    assert_eq!(told["needs"], serde_json::json!([]));
}

#[test]
fn a_check_says_what_a_module_would_be_refused_for_and_runs_nothing() {
    let browser = wat(
        "browser",
        "(module (import \"env\" \"alert\" (func)) (func (export \"_start\")))",
    );
    checked(&browser).code(1).says(&["S0412", "env", "alert"]);
    let library = wat("library", "(module (func (export \"add\")))");
    checked(&library).code(1).says(&["S0413"]);
    checked(bytes_of("text", b"hello")).code(1).says(&["S0401"]);
    checked("nowhere.wasm")
        .code(5)
        .says(&["S0702", "nowhere.wasm"]);
    // It would never end.
    let endless = wat(
        "endless",
        "(module (func (export \"_start\") (loop (br 0))))",
    );
    checked(&endless).code(0);
}

#[test]
fn the_interfaces_are_printed_as_they_are() {
    let text = fs::read_to_string(repository().join("guest-sdk/wit/job.wit")).unwrap();
    Sublet::alone().arg("wit").run().code(0).prints(&text);
}
