//! The guest of both grounds, built from its source and compiled once.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use sha2::{Digest, Sha256};
use sublet_sandbox::{Preemption, compile};

/// Who makes guests give way, on both grounds.
pub(crate) const PREEMPTION: Preemption = Preemption::Checks;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/pairs.rs");

/// Machine code of the guest.
pub(crate) fn artifact() -> anyhow::Result<Vec<u8>> {
    let compiled = compile(&built()?, PREEMPTION)?;
    Ok(compiled.artifact)
}

/// Built once for each state of its source and each compiler. The file appears whole.
fn built() -> anyhow::Result<Vec<u8>> {
    let [a, b, c, d, ..] = sha256(&fs::read(SOURCE)?);
    let version = env!("CARGO_PKG_RUST_VERSION");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let wasm = folder.join(format!("pairs-{version}-{a:02x}{b:02x}{c:02x}{d:02x}.wasm"));
    if !wasm.exists() {
        let folder = tempfile::tempdir_in(folder)?;
        let fresh = folder.path().join("pairs.wasm");
        let output = Command::new("rustc")
            .args(["--edition=2024", "--target=wasm32-wasip2", "-O"])
            .args(["-Cstrip=symbols", SOURCE, "-o"])
            .arg(&fresh)
            .output()?;
        ensure!(
            output.status.success(),
            "the guest does not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::rename(fresh, &wasm)?;
    }
    Ok(fs::read(wasm)?)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
