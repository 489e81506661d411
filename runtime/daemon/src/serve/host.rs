//! The host: what it offers, and whether workers of a former server still live on it.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use sublet_scheduler::Resources;

use super::{ServeError, doing};
use crate::config::{Config, ConfigError};

/// Workers end with the link to their front; this is how long they may take.
const FORMER_WORKERS_MAX: Duration = Duration::from_secs(10);

/// What the host offers to guests: what it has, less the reserve.
pub(super) fn capacity(config: &Config) -> Result<Resources, ServeError> {
    let has = has()?;
    let reserve = config.pool.reserve.of(has);
    has.checked_sub(reserve).ok_or_else(|| {
        ConfigError::Value(format!(
            "the host has {has}, and [pool] reserve keeps {reserve} back"
        ))
        .into()
    })
}

/// What the host has.
pub(super) fn has() -> Result<Resources, ServeError> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Ok(Resources {
        cpu_millis: u64::try_from(processors)
            .unwrap_or(u64::MAX)
            .saturating_mul(1000),
        memory_bytes: memory_bytes().map_err(doing("read how much memory the host has"))?,
    })
}

/// What the host calls itself.
pub(super) fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

fn memory_bytes() -> std::io::Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| std::io::Error::other("/proc/meminfo has no MemTotal"))
}

/// Waits until no worker of a former server lives. Each holds a descriptor of this lock; what it was running must not
/// run beside what replaces it.
pub(super) fn wait_for_former_workers(data: &Path) -> Result<File, ServeError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(data.join("workers.lock"))
        .map_err(doing("open the lock of the workers"))?;
    let until = Instant::now() + FORMER_WORKERS_MAX;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() > until {
            return Err(doing("start: workers of a former server still live")(
                std::io::Error::other(format!("waited for {} s", FORMER_WORKERS_MAX.as_secs())),
            ));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(file)
}
