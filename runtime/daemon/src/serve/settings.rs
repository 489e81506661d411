//! What holds for this server: the command line over the configuration over what the host and the account suggest.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use sublet_api::Setting;
use sublet_scheduler::Resources;
use tempfile::TempDir;

use super::{Options, ServeError, doing, host, socket};
use crate::config::{Config, ConfigError, Resolved, Rules, Said, settings};
use crate::configuration::{Configuration, Held};
use crate::paths;

/// Everything that is decided before anything is opened.
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) data: PathBuf,
    pub(super) socket: PathBuf,
    /// Where to listen for TLS, if anywhere.
    pub(super) listen: Option<SocketAddr>,
    /// Where metrics are read without asking who it is, if anywhere.
    pub(super) metrics: Option<SocketAddr>,
    /// Whether workers must have every layer of their wall.
    pub(super) require_hardening: bool,
    /// Each value that holds, with who said so.
    pub(super) in_force: Vec<Setting>,
    /// What the host offers to guests.
    pub(super) capacity: Resources,
    /// The rules for a store that has none yet; only there need the host be able to obey them.
    pub(super) rules: Rules,
    options: Options,
    /// Removed with everything in it when the server ends.
    _throw_away: Option<TempDir>,
}

impl Settings {
    pub(super) fn from_options(options: &Options) -> Result<Self, ServeError> {
        let throw_away = options.dev.then(tempfile::tempdir).transpose();
        let throw_away = throw_away.map_err(doing("make a throw-away directory"))?;
        let data = throw_away.as_ref().map(|one| one.path().join("data"));
        Ok(Self {
            _throw_away: throw_away,
            ..Self::read(options, data)?
        })
    }

    /// What holds now, and how it is read again.
    pub(super) fn configuration(&self) -> Configuration {
        let held = |settings: &Self| Held {
            config: settings.config.clone(),
            settings: settings.in_force.clone(),
        };
        let options = self.options.clone();
        let data = options.dev.then(|| self.data.clone());
        let read = move || Self::read(&options, data.clone()).map(|settings| held(&settings));
        Configuration::new(held(self), read)
    }

    fn read(options: &Options, data: Option<PathBuf>) -> Result<Self, ServeError> {
        let (config, text) = Config::load_with_text(options.config.as_deref())?;
        let metrics = config.metrics_address()?;
        let data = data
            .or_else(|| named_data(options, &config))
            .unwrap_or_else(paths::data_directory);
        let capacity = host::capacity(&config)?;
        let rules = config.rules(capacity)?;
        let socket = socket::path(options.socket.as_deref(), &config);
        let listen = options.listen.or(config.listen.api);
        let require_hardening = options.require_hardening || config.service.require_hardening;
        let resolved = Resolved {
            data_dir: (
                data.display().to_string(),
                options.data_dir.is_some() || options.dev,
            ),
            socket: (socket.display().to_string(), options.socket.is_some()),
            api: (
                listen.map(|address| address.to_string()),
                options.listen.is_some(),
            ),
            require_hardening: (require_hardening.to_string(), options.require_hardening),
            names: &names(&config, listen),
            reserve: config.pool.reserve.of(host::has()?),
        };
        Ok(Self {
            in_force: settings(&config, &Said::of(&text), &resolved),
            data,
            socket,
            listen,
            metrics,
            require_hardening,
            config,
            capacity,
            rules,
            options: options.clone(),
            _throw_away: None,
        })
    }

    /// Whether the host can be carved as the configuration says.
    pub(super) fn fit_the_host(&self) -> Result<(), ConfigError> {
        match self.rules.carve(self.capacity) {
            Ok(_) => Ok(()),
            Err(error) => Err(ConfigError::Value(error.to_string())),
        }
    }
}

impl Settings {
    /// What clients call the server, the best name first.
    pub(super) fn names(&self, address: Option<SocketAddr>) -> Vec<String> {
        names(&self.config, address)
    }

    /// Where clients find the server that listens there.
    pub(super) fn url(&self, address: SocketAddr) -> Option<String> {
        let port = address.port();
        let name = self.names(Some(address)).into_iter().next()?;
        Some(match name.parse::<Ipv6Addr>() {
            Ok(ip) => format!("https://[{ip}]:{port}"),
            Err(_) => format!("https://{name}:{port}"),
        })
    }
}

/// What the configuration says, else what can be told of the host.
fn names(config: &Config, address: Option<SocketAddr>) -> Vec<String> {
    let mut names = config.listen.names.clone();
    if names.is_empty() {
        let ip = address.map(|address| address.ip());
        names.extend(
            ip.filter(|ip| !ip.is_unspecified())
                .map(|ip| ip.to_string()),
        );
        names.push(host::name());
        names.push("localhost".to_owned());
    }
    names
}

fn named_data(options: &Options, config: &Config) -> Option<PathBuf> {
    options.data_dir.clone().or_else(|| config.data_dir.clone())
}
