//! Writes `src/host/imports/bindings.rs` from `wit/job.wit`. The file is committed, because a generator would cost every
//! author of a job a minute of compiling; a test here says when it is stale.

use std::path::Path;
use std::{fs, str};

use anyhow::{Context as _, Result};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::Opts;

const WIT: &str = "../wit";
const BINDINGS: &str = "../src/host/imports/bindings.rs";

fn main() -> Result<()> {
    fs::write(here(BINDINGS), generated()?).context("the bindings cannot be written")
}

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn generated() -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(here(WIT))?;
    let world = resolve.select_world(&[package], Some("job"))?;
    let options = Opts {
        generate_all: true,
        format: true,
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, text) = files.iter().next().context("nothing was generated")?;
    Ok(str::from_utf8(text)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bindings_are_those_of_the_wit() {
        let committed = fs::read_to_string(here(BINDINGS)).unwrap();
        assert!(
            committed == generated().unwrap(),
            "stale: run `cargo run -p sublet-job-bindings` in guest-sdk"
        );
    }
}
