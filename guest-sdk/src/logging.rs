//! What is logged with `log` or `tracing` lands in the job's log, with its level and its named values.

#[cfg(feature = "log")]
mod with_log;
#[cfg(feature = "tracing")]
mod with_tracing;

use crate::host::Level;

/// What is told unless the environment says otherwise.
const LEVEL: Level = Level::Info;
/// The variable that says otherwise, with one word: `trace`, `debug`, `info`, `warn`, `error`.
const VARIABLE: &str = "RUST_LOG";

/// Begins to listen. Where the program has set up a logger of its own, that one stays.
pub(crate) fn begin() {
    let level = std::env::var(VARIABLE).ok().and_then(|word| parse(&word));
    let level = level.unwrap_or(LEVEL);
    #[cfg(feature = "log")]
    with_log::begin(level);
    #[cfg(feature = "tracing")]
    with_tracing::begin(level);
    #[cfg(not(any(feature = "log", feature = "tracing")))]
    let _nobody_listens = level;
}

fn parse(word: &str) -> Option<Level> {
    match word.to_ascii_lowercase().as_str() {
        "trace" => Some(Level::Trace),
        "debug" => Some(Level::Debug),
        "info" => Some(Level::Info),
        "warn" => Some(Level::Warn),
        "error" => Some(Level::Error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_word() {
        assert_eq!(parse("Debug"), Some(Level::Debug));
        assert_eq!(parse("my_crate=debug"), None);
    }
}
