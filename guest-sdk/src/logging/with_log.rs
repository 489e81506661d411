//! Lines of the crate `log`.

use log::{LevelFilter, Log, Metadata, Record};

use crate::host::{Backend, Host as _, Level};

struct Lines;

pub(super) fn begin(level: Level) {
    if log::set_logger(&Lines).is_ok() {
        log::set_max_level(filter(level));
    }
}

impl Log for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let message = record.args().to_string();
            Backend::log(level(record.level()), record.target(), &message, &[]);
        }
    }

    fn flush(&self) {}
}

const fn level(level: log::Level) -> Level {
    match level {
        log::Level::Trace => Level::Trace,
        log::Level::Debug => Level::Debug,
        log::Level::Info => Level::Info,
        log::Level::Warn => Level::Warn,
        log::Level::Error => Level::Error,
    }
}

const fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Trace => LevelFilter::Trace,
        Level::Debug => LevelFilter::Debug,
        Level::Info => LevelFilter::Info,
        Level::Warn => LevelFilter::Warn,
        Level::Error => LevelFilter::Error,
    }
}
