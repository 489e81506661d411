//! What a submission may say, field by field, and the defaults for what it does not say.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use sublet_api::{Code, InputMount, Restart as WireRestart, SubmitJob};
use sublet_scheduler::{Limits, Restart, TaskRange};
use sublet_store::{JobSpec, NewInput, StoredDependency};

use super::network::network;
use super::{LABEL_BYTES_MAX, job_name, length, within, word};
use crate::config::{Config, DEFAULT_RESTART};
use crate::http::inputs;
use crate::http::problem::{Answer, ApiError};

/// Bytes of all arguments: the guest copies them into its memory.
const ARGS_BYTES_MAX: usize = 64 << 10;
/// Bytes of the environment, and the number of its variables.
const ENV_BYTES_MAX: usize = 64 << 10;
const ENV_COUNT_MAX: usize = 256;
/// Variables that say who the guest is begin so.
const RESERVED_PREFIX: &str = "SUBLET_";
const LABELS_MAX: usize = 64;
const INPUTS_MAX: usize = 16;
const PATH_BYTES_MAX: usize = 1024;
/// How deep a family of jobs may be below the one that people submitted: each generation keeps a slot free.
const GENERATIONS_MAX: u64 = 3;
const PRIORITY_MAX: i32 = 1_000;
const RETRIES_MAX: u64 = 100;
/// One WebAssembly page is the least memory that is one.
const MEMORY_BYTES_MIN: u64 = 64 << 10;
const MEMORY_BYTES_MAX: u64 = 4 << 30;
const CPU_MILLIS_MAX: u64 = 4_096_000;
/// Thirty days.
const TIME_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;
const OUTPUT_BYTES_MAX: u64 = 1 << 30;
const SCRATCH_BYTES_MAX: u64 = 64 << 30;
const OPEN_FILES_MAX: u64 = 256;
/// How long a guest may take to end at most: a server that stops waits for it.
const GRACE_MS_MAX: u64 = 60_000;
/// Short enough that a cancel ends any guest within two seconds.
const GRACE_MS_DEFAULT: u64 = 300;
/// Where guests see what is their own.
const OWN_PATHS: [&str; 4] = ["/tmp", "/out", "/state", "/run/sublet"];

/// The job's description as it is stored; inputs are not looked up here.
pub(in crate::http) fn spec(
    asked: &SubmitJob,
    program: String,
    after: Vec<StoredDependency>,
    config: &Config,
) -> Answer<JobSpec> {
    if let Some(name) = &asked.name {
        job_name(name)?;
    }
    arguments(&asked.args)?;
    environment(&asked.env)?;
    labels(&asked.labels)?;
    let priority = asked.priority.unwrap_or_default();
    if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&priority) {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!("priority is {priority}, allowed is -{PRIORITY_MAX} to {PRIORITY_MAX}"),
        )
        .at(
            "/priority",
            u64::try_from(PRIORITY_MAX).ok(),
            u64::try_from(priority).ok(),
        ));
    }
    let (cpu_millis, limits) = limits(&asked.limits, config)?;
    if let Some(class) = &asked.class {
        word("/class", class, |byte| {
            byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
        })?;
    }
    let grace_ms = asked.grace_ms.unwrap_or(GRACE_MS_DEFAULT);
    within("/grace_ms", grace_ms, 0, GRACE_MS_MAX)?;
    let tasks = gang(asked.gang, asked.array)?;
    Ok(JobSpec {
        network: network(asked.network.as_ref(), &tasks)?,
        tasks,
        module_name: asked.module.clone(),
        class: asked.class.clone().unwrap_or_default(),
        gang: asked.gang.is_some(),
        generations: generations(asked.generations)?,
        subcluster: asked.subcluster.clone(),
        after,
        program,
        args: asked.args.clone(),
        env: asked.env.clone().into_iter().collect(),
        cpu_millis,
        limits,
        grace_ms,
        labels: asked.labels.clone(),
        priority,
        restart: asked.restart.map_or(Ok(DEFAULT_RESTART), restart)?,
        stdin: asked
            .stdin
            .as_deref()
            .map(|digest| inputs::parse("/stdin", digest))
            .transpose()?,
        inputs: mounts(&asked.inputs)?,
    })
}

fn arguments(args: &[String]) -> Answer<()> {
    length(
        "/args",
        args.iter().map(|arg| arg.len() + 1).sum(),
        ARGS_BYTES_MAX,
    )?;
    no_nul("/args", args.iter())
}

fn environment(env: &BTreeMap<String, String>) -> Answer<()> {
    length("/env", env.len(), ENV_COUNT_MAX)?;
    length(
        "/env",
        env.iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum(),
        ENV_BYTES_MAX,
    )?;
    no_nul("/env", env.iter().flat_map(|(name, value)| [name, value]))?;
    for name in env.keys() {
        if name.is_empty() || name.contains('=') {
            return Err(at_fault(
                "/env",
                format!("`{}` cannot be the name of a variable", name.escape_debug()),
            ));
        }
        if name.starts_with(RESERVED_PREFIX) {
            return Err(at_fault(
                "/env",
                format!("`{name}`: names that begin with {RESERVED_PREFIX} are the server's"),
            ));
        }
    }
    Ok(())
}

/// Labels of a job or of a node.
pub(in crate::http) fn labels(labels: &BTreeMap<String, String>) -> Answer<()> {
    length("/labels", labels.len(), LABELS_MAX)?;
    for (key, value) in labels {
        length("/labels", key.len(), LABEL_BYTES_MAX)?;
        length("/labels", value.len(), LABEL_BYTES_MAX)?;
        if key.is_empty()
            || key.contains('=')
            || (key.clone() + value).chars().any(char::is_control)
        {
            return Err(at_fault(
                "/labels",
                format!("`{}` cannot be the key of a label", key.escape_debug()),
            ));
        }
    }
    Ok(())
}

fn generations(asked: Option<u32>) -> Answer<u32> {
    let generations = asked.unwrap_or_default();
    within("/generations", generations.into(), 0, GENERATIONS_MAX).map(|()| generations)
}

/// The tasks of a job. A gang is the whole array, and says so by its size; without an array its tasks count from 0.
fn gang(gang: Option<u32>, array: Option<(u32, u32)>) -> Answer<TaskRange> {
    let Some(size) = gang else {
        return tasks(array);
    };
    if size == 0 {
        return Err(at_fault("/gang", "a gang has at least 1 task".to_owned()));
    }
    let range = tasks(array.or(Some((0, size - 1))))?;
    let count = u64::from(range.end() - range.start()) + 1;
    if count != u64::from(size) {
        return Err(at_fault(
            "/gang",
            format!(
                "the gang is {size} and the array has {count} tasks: a gang is the whole array"
            ),
        ));
    }
    Ok(range)
}

fn tasks(array: Option<(u32, u32)>) -> Answer<TaskRange> {
    let (first, last) = array.unwrap_or((0, 0));
    if first > last {
        return Err(at_fault(
            "/array",
            format!("array runs from {first} to {last}: the last is before the first"),
        ));
    }
    Ok(first..=last)
}

fn limits(asked: &sublet_api::Limits, config: &Config) -> Answer<(u64, Limits)> {
    let defaults = &config.defaults.job;
    let pick = |field: &str, asked: Option<u64>, default: u64, least: u64, most: u64| {
        let value = asked.unwrap_or(default);
        within(field, value, least, most).map(|()| value)
    };
    let rest = Limits::default();
    let cpu_millis = pick(
        "/limits/cpu_millis",
        asked.cpu_millis,
        defaults.cpu.as_millis(),
        1,
        CPU_MILLIS_MAX,
    )?;
    let open_files = pick(
        "/limits/open_files",
        asked.open_files.map(u64::from),
        rest.open_files.into(),
        1,
        OPEN_FILES_MAX,
    )?;
    Ok((
        cpu_millis,
        Limits {
            memory_bytes: pick(
                "/limits/memory_bytes",
                asked.memory_bytes,
                defaults.memory.as_bytes(),
                MEMORY_BYTES_MIN,
                MEMORY_BYTES_MAX,
            )?,
            wall_ms: pick(
                "/limits/timeout_ms",
                asked.timeout_ms,
                defaults.timeout.as_millis(),
                1,
                TIME_MS_MAX,
            )?,
            cpu_ms: asked
                .cpu_time_ms
                .map(|cpu_ms| {
                    within("/limits/cpu_time_ms", cpu_ms, 1, TIME_MS_MAX).map(|()| cpu_ms)
                })
                .transpose()?,
            output_bytes: pick(
                "/limits/output_bytes",
                asked.output_bytes,
                defaults.output.as_bytes(),
                0,
                OUTPUT_BYTES_MAX,
            )?,
            scratch_bytes: pick(
                "/limits/scratch_bytes",
                asked.scratch_bytes,
                0,
                0,
                SCRATCH_BYTES_MAX,
            )?,
            open_files: u32::try_from(open_files).unwrap_or(rest.open_files),
            ..rest
        },
    ))
}

fn restart(asked: WireRestart) -> Answer<Restart> {
    Ok(match asked {
        WireRestart::Never => Restart::Never,
        WireRestart::OnLoss => Restart::OnLoss,
        WireRestart::OnFailure {
            retries,
            backoff_ms,
        } => {
            within("/restart/retries", retries.into(), 0, RETRIES_MAX)?;
            within(
                "/restart/backoff_ms",
                backoff_ms,
                0,
                Restart::BACKOFF_MS_MAX,
            )?;
            Restart::OnFailure {
                retries,
                backoff_ms,
            }
        }
    })
}

fn mounts(asked: &[InputMount]) -> Answer<Vec<NewInput>> {
    length("/inputs", asked.len(), INPUTS_MAX)?;
    let mut mounts: Vec<NewInput> = Vec::new();
    for (index, mount) in asked.iter().enumerate() {
        let place = format!("/inputs/{index}/guest");
        guest_path(&place, &mount.guest)?;
        if mounts
            .iter()
            .any(|other| overlap(&other.guest_path, &mount.guest))
        {
            return Err(at_fault(
                &place,
                format!("`{}` lies within another input, or around one", mount.guest),
            ));
        }
        mounts.push(NewInput {
            digest: inputs::parse(&format!("/inputs/{index}/digest"), &mount.digest)?,
            guest_path: mount.guest.clone(),
        });
    }
    Ok(mounts)
}

/// An absolute path in its one spelling, apart from the scratch directory and the root.
fn guest_path(place: &str, text: &str) -> Answer<()> {
    length(place, text.len(), PATH_BYTES_MAX)?;
    let path = Path::new(text);
    let is_plain = path
        .components()
        .skip(1)
        .all(|part| matches!(part, Component::Normal(_)));
    let spelt: String = path
        .components()
        .skip(1)
        .flat_map(|part| ["/", part.as_os_str().to_str().unwrap_or("")])
        .collect();
    if !path.is_absolute()
        || !is_plain
        || spelt != text
        || text.chars().any(char::is_control)
        || OWN_PATHS.iter().any(|own| overlap(text, own))
    {
        return Err(at_fault(
            place,
            format!(
                "`{}` cannot be a path in the guest: write an absolute one such as /in, and not below {}",
                text.escape_debug(),
                OWN_PATHS.join(", ")
            ),
        ));
    }
    Ok(())
}

fn overlap(one: &str, other: &str) -> bool {
    Path::new(one).starts_with(other) || Path::new(other).starts_with(one)
}

fn no_nul<'a>(field: &str, mut texts: impl Iterator<Item = &'a String>) -> Answer<()> {
    if texts.any(|text| text.contains('\0')) {
        return Err(at_fault(
            field,
            format!("{} has a NUL byte", super::shown(field)),
        ));
    }
    Ok(())
}

pub(super) fn at_fault(field: &str, message: String) -> ApiError {
    ApiError::new(Code::OutOfRange, message).at(field, None, None)
}
