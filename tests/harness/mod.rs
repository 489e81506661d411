//! The plumbing of the tests: programs that are started, waited for with a deadline, and never left behind.

mod command;
mod guests;
pub(crate) mod http;
mod jobs;
mod programs;
mod python;
#[path = "../../scheduler/tests/sim/random.rs"]
mod random;
mod rules;
mod secrets;
mod server;
mod users;

mod processes;
mod wait;

pub(crate) use command::{Home, Output, Sublet};
pub(crate) use guests::{Guest, bytes_of, component, core, interface, requester, sieve, wat};
pub(crate) use http::{Answer, kept_request, request};
pub(crate) use processes::Process;
pub(crate) use programs::{componentize_py, cpython, cruby, icepll, zig};
pub(crate) use python::talk;
pub(crate) use random::Random;
pub(crate) use rules::{THREE, configuration, with};
pub(crate) use secrets::Secrets;
pub(crate) use server::{Server, shared};
pub(crate) use users::{Connection, Remote, address_of};
pub(crate) use wait::{DEADLINE, eventually, skip_loudly};

use std::path::{Path, PathBuf};

/// The repository that these tests belong to.
pub(crate) fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .expect("the manifest lies in runtime/cli")
}

/// Lower-case hex sha256, as everything that is uploaded is named.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A directory that stays from run to run: downloads and compiled code are kept here.
pub(crate) fn kept(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).expect("the target directory can be written");
    directory
}
