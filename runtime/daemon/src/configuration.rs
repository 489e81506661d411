//! The configuration that holds, and how another one comes to hold while the server runs: all of it, or nothing.

use std::sync::{Arc, PoisonError, RwLock};

use sublet_api::Setting;

use crate::config::Config;
use crate::serve::ServeError;

/// What a running server takes another value of. Everything else is decided once, when it starts.
const CHANGEABLE: [&str; 5] = [
    "defaults.",
    "pool.reserve.disk",
    "service.drain.",
    "service.quarantine_after",
    "service.retention.",
];

/// The configuration of a server that runs.
pub(crate) struct Configuration {
    held: RwLock<Arc<Held>>,
    read: Box<Read>,
}

/// Reads everything again that the configuration is made of.
type Read = dyn Fn() -> Result<Held, ServeError> + Send + Sync;

/// A configuration, and each of its values with who said so.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) config: Config,
    pub(crate) settings: Vec<Setting>,
}

/// Why another configuration does not come to hold.
#[derive(Debug)]
pub(crate) enum NotReloaded {
    /// No server would start with it.
    Refused(ServeError),
    /// These keys have other values, and are decided when a server starts.
    NeedsRestart(Vec<String>),
}

/// A configuration that may come to hold, and what it changes.
#[derive(Debug)]
pub(crate) struct Reread {
    pub(crate) held: Held,
    pub(crate) changed: Vec<Setting>,
}

impl Configuration {
    pub(crate) fn new(
        held: Held,
        read: impl Fn() -> Result<Held, ServeError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            held: RwLock::new(Arc::new(held)),
            read: Box::new(read),
        }
    }

    /// What holds now.
    pub(crate) fn now(&self) -> Arc<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }

    /// What is written now, if it may come to hold.
    pub(crate) fn reread(&self) -> Result<Reread, NotReloaded> {
        let held = (self.read)().map_err(NotReloaded::Refused)?;
        let changed = changed(&self.now().settings, &held.settings);
        let fixed = changed.iter().map(|setting| setting.key.clone());
        let fixed: Vec<String> = fixed.filter(|key| !is_changeable(key)).collect();
        if fixed.is_empty() {
            Ok(Reread { held, changed })
        } else {
            Err(NotReloaded::NeedsRestart(fixed))
        }
    }

    /// Has it hold.
    pub(crate) fn hold(&self, held: Held) {
        let mut place = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *place = Arc::new(held);
    }
}

fn is_changeable(key: &str) -> bool {
    CHANGEABLE.iter().any(|begin| key.starts_with(begin))
}

/// Those that have another value than before.
fn changed(before: &[Setting], after: &[Setting]) -> Vec<Setting> {
    let was = |key: &str| before.iter().find(|one| one.key == key);
    let differs = |one: &&Setting| was(&one.key).is_none_or(|was| was.value != one.value);
    after.iter().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sublet_api::Origin;

    use super::*;

    fn held(values: &[(&str, &str)]) -> Held {
        let setting = |&(key, value): &(&str, &str)| Setting {
            key: key.to_owned(),
            value: value.to_owned(),
            origin: Origin::File,
        };
        Held {
            config: Config::default(),
            settings: values.iter().map(setting).collect(),
        }
    }

    #[test]
    fn what_is_decided_at_the_start_is_named_and_nothing_comes_to_hold() {
        let first = [
            ("data_dir", "/a"),
            ("defaults.job.cpu", "1"),
            ("listen.api", "nowhere"),
        ];
        let written = Arc::new(Mutex::new(first));
        let place = Arc::clone(&written);
        let configuration =
            Configuration::new(held(&first), move || Ok(held(&*place.lock().unwrap())));
        assert!(configuration.reread().unwrap().changed.is_empty());
        written.lock().unwrap()[1].1 = "2";
        let reread = configuration.reread().unwrap();
        assert_eq!(reread.changed[0].key, "defaults.job.cpu");
        assert_eq!(configuration.now().settings[1].value, "1");
        configuration.hold(reread.held);
        assert_eq!(configuration.now().settings[1].value, "2");
        *written.lock().unwrap() = [
            ("data_dir", "/b"),
            ("defaults.job.cpu", "3"),
            ("listen.api", "[::1]:1"),
        ];
        match configuration.reread().unwrap_err() {
            NotReloaded::NeedsRestart(keys) => assert_eq!(keys, ["data_dir", "listen.api"]),
            other => panic!("{other:?}"),
        }
        assert_eq!(configuration.now().settings[1].value, "2");
    }
}
