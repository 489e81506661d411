//! What an attempt finds around it: its variables, its directories, its standard input.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sublet_sandbox::{Access, Directory, Input};
use sublet_scheduler::AttemptId;

use crate::network;
use crate::protocol::{Definition, Stdin};

/// Where a guest sees its scratch space.
const SCRATCH_GUEST_PATH: &str = "/tmp";

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
    if definition.limits.scratch_bytes > 0 {
        directories.push(Directory {
            host: root.join(scratch_path(attempt)),
            guest: SCRATCH_GUEST_PATH.to_owned(),
            access: Access::ReadWrite,
            counted: true,
        });
    }
    directories
}

/// The scratch directory of an attempt, below the worker's directory. Whoever starts the attempt makes it before and
/// removes it after.
pub(crate) fn scratch_path(attempt: AttemptId) -> String {
    format!(
        "attempts/{}-{}-{}/tmp",
        attempt.job.0, attempt.task, attempt.number
    )
}

/// What the guest reads from its standard input.
pub(crate) async fn stdin(definition: &Definition, root: &Path) -> std::io::Result<Input> {
    Ok(match &definition.stdin {
        Stdin::Empty => Input::Empty,
        Stdin::File(path) => Input::Reader(Box::new(tokio::fs::File::open(root.join(path)).await?)),
        Stdin::Inherit => Input::Reader(Box::new(tokio::io::stdin())),
    })
}
