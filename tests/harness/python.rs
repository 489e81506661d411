//! A Python program with sockets, made into a component as `docs/networks.md` tells it, and kept.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

use super::programs::componentize_py;
use super::{Guest, kept, repository, sha256};

const WORLD: &str = "package local:talk;\nworld talk {\n  include wasi:cli/command@WASI;\n}\n";

/// The program that talks over plain sockets; none, and said loudly, where its tool cannot be had.
pub(crate) fn talk() -> Option<Guest> {
    // Who comes second finds what the first has built.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILDING.lock();

    let tool = componentize_py()?;
    let source = repository().join("tests/guests/python/talk.py");
    let text = fs::read(&source).expect("the repository is whole");
    let tool_name = tool.file_name().map_or(&[][..], OsStr::as_bytes);
    let digest = sha256(&[&text, WORLD.as_bytes(), tool_name].concat());
    let path = kept("python").join(format!("talk-{}.wasm", &digest[..8]));
    if !path.exists() {
        build(&tool, &source, &path);
    }
    Some(Guest { path })
}

fn build(tool: &Path, source: &Path, path: &Path) {
    let folder = tempfile::tempdir_in(kept("python")).expect("a directory can be made");
    let beside = |name: &str| folder.path().join(name);
    fs::copy(source, beside("talk.py")).expect("a file can be copied");
    write_interfaces(&beside("wit"));
    let output = Command::new("python3")
        .env("PYTHONPATH", tool)
        .current_dir(folder.path())
        .args(["-c", "import componentize_py; componentize_py.script()"])
        .args(["-d", "wit", "-w", "talk", "componentize", "talk"])
        .args(["-o", "talk.wasm"])
        .output()
        .expect("what fetched the tool can run it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "the program does not build:\n{said}"
    );
    fs::rename(beside("talk.wasm"), path).expect("a file can be renamed");
}

/// The world of the program, and below it the texts of WASI 0.2, of which the crate that we build upon has a copy.
fn write_interfaces(wit: &Path) {
    let deps = wit.join("deps");
    fs::create_dir_all(&deps).expect("a directory can be made");
    let theirs = fs::read_dir(interfaces()).expect("the crate has its interfaces");
    for entry in theirs {
        let entry = entry.expect("a directory can be read");
        fs::copy(entry.path(), deps.join(entry.file_name())).expect("a file can be copied");
    }
    let cli = fs::read_to_string(deps.join("cli.wit")).expect("it is one of them");
    let version = cli
        .lines()
        .find_map(|line| line.strip_prefix("package wasi:cli@")?.strip_suffix(';'))
        .expect("it says its version");
    let world = WORLD.replace("WASI", version);
    fs::write(wit.join("world.wit"), world).expect("a file can be written");
}

fn interfaces() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version=1"])
        .current_dir(repository())
        .output()
        .expect("cargo runs these tests");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "wasmtime-wasi")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("we build upon it");
    Path::new(manifest).with_file_name("src/p2/wit/deps")
}
