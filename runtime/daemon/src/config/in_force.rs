//! The configuration in force: each value that holds, and who said so.

use std::fmt::Display;

use sublet_api::{Origin, Setting};
use sublet_scheduler::Resources;
use toml::{Table, Value};

use super::Config;
use super::quantity::{Cpu, Size};

/// The keys that a file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Table);

impl Said {
    /// Of a text that was read as a configuration before.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.parse().unwrap_or_default())
    }

    fn has(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.0.get(part));
        let found = first.and_then(|first| parts.try_fold(first, Value::get));
        found.is_some()
    }
}

/// What holds where flags and the host have a word in it.
pub(crate) struct Resolved<'a> {
    pub(crate) data_dir: (String, bool),
    pub(crate) socket: (String, bool),
    pub(crate) api: (Option<String>, bool),
    pub(crate) require_hardening: (String, bool),
    pub(crate) names: &'a [String],
    /// What is kept back of the host.
    pub(crate) reserve: Resources,
}

/// Every value, in the order of the example. The rules of the pool have a history of their own.
pub(crate) fn settings(config: &Config, said: &Said, resolved: &Resolved<'_>) -> Vec<Setting> {
    let mut list = List {
        said,
        settings: Vec::new(),
    };
    list.flagged("data_dir", &resolved.data_dir.0, resolved.data_dir.1);
    list.flagged("listen.socket", &resolved.socket.0, resolved.socket.1);
    let api = resolved.api.0.as_deref().unwrap_or(NOWHERE);
    list.flagged("listen.api", api, resolved.api.1);
    list.add("listen.names", resolved.names.join(" "));
    list.maybe("listen.metrics", config.listen.metrics, NOWHERE);
    list.add("listen.metrics_public", config.listen.metrics_public);
    list.add("pool.reserve.cpu", Cpu::millis(resolved.reserve.cpu_millis));
    list.add(
        "pool.reserve.memory",
        Size::bytes(resolved.reserve.memory_bytes),
    );
    list.add("pool.reserve.disk", config.pool.reserve.disk);
    let job = &config.defaults.job;
    list.maybe_some("defaults.egress", &config.defaults.egress);
    list.add("defaults.job.cpu", job.cpu);
    list.add("defaults.job.memory", job.memory);
    list.add("defaults.job.timeout", job.timeout);
    list.add("defaults.job.output", job.output);
    let quota = &config.defaults.quota;
    list.maybe("defaults.quota.slots", quota.slots, UNBOUNDED);
    list.maybe("defaults.quota.cpu", quota.cpu, UNBOUNDED);
    list.maybe("defaults.quota.memory", quota.memory, UNBOUNDED);
    list.maybe(
        "defaults.quota.submits_per_s",
        quota.submits_per_s,
        UNBOUNDED,
    );
    list.maybe("defaults.quota.modules", quota.modules, UNBOUNDED);
    list.maybe("defaults.quota.stored", quota.stored, UNBOUNDED);
    list.add("defaults.quota.queued", quota.queued);
    let network = &config.defaults.network;
    list.add("defaults.network.sockets", network.sockets);
    list.add("defaults.network.connections", network.connections);
    list.add("defaults.network.bandwidth", network.bandwidth);
    list.add("defaults.network.datagrams_per_s", network.datagrams_per_s);
    let service = &config.service;
    let (required, by_flag) = &resolved.require_hardening;
    list.flagged("service.require_hardening", required, *by_flag);
    list.add("service.quarantine_after", service.quarantine_after);
    list.add("service.drain.grace", service.drain.grace);
    list.add("service.networks.prepared", service.networks.prepared);
    list.add("service.networks.low", service.networks.low);
    let retention = &service.retention;
    list.maybe("service.retention.jobs", retention.jobs, FOR_EVER);
    list.maybe("service.retention.logs", retention.logs, FOR_EVER);
    list.maybe(
        "service.retention.jobs_per_user",
        retention.jobs_per_user,
        UNBOUNDED,
    );
    list.maybe(
        "service.retention.log_bytes_per_user",
        retention.log_bytes_per_user,
        UNBOUNDED,
    );
    list.add("service.publish.address", service.publish.address);
    list.settings
}

const NOWHERE: &str = "nowhere";
const UNBOUNDED: &str = "unbounded";
const FOR_EVER: &str = "for ever";

struct List<'a> {
    said: &'a Said,
    settings: Vec<Setting>,
}

impl List<'_> {
    fn flagged(&mut self, key: &str, value: &str, by_flag: bool) {
        self.add(key, value);
        if let Some(setting) = self.settings.last_mut().filter(|_| by_flag) {
            setting.origin = Origin::Flag;
        }
    }

    fn maybe(&mut self, key: &str, value: Option<impl Display>, nothing: &str) {
        match value {
            Some(value) => self.add(key, value),
            None => self.add(key, nothing),
        }
    }

    fn maybe_some(&mut self, key: &str, values: &[String]) {
        let text = Some(values.join(" ")).filter(|text| !text.is_empty());
        self.maybe(key, text, "nothing");
    }

    fn add(&mut self, key: &str, value: impl Display) {
        let origin = if self.said.has(key) {
            Origin::File
        } else {
            Origin::Default
        };
        self.settings.push(Setting {
            key: key.to_owned(),
            value: value.to_string(),
            origin,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::EXAMPLE;

    fn all(text: &str) -> Vec<Setting> {
        let config = Config::parse(text).unwrap();
        let resolved = Resolved {
            data_dir: ("/data".to_owned(), true),
            socket: ("/run/api.sock".to_owned(), false),
            api: (None, false),
            require_hardening: ("false".to_owned(), false),
            names: &[],
            reserve: Resources {
                cpu_millis: 500,
                memory_bytes: 1 << 30,
            },
        };
        settings(&config, &Said::of(text), &resolved)
    }

    #[test]
    fn a_value_says_where_it_comes_from() {
        let text =
            "data_dir = '/else'\n[defaults]\njob = { cpu = 0.5 }\n[service.drain]\ngrace = '5m'";
        let found = all(text);
        let of = |key: &str| {
            let setting = found.iter().find(|one| one.key == key).unwrap();
            (setting.value.clone(), setting.origin)
        };
        assert_eq!(of("data_dir"), ("/data".to_owned(), Origin::Flag));
        assert_eq!(of("defaults.job.cpu"), ("0.5".to_owned(), Origin::File));
        assert_eq!(
            of("defaults.job.memory"),
            ("64MiB".to_owned(), Origin::Default)
        );
        assert_eq!(of("service.drain.grace"), ("5m".to_owned(), Origin::File));
        assert_eq!(of("listen.api"), ("nowhere".to_owned(), Origin::Default));
    }

    /// A sentence with an equals sign has spaces before it.
    fn key_of(line: &str) -> Option<&str> {
        let (key, _) = line.split_once(" = ")?;
        let is_key = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        key.bytes().all(is_key).then_some(key)
    }

    /// All but what the rules of the pool are made of.
    #[test]
    fn every_key_of_the_example_is_shown() {
        let shown: BTreeSet<String> = all("").into_iter().map(|one| one.key).collect();
        let mut table = String::new();
        let mut keys = BTreeSet::new();
        for line in EXAMPLE.lines() {
            let line = line.strip_prefix('#').unwrap_or(line);
            if let Some(name) = line.strip_prefix('[') {
                table = name.trim_matches(['[', ']']).to_owned();
            } else if let Some(key) = key_of(line) {
                keys.insert(format!("{table}.{key}").trim_start_matches('.').to_owned());
            }
        }
        let of_rules = ["pool.nodes", "pool.moves_per_minute"];
        keys.retain(|key| {
            let table = key.split('.').next().unwrap_or_default();
            !of_rules.contains(&key.as_str()) && !["subcluster", "route", "class"].contains(&table)
        });
        assert_eq!(shown, keys);
    }
}
