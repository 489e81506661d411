//! What it costs that a job submits its tasks one by one: a parent with so many children, against an array of as many tasks
//! of the same module that do the same. The array is the floor: one submission, and nobody who waits for each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::Scale;
use crate::report::Pairs;
use crate::server::{self, Server};
use crate::throughput::duration;

/// One sub-cluster, in which children with their parent's timeout stand beside short jobs.
const CONFIGURATION: &str = "[pool]
reserve = { cpu = 0.5, memory = \"256MiB\" }
[[subcluster]]
name = \"default\"
slot = { cpu = 0.07, memory = \"16MiB\" }
[defaults.job]
cpu = 0.001
";

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(10_000, 20);
    let module = module()?;
    let folder = server::directory()?;
    let write = |name: &str, text: String| -> anyhow::Result<String> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    };
    let parts = vec!["\"to be\""; usize::try_from(count)?].join(",");
    let all = write("all.json", format!("{{\"Texts\": [{parts}]}}"))?;
    let part = write("part.json", "{\"Text\":\"to be\"}".to_owned())?;
    let last = format!("0-{}", count - 1);
    let mut times = Pairs::default();
    for _ in 0..scale.of(3, 1) {
        let server = Server::configured(CONFIGURATION)?;
        let given = ["--timeout", "1h", "--memory", "16MiB"];
        let array = ["--array", &last, "--input", &part, &module];
        let floor = took(&server, &[&given[..], &array].concat())?;
        let family = ["--children", "--input", &all, &module];
        let ours = took(&server, &[&given[..], &family].concat())?;
        times.push_times(ours, floor);
    }
    times.show(
        &format!("fan-out: {count} children of one parent, waited for; floor: an array of {count}"),
        "s",
    );
    Ok(())
}

fn took(server: &Server, arguments: &[&str]) -> anyhow::Result<Duration> {
    duration(&server.submit_and_wait(arguments)?)
}

fn module() -> anyhow::Result<String> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/target/wasm32-wasip2/release/family.wasm");
    ensure!(
        path.exists(),
        "the example `family` is not built: examples/build"
    );
    Ok(path.to_str().context("a path in UTF-8")?.to_owned())
}
