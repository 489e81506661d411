//! What may be imported. The names stand here as well as in the linkers, so that a missing one is named before anything
//! is compiled; a test compares the two, and linking checks the types once more.

use std::fmt;

use crate::component::PACKAGE;
use crate::link::PREVIEW1;
use crate::text::shown;
use crate::{Refusal, RefusalCode};

/// The functions of WASI 0.1.
pub(crate) const PREVIEW1_FUNCTIONS: [&str; 46] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// The interfaces of WASI 0.2, of any 0.2 version.
pub(crate) const PREVIEW2_INTERFACES: [&str; 29] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// The interfaces of the package for jobs, of any 0.1 version.
pub(crate) const JOB_INTERFACES: [&str; 8] = [
    "sublet:job/artifacts",
    "sublet:job/checkpoint",
    "sublet:job/children",
    "sublet:job/context",
    "sublet:job/payload",
    "sublet:job/peers",
    "sublet:job/report",
    "sublet:job/types",
];

/// What is said where something else of the package is wanted.
const OF_THE_JOB: &str = "of sublet:job@0.1 there are context, payload, report, checkpoint, artifacts, children and peers: build it without the others";

/// One import. Its parts are kept apart: the version in a module's name has dots, and so have the names of methods.
#[derive(Debug)]
pub(super) enum Import {
    /// Of a core module.
    Function { module: String, name: String },
    /// Of a component.
    Interface(String),
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { module, name } => write!(f, "{module}.{name}"),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

/// Names the first that is not known, in the order of the file, and how many more there are.
pub(super) fn check(imports: &[Import]) -> Result<(), Refusal> {
    let check = |import: &Import| match import {
        Import::Function { module, name } => check_core(module, name),
        Import::Interface(name) => check_component(name),
    };
    let mut refusals = imports.iter().filter_map(|import| check(import).err());
    let Some(mut refusal) = refusals.next() else {
        return Ok(());
    };
    match refusals.count() {
        0 => {}
        more => refusal.message.push_str(&format!(" (and {more} more)")),
    }
    Err(refusal)
}

fn check_core(module: &str, name: &str) -> Result<(), Refusal> {
    if module == PREVIEW1 && PREVIEW1_FUNCTIONS.contains(&name) || is_of_the_job(module) {
        return Ok(());
    }
    let advice = match module {
        "wasi_unstable" => "that is WASI before 0.1: build it with a current toolchain",
        PREVIEW1 if name.starts_with("sock_") => {
            "WASI 0.1 can make no sockets: build it for WASI 0.2 (wasm32-wasip2)"
        }
        PREVIEW1 => "WASI 0.1 has no such function: build it with a current toolchain",
        _ if module.starts_with(PACKAGE) => OF_THE_JOB,
        _ if module.starts_with("wasi:") => {
            "that is WASI 0.2, which components alone can import: build it for wasm32-wasip2"
        }
        _ => {
            "build it as a WASI command (wasm32-wasip1 or wasm32-wasip2) with all libraries linked in"
        }
    };
    let (module, name) = (shown(module), shown(name));
    Err(unknown(format!(
        "the module imports `{module}`.`{name}`, which nothing provides: {advice}"
    )))
}

fn check_component(import: &str) -> Result<(), Refusal> {
    let (interface, version) = parts(import);
    if PREVIEW2_INTERFACES.contains(&interface) && version.starts_with("0.2.") {
        return Ok(());
    }
    if is_of_the_job(import) {
        return Ok(());
    }
    let shown = shown(import);
    let advice = if interface.starts_with(PACKAGE) {
        OF_THE_JOB
    } else if version.starts_with("0.3.") {
        "WASI 0.3 is not available yet: build it for WASI 0.2 (wasm32-wasip2)"
    } else if interface.starts_with("wasi:http/") {
        "of wasi:http there are outgoing requests alone: to serve, listen at a socket of WASI 0.2 (wasm32-wasip2)"
    } else {
        "build it as a WASI command (wasm32-wasip1 or wasm32-wasip2)"
    };
    Err(unknown(format!(
        "the component imports `{shown}`, which nothing provides: {advice}"
    )))
}

fn is_of_the_job(import: &str) -> bool {
    let (interface, version) = parts(import);
    JOB_INTERFACES.contains(&interface) && version.starts_with("0.1.")
}

/// An interface and its version.
fn parts(import: &str) -> (&str, &str) {
    import.split_once('@').unwrap_or((import, ""))
}

fn unknown(message: String) -> Refusal {
    Refusal::new(RefusalCode::UnknownImport, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preemption;
    use crate::link::Linkers;
    use crate::{compile, config};

    #[test]
    fn every_interface_that_is_known_is_linked() {
        let engine = wasmtime::Engine::new(&config::compiling(Preemption::Checks)).unwrap();
        let linkers = Linkers::new(&engine).unwrap();
        let wasi = PREVIEW2_INTERFACES.map(|interface| format!("{interface}@0.2.0"));
        // By its track: a later 0.1 links to this one, as long as it asks for what is there.
        let job = JOB_INTERFACES.map(|interface| format!("{interface}@0.1.7"));
        for interface in wasi.iter().chain(&job) {
            let text = format!("(component (import \"{interface}\" (instance)))");
            let component =
                wasmtime::component::Component::new(&engine, wat::parse_str(text).unwrap())
                    .unwrap();
            assert!(
                linkers.component.instantiate_pre(&component).is_ok(),
                "{interface}"
            );
        }
    }

    #[test]
    fn every_function_that_is_known_is_linked() {
        // A function of a type that it cannot have is answered by its real type, an absent one is not.
        for name in PREVIEW1_FUNCTIONS {
            let import = format!("(import \"{PREVIEW1}\" \"{name}\" (func (param v128)))");
            let text = format!("(module {import} (func (export \"_start\")))");
            let refusal = compile(&wat::parse_str(text).unwrap(), Preemption::Checks).unwrap_err();
            assert!(
                refusal.message.contains("incompatible import type"),
                "{refusal}"
            );
        }
    }
}
