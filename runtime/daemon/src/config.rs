//! What an operator may say in the configuration file. Every key is optional; an unknown one is an error with its place.

#[cfg(test)]
mod document;
mod quantity;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use sublet_scheduler::{Limits, Resources, Restart};
use sublet_worker::{Burst, Isolation};
use thiserror::Error;

pub use quantity::{Cpu, Size, Span};

/// The configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything that must last is kept.
    pub data_dir: Option<PathBuf>,
    /// Where clients find the server.
    pub listen: Listen,
    /// What this host offers.
    pub pool: Pool,
    /// The sub-clusters. For now there is one, which takes every node.
    #[serde(rename = "subcluster")]
    pub subclusters: Vec<Subcluster>,
    /// What holds when a job or a user says nothing.
    pub defaults: Defaults,
    /// How the server goes about its own business.
    pub service: Service,
}

/// Where clients find the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// The unix socket; a relative path is taken from the runtime directory.
    pub socket: Option<PathBuf>,
}

/// What this host offers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// What is kept back for everything that is not a guest.
    pub reserve: Reserve,
}

/// What is kept back on a host.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reserve {
    /// Processors; half of one, or a quarter of all where that is less.
    pub cpu: Option<Cpu>,
    /// Memory; 1 GiB, or a quarter of all where that is less.
    pub memory: Option<Size>,
    /// Free space on the disk of the data directory, below which submissions are refused.
    pub disk: Size,
}

impl Default for Reserve {
    fn default() -> Self {
        Self {
            cpu: None,
            memory: None,
            disk: Size::mib(256),
        }
    }
}

impl Reserve {
    /// What is kept back of a host that has so much.
    #[must_use]
    pub fn of(&self, has: Resources) -> Resources {
        let cpu = self
            .cpu
            .map_or_else(|| (has.cpu_millis / 4).min(500), Cpu::as_millis);
        let memory = self
            .memory
            .map_or_else(|| (has.memory_bytes / 4).min(1 << 30), Size::as_bytes);
        Resources {
            cpu_millis: cpu,
            memory_bytes: memory,
        }
    }
}

/// A partition of the pool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subcluster {
    /// Its name: letters, digits, `.`, `_` and `-`, at most 64.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// The shape of its slots.
    pub slot: Slot,
    /// Whether instances of a user share a process; without it, those of slots beyond 1 GiB do not.
    pub isolation: Option<IsolationWord>,
    /// Whether guests may go beyond their share with processor time that nobody else wants.
    #[serde(default = "bursts")]
    pub burst: bool,
}

/// How instances of one user are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IsolationWord {
    /// Many share a worker.
    User,
    /// Each has a worker for itself.
    Process,
}

const fn bursts() -> bool {
    true
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    const BYTES_MAX: usize = 64;
    let name = String::deserialize(deserializer)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > BYTES_MAX || !name.bytes().all(is_plain) {
        return Err(de::Error::custom(format!(
            "`{}` is not a name: write up to {BYTES_MAX} letters, digits, `.`, `_` and `-`",
            name.escape_debug()
        )));
    }
    Ok(name)
}

/// The shape of a slot.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its share of processors.
    pub cpu: Cpu,
    /// Its memory ceiling.
    pub memory: Size,
}

/// What holds when a job or a user says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// Of a job.
    pub job: JobDefaults,
    /// Of a user.
    pub quota: Quota,
}

/// What holds when a job says nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobDefaults {
    /// Share of processors.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Size,
    /// Wall time.
    pub timeout: Span,
    /// Output that is kept.
    pub output: Size,
}

impl Default for JobDefaults {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            cpu: Cpu::millis(50),
            memory: Size::bytes(limits.memory_bytes),
            timeout: Span::millis(limits.wall_ms),
            output: Size::bytes(limits.output_bytes),
        }
    }
}

/// What one user may have at a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Tasks that are queued or running.
    pub queued: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { queued: 1_000_000 }
    }
}

/// How the server goes about its own business.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// How it stops.
    pub drain: Drain,
}

/// How the server stops.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// How long running tasks may go on after the first SIGTERM.
    pub grace: Span,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            grace: Span::millis(120_000),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration {path}")]
    Read {
        /// The file that was named.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The text does not fit; the message has line, column and caret.
    #[error("configuration {path}: {message}")]
    Parse {
        /// The file that was named.
        path: String,
        /// What and where.
        message: String,
    },
    /// Every word is fine, the whole is not.
    #[error("configuration: {0}")]
    Value(String),
}

/// The restart policy of a job that says nothing.
pub(crate) const DEFAULT_RESTART: Restart = Restart::OnLoss;
/// Slots of one sub-cluster: what one worker process can hold within the kernel's default number of memory mappings.
const SLOTS_MAX: u64 = 4_000;
/// The name of the sub-cluster when nothing is configured.
const DEFAULT_SUBCLUSTER: &str = "default";

impl Config {
    /// Reads the file that was named, or the one in the usual place if it is there.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = crate::paths::configuration_file();
        let path = match named {
            Some(path) => path,
            None if usual.exists() => usual.as_path(),
            None => return Ok(Self::default()),
        };
        let shown = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: shown.clone(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: shown,
            message: error.to_string(),
        })
    }

    /// How long running tasks may go on once the server stops.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.service.drain.grace.as_millis())
    }

    /// The sub-cluster and its slot shape, for a host that offers `capacity`.
    ///
    /// # Errors
    /// When the shape cannot be: no slot fits the host, or more than a worker can hold.
    pub fn subcluster(&self, capacity: Resources) -> Result<(String, Resources), ConfigError> {
        let (name, slot) = match self.subclusters.as_slice() {
            [] => (DEFAULT_SUBCLUSTER.to_owned(), self.slot_for(capacity)),
            [one] => (one.name.clone(), one.slot.resources()),
            more => {
                return Err(ConfigError::Value(format!(
                    "{} sub-clusters, and this version has one: keep the first [[subcluster]]",
                    more.len()
                )));
            }
        };
        match capacity.slots_of(slot) {
            0 => Err(ConfigError::Value(format!(
                "a slot of sub-cluster `{name}` wants {slot}, and the host offers {capacity} less the reserve"
            ))),
            1..=SLOTS_MAX => Ok((name, slot)),
            more => Err(ConfigError::Value(format!(
                "sub-cluster `{name}` would have {more} slots, the limit is {SLOTS_MAX}: give a slot more cpu or memory"
            ))),
        }
    }

    /// How instances of one user are kept apart in the sub-cluster, whose slots are of this shape.
    #[must_use]
    pub fn isolation(&self, slot: Resources) -> Isolation {
        let said = self.subclusters.first().and_then(|one| one.isolation);
        match said {
            Some(IsolationWord::User) => Isolation::User,
            Some(IsolationWord::Process) => Isolation::Process,
            None if slot.memory_bytes > SHARED_MEMORY_BYTES_MAX => Isolation::Process,
            None => Isolation::User,
        }
    }

    /// What guests of the sub-cluster may do beyond their share.
    #[must_use]
    pub fn burst(&self) -> Burst {
        match self.subclusters.first() {
            Some(Subcluster { burst: false, .. }) => Burst::Forbidden,
            Some(_) | None => Burst::Allowed,
        }
    }

    /// As many slots as there is room for jobs that say nothing, the memory dealt evenly among them.
    fn slot_for(&self, capacity: Resources) -> Resources {
        let job = &self.defaults.job;
        let wanted = Resources {
            cpu_millis: job.cpu.as_millis().max(1),
            memory_bytes: job.memory.as_bytes().max(1),
        };
        let slots = capacity.slots_of(wanted).clamp(1, SLOTS_MAX);
        let memory_mib = (capacity.memory_bytes / slots) >> 20;
        Resources {
            cpu_millis: wanted.cpu_millis,
            memory_bytes: memory_mib.min(SLOT_MEMORY_MIB_MAX) << 20,
        }
    }
}

/// The largest slot whose instance shares a process when nothing is said: one instruction on more memory than this may
/// take longer than a cancel, and would cost its neighbours their worker.
const SHARED_MEMORY_BYTES_MAX: u64 = 1 << 30;
/// A 32-bit memory has 4 GiB.
const SLOT_MEMORY_MIB_MAX: u64 = 4096;

impl Slot {
    const fn resources(self) -> Resources {
        Resources {
            cpu_millis: self.cpu.as_millis(),
            memory_bytes: self.memory.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn slot_on(cpu_millis: u64, memory_bytes: u64) -> (u64, u64) {
        let config = Config::default();
        let has = Resources {
            cpu_millis,
            memory_bytes,
        };
        let offers = has.checked_sub(config.pool.reserve.of(has)).unwrap();
        let (_, slot) = config.subcluster(offers).unwrap();
        (offers.slots_of(slot), slot.memory_bytes >> 20)
    }

    #[test]
    fn a_job_that_says_nothing_fits_a_slot_of_any_host() {
        assert_eq!(slot_on(2000, 24 * GIB), (30, 785));
        assert_eq!(slot_on(2000, 2 * GIB), (24, 64));
        assert_eq!(slot_on(1000, GIB / 2), (6, 64));
        assert_eq!(slot_on(96_000, 192 * GIB), (1910, 102));
    }

    #[test]
    fn more_slots_than_a_worker_can_hold_are_refused_with_their_number() {
        let config: Config = toml::from_str(
            "[[subcluster]]\nname = 'many'\nslot = { cpu = 0.001, memory = '1MiB' }",
        )
        .unwrap();
        let refused = config.subcluster(Resources {
            cpu_millis: 8000,
            memory_bytes: 64 * GIB,
        });
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("8000 slots, the limit is 4000")
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = toml::from_str::<Config>("[pool]\nreserv = 1")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2") && error.contains("reserv"),
            "{error}"
        );
    }

    fn subcluster(keys: &str, memory: &str) -> Result<Config, toml::de::Error> {
        toml::from_str(&format!(
            "[[subcluster]]\nname = 'a'\nslot = {{ cpu = 1, memory = '{memory}' }}\n{keys}"
        ))
    }

    #[test]
    fn large_slots_have_a_process_each_unless_it_is_said_otherwise() {
        for (keys, memory, expected) in [
            ("", "1GiB", Isolation::User),
            ("", "2GiB", Isolation::Process),
            ("isolation = 'user'", "2GiB", Isolation::User),
            ("isolation = 'process'", "1MiB", Isolation::Process),
        ] {
            let config = subcluster(keys, memory).unwrap();
            let slot = config.subclusters[0].slot.resources();
            assert_eq!(config.isolation(slot), expected, "{keys} {memory}");
        }
        assert_eq!(
            Config::default().isolation(Resources::default()),
            Isolation::User
        );
    }

    #[test]
    fn a_word_that_is_no_isolation_is_named_with_those_that_are() {
        let error = subcluster("isolation = 'thread'", "1MiB")
            .unwrap_err()
            .to_string();
        for part in ["line 4", "thread", "user", "process"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn guests_may_burst_unless_it_is_said_otherwise() {
        assert_eq!(Config::default().burst(), Burst::Allowed);
        assert_eq!(subcluster("", "1MiB").unwrap().burst(), Burst::Allowed);
        let held = subcluster("burst = false", "1MiB").unwrap();
        assert_eq!(held.burst(), Burst::Forbidden);
    }
}
