//! What an attempt finds around it: its variables, its directories, its standard input.

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::{CWD, Mode, OFlags, openat};
use sublet_sandbox::{Access, Directory, Facts, Input, Job};
use sublet_scheduler::AttemptId;

use crate::listener::Listener;
use crate::network;
use crate::protocol::{Definition, Stdin};
use crate::reports::{self, Reports};

/// The folders in the directory of an attempt: scratch space, what becomes artifacts, and what it says of itself.
pub const ATTEMPT_FOLDERS: [&str; 3] = [SCRATCH, OUT, REPORTS];

const SCRATCH: &str = "tmp";
pub(crate) const OUT: &str = "out";
const REPORTS: &str = "run";

/// Where a guest sees each of them, and what it is handed from the attempt before.
const SCRATCH_GUEST_PATH: &str = "/tmp";
const OUT_GUEST_PATH: &str = "/out";
const REPORTS_GUEST_PATH: &str = "/run/sublet";
const STATE_GUEST_PATH: &str = "/state";

/// The variables that all attempts of a job see: the job's own, then those that say which job it is.
pub(crate) fn shared_variables(definition: &Definition) -> Arc<[(String, String)]> {
    let mut variables = definition.env.clone();
    variables.push(("SUBLET_JOB_ID".to_owned(), definition.public_id.clone()));
    variables.push((
        "SUBLET_TASK_COUNT".to_owned(),
        definition.task_count.to_string(),
    ));
    if let Some(name) = &definition.name {
        variables.push(("SUBLET_JOB_NAME".to_owned(), name.clone()));
    }
    if definition.has_directories() {
        let files = [
            ("SUBLET_PROGRESS", reports::PROGRESS),
            ("SUBLET_SUMMARY", reports::SUMMARY),
            ("SUBLET_STOP", reports::STOP),
        ];
        let file =
            |(name, file): (&str, &str)| (name.to_owned(), format!("{REPORTS_GUEST_PATH}/{file}"));
        variables.extend(files.map(file));
    }
    variables.into()
}

/// The variables that say which attempt it is, and until when it may run.
pub(crate) fn own_variables(
    attempt: AttemptId,
    deadline: Option<Timestamp>,
) -> Vec<(String, String)> {
    let mut variables = vec![
        ("SUBLET_TASK_INDEX".to_owned(), attempt.task.to_string()),
        ("SUBLET_ATTEMPT".to_owned(), attempt.number.to_string()),
    ];
    if let Some(deadline) = deadline {
        variables.push(("SUBLET_DEADLINE".to_owned(), format!("{deadline:.3}")));
    }
    variables
}

/// The variable that says under which name the others on its network find an attempt that has a place there.
pub(crate) fn host_name_variable(definition: &Definition, task: u32) -> (String, String) {
    (
        "SUBLET_HOSTNAME".to_owned(),
        network::own_name(definition, task),
    )
}

/// Arguments as the guest sees them, its own name first. The same for every attempt of a job.
pub(crate) fn arguments(definition: &Definition) -> Arc<[String]> {
    std::iter::once(&definition.program)
        .chain(&definition.args)
        .cloned()
        .collect()
}

/// The directories granted to one attempt.
pub(crate) fn directories(
    definition: &Definition,
    attempt: AttemptId,
    root: &Path,
) -> Vec<Directory> {
    let mut directories: Vec<Directory> = definition
        .mounts
        .iter()
        .map(|mount| Directory {
            host: root.join(&mount.host),
            guest: mount.guest.clone(),
            access: if mount.writable {
                Access::ReadWrite
            } else {
                Access::ReadOnly
            },
            counted: false,
        })
        .collect();
    if definition.has_directories() {
        for (host, guest) in own_directories(attempt) {
            // Whoever runs a module at their own terminal may have put another one there.
            if directories.iter().all(|directory| directory.guest != guest) {
                directories.push(Directory {
                    host: root.join(host),
                    guest: guest.to_owned(),
                    access: Access::ReadWrite,
                    counted: true,
                });
            }
        }
    }
    directories
}

/// What an attempt has for itself, below the worker's directory, and where the guest sees it. All of it counts towards
/// one limit.
fn own_directories(attempt: AttemptId) -> [(String, &'static str); 4] {
    let folder = |name: &str| format!("{}/{name}", attempt_path(attempt));
    [
        (folder(SCRATCH), SCRATCH_GUEST_PATH),
        (folder(OUT), OUT_GUEST_PATH),
        (folder(REPORTS), REPORTS_GUEST_PATH),
        (state_path(attempt), STATE_GUEST_PATH),
    ]
}

/// The directory of an attempt, below the worker's directory. Whoever starts the attempt makes it before, with its
/// folders, and removes it after.
pub(crate) fn attempt_path(attempt: AttemptId) -> String {
    format!(
        "attempts/{}-{}-{}",
        attempt.job.0, attempt.task, attempt.number
    )
}

/// What the attempts of a task hand on to each other.
pub(crate) fn state_path(attempt: AttemptId) -> String {
    format!("state/{}/{}", attempt.job.0, attempt.task)
}

/// Where the attempt says something of itself, if it can.
pub(crate) fn reports_of(
    definition: &Definition,
    attempt: AttemptId,
    root: &Path,
) -> std::io::Result<Reports> {
    let folder = definition
        .has_directories()
        .then(|| root.join(attempt_path(attempt)).join(REPORTS));
    Reports::of(folder.as_deref())
}

/// What the guest reads from its standard input.
pub(crate) async fn stdin(definition: &Definition, root: &Path) -> std::io::Result<Input> {
    Ok(match &definition.stdin {
        Stdin::Empty => Input::Empty,
        Stdin::File(path) => Input::Reader(Box::new(tokio::fs::File::open(root.join(path)).await?)),
        Stdin::Inherit => Input::Reader(Box::new(tokio::io::stdin())),
    })
}

/// What a module that speaks of its job is told, and by whom it is heard. Of others it hears nothing yet.
pub(crate) fn job(
    definition: &Definition,
    attempt: AttemptId,
    root: &Path,
    listener: Listener,
) -> std::io::Result<Job> {
    let granted = directories(definition, attempt, root);
    let folder = |guest: &str| {
        let mut writable = granted.iter().filter(|one| one.access == Access::ReadWrite);
        let found = writable.find(|directory| directory.guest == guest);
        found.map(open).transpose()
    };
    let input = match &definition.stdin {
        Stdin::File(path) => Some(File::open(root.join(path))?),
        Stdin::Inherit => own_input()?,
        Stdin::Empty => None,
    };
    Ok(Job {
        facts: Facts {
            job: definition.public_id.clone(),
            name: definition.name.clone(),
            task: (
                attempt.task,
                u32::try_from(definition.task_count).unwrap_or(u32::MAX),
            ),
            attempt: attempt.number,
            labels: definition.labels.clone(),
            parent: definition.parent.clone(),
            host_name: None,
        },
        input,
        out: folder(OUT_GUEST_PATH)?,
        state: folder(STATE_GUEST_PATH)?,
        desk: Arc::new(listener),
        relatives: None,
    })
}

/// What somebody put there at their own terminal may be a link; what was made for the attempt is none.
fn open(directory: &Directory) -> std::io::Result<OwnedFd> {
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, directory.counted);
    Ok(openat(CWD, &directory.host, flags, Mode::empty())?)
}

/// Our own standard input where it is a file: what else it may be cannot be read from its middle.
fn own_input() -> std::io::Result<Option<File>> {
    let input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    Ok(input.metadata()?.is_file().then_some(input))
}
