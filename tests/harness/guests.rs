//! The programs that tests run inside the sandbox, built once per run of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{kept, repository, skip_loudly};

/// A guest: a file that `sublet` can be given.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) path: PathBuf,
}

impl AsRef<std::ffi::OsStr> for Guest {
    fn as_ref(&self) -> &std::ffi::OsStr {
        self.path.as_os_str()
    }
}

/// An example or the probe as a core module for WASI 0.1.
pub(crate) fn core(name: &str) -> Guest {
    built("wasm32-wasip1", name)
}

/// An example or the probe as a component for WASI 0.2.
pub(crate) fn component(name: &str) -> Guest {
    built("wasm32-wasip2", name)
}

/// A component that sends requests of `wasi:http`, as the sandbox's own tests use it.
pub(crate) fn requester() -> Guest {
    static BUILT: OnceLock<Guest> = OnceLock::new();
    let build = || apart("runtime/sandbox/tests/guests/http", "http");
    BUILT.get_or_init(build).clone()
}

/// A component that calls `sublet:job` as its arguments say.
pub(crate) fn interface() -> Guest {
    static BUILT: OnceLock<Guest> = OnceLock::new();
    let build = || apart("tests/guests/interface", "interface");
    BUILT.get_or_init(build).clone()
}

/// A component that is built apart from the other guests, because of what it depends on.
fn apart(folder: &str, name: &str) -> Guest {
    let target = kept(name);
    let mut command = Command::new(env!("CARGO"));
    without_cargo(&mut command);
    command
        .args(["build", "--locked", "--release", "--target=wasm32-wasip2"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(repository().join(folder));
    run_to_success(&mut command);
    Guest {
        path: target.join(format!("wasm32-wasip2/release/{name}.wasm")),
    }
}

/// A guest in the text format, as a file of its own.
pub(crate) fn wat(name: &str, text: &str) -> Guest {
    let path = kept("wat").join(format!("{name}.wat"));
    write_whole(&path, text.as_bytes());
    Guest { path }
}

/// Bytes as a file of their own, whatever they are.
pub(crate) fn bytes_of(name: &str, bytes: &[u8]) -> Guest {
    let path = kept("bytes").join(name);
    write_whole(&path, bytes);
    Guest { path }
}

/// The C example; none, and said loudly, where its compiler cannot be had.
pub(crate) fn sieve() -> Option<Guest> {
    const UNAVAILABLE: i32 = 69;
    let output = Command::new(repository().join("examples/sieve/build"))
        .output()
        .expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(UNAVAILABLE) {
        skip_loudly(said.trim());
        return None;
    }
    assert!(output.status.success(), "{said}");
    Some(Guest {
        path: repository().join("examples/target/c/sieve.wasm"),
    })
}

fn built(target: &str, name: &str) -> Guest {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(build);
    let file = format!("{target}/release/{name}.wasm");
    let path = repository().join("examples/target").join(file);
    assert!(path.exists(), "no guest {}", path.display());
    Guest { path }
}

fn build() {
    let mut command = Command::new(repository().join("examples/build"));
    without_cargo(&mut command);
    run_to_success(&mut command);
}

/// What cargo tells the tests about their own build is not meant for the guests.
fn without_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_") && text != "CARGO_HOME" || text == "RUSTFLAGS" {
            command.env_remove(&name);
        }
    }
}

fn run_to_success(command: &mut Command) {
    let output = command.output().expect("bash and cargo are installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "the guests do not build:\n{said}");
}

/// Tests run side by side, so a file is seen whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return;
    }
    let directory = path.parent().expect("a file lies in a directory");
    let mut file = tempfile::NamedTempFile::new_in(directory).expect("a file can be made");
    std::io::Write::write_all(&mut file, bytes).expect("a file can be written");
    file.persist(path).expect("a file can be renamed");
}
