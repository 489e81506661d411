//! Waiting for a condition, with a deadline. This is the only place of the tests that sleeps.

use std::thread;
use std::time::{Duration, Instant};

/// For whatever takes as long as it takes on a busy machine, and would otherwise take for ever.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `look` sees something, and returns it. Fails with `what` when the deadline passes first.
#[track_caller]
pub(crate) fn eventually<T>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(
            start.elapsed() < deadline,
            "not within {deadline:?}: {what}"
        );
        thread::sleep(PAUSE);
    }
}

/// Says, past the capture of the test runner, that a test was skipped. A silent skip looks like a pass.
pub(crate) fn skip_loudly(reason: &str) {
    use std::io::Write;
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED {name}: {reason}\n");
    // The runner captures what the print macros write, not what goes to the stream itself.
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("stderr is open");
}
