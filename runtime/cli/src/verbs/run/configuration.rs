//! From flags to what is run: files are read, directories are found, nothing is started.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sublet_api::{Code, JobNetwork, Limits as Asked, NetworkMode, Publish};
use sublet_daemon::paths;
use sublet_worker::local::{LocalInput, LocalJob, LocalNetwork, Publication, speaks_job};
use sublet_worker::{Access, Directory, Limits};
use tempfile::TempDir;

use super::Run;
use crate::arguments::word::DirectoryGrant;
use crate::failure::Failure;
use crate::module_file::{Binary, Source, unreadable};
use crate::tree::{self, Mount, copy, unwritable};

/// What the guest is called when its module came from stdin.
const PROGRAM_DEFAULT: &str = "module";
/// How long a guest may go on once it is asked to end, as on a server.
const GRACE_MS_DEFAULT: u64 = 300;
/// The disk of each task whose `/out` is wanted, where nobody said how much.
const OUT_BYTES_DEFAULT: u64 = 1 << 30;
/// The disk of a module that speaks of its job, as on a server.
const JOB_DISK_BYTES_DEFAULT: u64 = 64 << 20;

/// What is run, and what must live as long.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) job: LocalJob,
    /// The limits that hold, all said.
    pub(super) limits: Asked,
    /// Copies of inputs; they go with it.
    _copies: Vec<TempDir>,
}

/// What these flags mean on this machine.
pub(super) fn of(run: &Run) -> Result<Configuration, Failure> {
    let (file, args) = run.command();
    let source = Source::of_file(file);
    let stdin = stdin(&source, run.given.input.as_deref())?;
    let asked = run.given.limits();
    let mut limits = limits(&asked);

    let network = network(run.given.network()?);
    let mut copies = Vec::new();
    let directories = directories(run, &mut copies)?;
    let binary = match &source {
        Source::File(path) => Binary::read(path)?,
        Source::Stdin | Source::Reference(_) => Binary::read_stdin()?,
    };
    if asked.scratch_bytes.is_none() {
        limits.scratch_bytes = match &run.out {
            Some(_) => OUT_BYTES_DEFAULT,
            None if speaks_job(&binary.bytes) => JOB_DISK_BYTES_DEFAULT,
            None => 0,
        };
    }
    let (first, last) = run.given.array.unwrap_or((0, 0));
    let job = LocalJob {
        wasm: binary.bytes,
        program: program(&source),
        args: args.to_vec(),
        env: run.given.environment()?.into_iter().collect(),
        name: run.given.name.clone().or_else(|| source.name()),
        limits,
        cpu_millis: asked.cpu_millis,
        grace_ms: run.given.grace.unwrap_or(GRACE_MS_DEFAULT),
        out: run.out.clone(),
        directories,
        stdin,
        tasks: first..=last,
        cache: Some(paths::cache_directory()),
        compiler: compiler()?,
        network,
    };
    Ok(Configuration {
        job,
        limits: said(&limits),
        _copies: copies,
    })
}

/// The network that the tasks share, as far as the flags open it.
fn network(asked: Option<JobNetwork>) -> Option<LocalNetwork> {
    let asked = asked.unwrap_or_default();
    let publish = |one: &Publish| Publication {
        host_port: one.host_port,
        guest_port: one.guest_port,
    };
    match asked.mode {
        NetworkMode::None => None,
        NetworkMode::Own => Some(LocalNetwork {
            publish: asked.publish.iter().map(publish).collect(),
            allow: asked.allow,
        }),
    }
}

fn program(source: &Source) -> String {
    match source {
        Source::File(path) => path.file_name().and_then(|name| name.to_str()),
        Source::Stdin | Source::Reference(_) => None,
    }
    .unwrap_or(PROGRAM_DEFAULT)
    .to_owned()
}

/// This executable, which compiles in a process of its own.
pub(in crate::verbs) fn compiler() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| {
        Failure::new(
            Code::LocalFault,
            "the path of this program is not known, and it compiles in a process of its own",
        )
        .caused_by(&error)
    })
}

fn stdin(source: &Source, input: Option<&str>) -> Result<LocalInput, Failure> {
    match (source, input) {
        (Source::Stdin, Some("-")) => Err(Failure::usage(
            "module and input cannot both come from stdin",
        )
        .help("put one of them into a file")),
        (Source::Stdin, None) => Ok(LocalInput::Empty),
        (_, None | Some("-")) => Ok(LocalInput::Inherit),
        (_, Some(path)) => {
            let path = PathBuf::from(path);
            fs::File::open(&path).map_err(|error| unreadable(&path, &error))?;
            Ok(LocalInput::File(path))
        }
    }
}

/// What was asked for, over the defaults that a server has too.
fn limits(asked: &Asked) -> Limits {
    let default = Limits::default();
    Limits {
        memory_bytes: asked.memory_bytes.unwrap_or(default.memory_bytes),
        cpu_ms: asked.cpu_time_ms.or(default.cpu_ms),
        wall_ms: asked.timeout_ms.unwrap_or(default.wall_ms),
        output_bytes: asked.output_bytes.unwrap_or(default.output_bytes),
        scratch_bytes: asked.scratch_bytes.unwrap_or(default.scratch_bytes),
        open_files: asked.open_files.unwrap_or(default.open_files),
        ..default
    }
}

/// The limits in the API's words, as messages tell them.
const fn said(limits: &Limits) -> Asked {
    Asked {
        cpu_millis: None,
        memory_bytes: Some(limits.memory_bytes),
        timeout_ms: Some(limits.wall_ms),
        cpu_time_ms: limits.cpu_ms,
        output_bytes: Some(limits.output_bytes),
        scratch_bytes: Some(limits.scratch_bytes),
        open_files: Some(limits.open_files),
    }
}

/// Directories as they are, and inputs read-only; no two at one place.
fn directories(run: &Run, copies: &mut Vec<TempDir>) -> Result<Vec<Directory>, Failure> {
    let mut directories: Vec<Directory> = run
        .directories
        .iter()
        .map(granted)
        .collect::<Result<_, _>>()?;
    for mount in tree::mounts(&run.given.inputs)? {
        directories.push(input(mount, copies)?);
    }
    let mut places = BTreeSet::new();
    match directories
        .iter()
        .find(|directory| !places.insert(&directory.guest))
    {
        Some(twice) => Err(
            Failure::usage(format!("two directories would be at {}", twice.guest))
                .help("give one another place, with --dir HOST::GUEST or --in PATH:GUEST"),
        ),
        None => Ok(directories),
    }
}

fn granted(grant: &DirectoryGrant) -> Result<Directory, Failure> {
    let host = &grant.host;
    let facts = fs::metadata(host).map_err(|error| unreadable(host, &error))?;
    if !facts.is_dir() {
        return Err(
            unreadable(host, &io::Error::from(io::ErrorKind::NotADirectory))
                .help("--in grants a single file"),
        );
    }
    let access = if grant.read_only {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    Ok(Directory {
        host: host.clone(),
        guest: grant.guest.clone(),
        access,
        counted: false,
    })
}

/// A directory is granted itself, read-only; what is put together from several places is copied first.
fn input(mount: Mount, copies: &mut Vec<TempDir>) -> Result<Directory, Failure> {
    let host = match mount.whole_directory() {
        Some(directory) => directory.to_owned(),
        None => {
            let copied = TempDir::new().map_err(|error| unwritable(&error))?;
            copy(&mount.entries()?, copied.path())?;
            let place = Path::to_owned(copied.path());
            copies.push(copied);
            place
        }
    };
    Ok(Directory {
        host,
        guest: mount.guest,
        access: Access::ReadOnly,
        counted: false,
    })
}
