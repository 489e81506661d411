//! Events of the crate `tracing`, with their fields. Spans are let through and not told.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, LevelFilter, Metadata, Subscriber, dispatcher};

use crate::host::{Backend, Host as _, Level};

#[derive(Debug)]
struct Events {
    level: LevelFilter,
    spans: AtomicU64,
}

pub(super) fn begin(level: Level) {
    let events = Events {
        level: filter(level),
        spans: AtomicU64::new(0),
    };
    // An error means that the program listens itself.
    let _ours_or_theirs = dispatcher::set_global_default(dispatcher::Dispatch::new(events));
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut told = Told::default();
        event.record(&mut told);
        let metadata = event.metadata();
        Backend::log(
            level(*metadata.level()),
            metadata.target(),
            &told.message,
            &told.fields,
        );
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Told {
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.tell(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.tell(field, value.to_owned());
    }
}

impl Told {
    fn tell(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.push((field.name().to_owned(), text));
        }
    }
}

fn level(level: tracing_core::Level) -> Level {
    const TOLD: [(tracing_core::Level, Level); 4] = [
        (tracing_core::Level::TRACE, Level::Trace),
        (tracing_core::Level::DEBUG, Level::Debug),
        (tracing_core::Level::INFO, Level::Info),
        (tracing_core::Level::WARN, Level::Warn),
    ];
    TOLD.iter()
        .find(|(theirs, _)| *theirs == level)
        .map_or(Level::Error, |(_, ours)| *ours)
}

const fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Trace => LevelFilter::TRACE,
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
    }
}
