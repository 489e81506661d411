//! Our own diagnostics, on stderr. `SUBLET_LOG` chooses what is told: `debug`, `sublet_daemon=trace`, …

use std::env;
use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::verbs::Verb;

/// Begins to log: the server tells what it does, all others only what goes wrong.
pub(crate) fn start(verb: &Verb) {
    let default = if verb.is_server() { "info" } else { "error" };
    let wanted = env::var("SUBLET_LOG").unwrap_or_else(|_| default.to_owned());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(wanted))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // A terminal has a reader; everything else has a collector of logs.
    if verb.is_server() && !io::stderr().is_terminal() {
        builder.json().init();
    } else {
        builder.init();
    }
}
