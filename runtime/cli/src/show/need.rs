//! What a module asks for, in words.

use serde::Serialize;
use sublet_worker::{Interface, Kind};

use super::{table, unit};
use crate::module_file::Binary;
use crate::output::Named;

/// What a module is, and what it needs.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    digest: String,
    kind: Kind,
    size_bytes: u64,
    memory_bytes_min: u64,
    functions: u64,
    needs: Vec<&'static str>,
    imports: Vec<String>,
}

/// Imports by how their names begin, and what they are for. Of several that fit, the first one counts.
const NEEDS: [(&str, &str); 31] = [
    ("wasi_snapshot_preview1.args_", ARGUMENTS),
    ("wasi_snapshot_preview1.environ_", ARGUMENTS),
    ("wasi_snapshot_preview1.clock_", CLOCKS),
    ("wasi_snapshot_preview1.random_", RANDOM),
    ("wasi_snapshot_preview1.path_", FILES),
    ("wasi_snapshot_preview1.fd_prestat_", FILES),
    ("wasi_snapshot_preview1.fd_readdir", FILES),
    ("wasi_snapshot_preview1.fd_", STREAMS),
    ("wasi_snapshot_preview1.proc_", EXIT),
    ("wasi_snapshot_preview1.poll_", WAITING),
    ("wasi_snapshot_preview1.sched_", WAITING),
    ("wasi_snapshot_preview1.sock_", NETWORK),
    ("wasi:cli/environment", ARGUMENTS),
    ("wasi:cli/exit", EXIT),
    ("wasi:cli/std", STREAMS),
    ("wasi:cli/terminal-", STREAMS),
    ("wasi:clocks/", CLOCKS),
    ("wasi:filesystem/", FILES),
    (
        "wasi:http/",
        "requests over HTTP, as far as the job allows them",
    ),
    ("wasi:io/poll", WAITING),
    ("wasi:io/", STREAMS),
    ("wasi:random/", RANDOM),
    ("wasi:sockets/", NETWORK),
    ("sublet:job/types", JOB),
    ("sublet:job/context", JOB),
    ("sublet:job/payload", "its input and output, from the host"),
    ("sublet:job/report", "to tell progress, logs and a summary"),
    ("sublet:job/checkpoint", "checkpoints"),
    (
        "sublet:job/artifacts",
        "to keep artifacts, and to read those of its family",
    ),
    ("sublet:job/children", "to submit jobs of its own"),
    ("sublet:job/peers", "to meet the user's other tasks"),
];

const ARGUMENTS: &str = "arguments and environment variables";
const CLOCKS: &str = "the time";
const RANDOM: &str = "random bytes";
const FILES: &str = "the directories that the job gives it";
const STREAMS: &str = "stdin, stdout and stderr";
const EXIT: &str = "to exit with a code";
const WAITING: &str = "to wait";
const NETWORK: &str = "the user's network";
const JOB: &str = "to know its job, and whether it should stop";
/// For an import that is younger than this list.
const OTHER: &str = "something else, see its imports";

impl Checked {
    pub(crate) fn new(binary: &Binary, interface: Interface) -> Self {
        Self {
            digest: binary.digest(),
            kind: interface.kind,
            size_bytes: binary.size_bytes(),
            memory_bytes_min: interface.memory_bytes_min,
            functions: interface.functions,
            needs: needs(&interface.imports),
            imports: interface.imports,
        }
    }
}

impl Named for Checked {
    fn name(&self) -> String {
        self.digest.clone()
    }
}

/// Each need once, in the order of the imports.
fn needs(imports: &[String]) -> Vec<&'static str> {
    let mut needs = Vec::new();
    for import in imports {
        let known = NEEDS.iter().find(|(start, _)| import.starts_with(start));
        let need = known.map_or(OTHER, |(_, need)| *need);
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs
}

/// All of it, for people.
pub(crate) fn page(checked: &Checked) -> String {
    let kind = match checked.kind {
        Kind::Core => "core module, WASI 0.1",
        Kind::Component => "component, WASI 0.2",
    };
    let mut needs = checked.needs.iter();
    let first = needs.next().copied().unwrap_or("nothing of its host");
    let rest = needs.map(|need| ("", Some((*need).to_owned())));
    let facts = [
        ("digest", Some(checked.digest.clone())),
        ("kind", Some(kind.to_owned())),
        ("size", Some(unit::bytes(checked.size_bytes))),
        (
            "memory",
            Some(format!(
                "{} before its first instruction",
                unit::bytes(checked.memory_bytes_min)
            )),
        ),
        ("needs", Some(first.to_owned())),
    ];
    table::page(facts.into_iter().chain(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(imports: &[&str], expected: &[&str]) {
        let imports: Vec<_> = imports.iter().map(|import| (*import).to_owned()).collect();
        assert_eq!(needs(&imports), expected);
    }

    #[test]
    fn each_need_is_told_once() {
        check(
            &[
                "wasi_snapshot_preview1.fd_write",
                "wasi_snapshot_preview1.fd_read",
                "wasi_snapshot_preview1.fd_prestat_get",
                "wasi_snapshot_preview1.path_open",
                "wasi_snapshot_preview1.proc_exit",
            ],
            &[STREAMS, FILES, EXIT],
        );
        check(
            &[
                "wasi:sockets/tcp@0.2.0",
                "sublet:job/children@0.1.0",
                "wasi:io/poll@0.2.6",
            ],
            &[NETWORK, "to submit jobs of its own", WAITING],
        );
    }

    #[test]
    fn what_is_not_known_is_not_hidden() {
        check(&["new:thing/of@1.0.0"], &[OTHER]);
    }
}
