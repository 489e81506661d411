//! What an operator may say in the configuration file. Every key is optional; an unknown one is an error with its place.

mod carve;
mod defaults;
#[cfg(test)]
mod document;
mod example;
mod in_force;
mod network;
mod place;
mod pool;
mod quantity;
mod retention;
mod rules;
mod suggestion;
mod tables;

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sublet_scheduler::{Resources, Restart};
use thiserror::Error;

pub use carve::CarvedNode;
pub(crate) use carve::SLOTS_MAX;
pub use defaults::{Defaults, JobDefaults, Quota};
pub use example::EXAMPLE;
pub(crate) use in_force::{Resolved, Said, settings};
pub use network::NetworkDefaults;
pub use place::Place;
pub use pool::{Pool, Reserve};
pub use quantity::{Cpu, Size, Span};
pub use retention::Retention;
pub use rules::{Fault, Rules, RulesError};
use tables::{Carving, Tables};
pub use tables::{Class, Isolation, NodeCount, NodeGroup, Route, Slot, Spread, Subcluster};

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
    /// The sub-clusters. Without any there are those that fit the host.
    #[serde(rename = "subcluster")]
    pub subclusters: Vec<Subcluster>,
    /// The ways into them.
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
    /// Classes of jobs and how they are spread.
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    /// What holds when a job or a user says nothing.
    pub defaults: Defaults,
    /// How the server goes about its own business.
    pub service: Service,
    /// What the tables about sub-clusters come to, once they were read.
    #[serde(skip)]
    rules: Option<Rules>,
}

/// Where clients find the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// The unix socket; a relative path is taken from the runtime directory.
    pub socket: Option<PathBuf>,
    /// The address and port for TLS, such as `0.0.0.0:7070`. Nothing unless it is said.
    pub api: Option<SocketAddr>,
    /// What clients call the server: names and addresses, the first one in the credentials that it issues. The name of
    /// the host and the address of `api` unless it is said.
    pub names: Vec<String>,
    /// The address and port at which metrics are read over plain HTTP. Nowhere unless it is said.
    pub metrics: Option<SocketAddr>,
    /// Whether that address may be one that others than this host reach. There is neither TLS nor a question who asks.
    pub metrics_public: bool,
}

/// How the server goes about its own business.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Whether to refuse to start where a layer of the wall around workers is missing.
    pub require_hardening: bool,
    /// How often a module may do harm (kill a worker, have a function of the host panic, cost the compiler its budget)
    /// before nothing of it is started; never, if it is 0.
    pub quarantine_after: u32,
    /// How it stops.
    pub drain: Drain,
    /// What goes when it is old.
    pub retention: Retention,
    /// The networks that are ready for users to come.
    pub networks: Networks,
    /// Where ports are that guests publish.
    pub publish: Publish,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            require_hardening: false,
            quarantine_after: 3,
            drain: Drain::default(),
            retention: Retention::default(),
            networks: Networks::default(),
            publish: Publish::default(),
        }
    }
}

/// The networks that are ready for users to come.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Networks {
    /// How many there are in all; each user takes one and keeps it. At most 1,024.
    pub prepared: u32,
    /// How few free ones are worth a warning.
    pub low: u32,
}

impl Default for Networks {
    fn default() -> Self {
        Self {
            prepared: 64,
            low: 8,
        }
    }
}

/// Where ports are that guests publish.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// The address of this host that they are taken on.
    pub address: IpAddr,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
        }
    }
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
    #[error("configuration {path}, {message}")]
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

impl Config {
    /// Reads the file that was named, or the one in the usual place if it is there.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        Self::load_with_text(named).map(|(config, _)| config)
    }

    /// The same, with the text that it was read from; there is none without a file.
    pub(crate) fn load_with_text(named: Option<&Path>) -> Result<(Self, String), ConfigError> {
        let usual = crate::paths::configuration_file();
        let path = match named {
            Some(path) => path,
            None if usual.exists() => usual.as_path(),
            None => return Ok(<(Self, String)>::default()),
        };
        let shown = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: shown.clone(),
            source,
        })?;
        let config = Self::parse(&text).map_err(|error| ConfigError::Parse {
            path: shown,
            message: error.to_string(),
        })?;
        Ok((config, text))
    }

    /// Where metrics are read, if anywhere.
    ///
    /// # Errors
    /// Others than this host would reach it, and nobody said that they may.
    pub fn metrics_address(&self) -> Result<Option<SocketAddr>, ConfigError> {
        match self.listen.metrics {
            Some(address) if !address.ip().is_loopback() && !self.listen.metrics_public => {
                Err(ConfigError::Value(format!(
                    "[listen] metrics = \"{address}\" is reached from other hosts, without TLS and without asking who it is: choose an address such as 127.0.0.1:{}, or say metrics_public = true",
                    address.port()
                )))
            }
            address => Ok(address),
        }
    }

    /// How long running tasks may go on once the server stops.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.service.drain.grace.as_millis())
    }

    /// The rules that the configuration says, or those that fit a host which offers `capacity`.
    ///
    /// # Errors
    /// Not one job fits the host.
    pub fn rules(&self, capacity: Resources) -> Result<Rules, ConfigError> {
        match &self.rules {
            Some(rules) => Ok(rules.clone()),
            None => suggestion::rules(capacity, &self.defaults.job).map_err(ConfigError::Value),
        }
    }

    /// Reads a text; what is wrong with it is told with its place.
    fn parse(text: &str) -> Result<Self, RulesError> {
        let mut config: Self = toml::from_str(text)
            .map_err(|error| RulesError::Invalid(vec![rules::unreadable(text, &error)]))?;
        let tables = Tables {
            pool: Carving {
                nodes: config.pool.nodes.clone(),
                moves_per_minute: config.pool.moves_per_minute,
            },
            subclusters: config.subclusters.clone(),
            routes: config.routes.clone(),
            classes: config.classes.clone(),
        };
        if !tables.is_empty() {
            config.rules = Some(Rules::of_tables(&tables, text)?);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn more_slots_than_a_worker_can_hold_are_refused_with_their_number() {
        let config =
            Config::parse("[[subcluster]]\nname = 'many'\nslot = { cpu = 0.001, memory = '1MiB' }")
                .unwrap();
        let capacity = Resources {
            cpu_millis: 8000,
            memory_bytes: 64 * GIB,
        };
        let refused = config.rules(capacity).unwrap().carve(capacity).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("8000 slots, the limit is 4000")
        );
    }

    #[test]
    fn without_sub_clusters_there_are_those_that_fit_the_host() {
        let config = Config::parse("data_dir = 'x'").unwrap();
        let capacity = Resources {
            cpu_millis: 1500,
            memory_bytes: 4 * GIB,
        };
        let names = |rules: Rules| rules.set.subclusters.into_iter().map(|one| one.name);
        assert!(names(config.rules(capacity).unwrap()).eq(["short", "medium", "long"]));
        let refused = Config::parse("[pool]\nmoves_per_minute = 3").unwrap_err();
        assert!(
            refused.to_string().contains("define at least one"),
            "{refused}"
        );
    }

    #[test]
    fn a_rule_in_the_configuration_is_told_with_its_place_in_the_file() {
        let text = "data_dir = 'x'\n[[subcluster]]\nname = 'a'\nslot = { cpu = 1, memory = '1GiB' }\nentry = 'node.memry > 1GiB'\n";
        let refused = Config::parse(text).unwrap_err().to_string();
        for words in [
            "line 5, column 15",
            "^^^^^\nsub-cluster a, entry: ",
            "node.memory",
        ] {
            assert!(refused.contains(words), "{words} in\n{refused}");
        }
    }

    #[test]
    fn metrics_are_for_this_host_unless_somebody_says_otherwise() {
        let address = |text: &str| Config::parse(text).unwrap().metrics_address();
        assert_eq!(address("").unwrap(), None);
        for text in ["127.0.0.1:7071", "[::1]:7071"] {
            let found = address(&format!("[listen]\nmetrics = '{text}'")).unwrap();
            assert_eq!(found, Some(text.parse().unwrap()));
        }
        let everywhere = "[listen]\nmetrics = '0.0.0.0:7071'";
        let refused = address(everywhere).unwrap_err().to_string();
        assert!(refused.contains("metrics_public"), "{refused}");
        let allowed = address(&format!("{everywhere}\nmetrics_public = true"));
        assert!(allowed.unwrap().is_some());
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = Config::parse("[pool]\nreserv = 1").unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("mean `reserve`?"),
            "{error}"
        );
    }
}
