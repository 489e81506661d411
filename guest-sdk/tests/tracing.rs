//! Events of `tracing` land in the log. A test of its own, because a program has one listener.

#![cfg(all(test, feature = "tracing"))]

use sublet_job::Level;
use sublet_job::test::Run;

#[sublet_job::main]
fn main() {
    let span = tracing::info_span!("unseen");
    let _inside = span.enter();
    tracing::warn!(rows = 3, file = "a.csv", "short");
    tracing::debug!("nobody asked");
}

#[test]
fn an_event_is_a_line_with_its_fields() {
    let ended = Run::of(main).run();
    let [line] = ended.log() else {
        panic!("{:?}", ended.log());
    };
    assert_eq!((line.level, line.target.as_str()), (Level::Warn, "tracing"));
    assert_eq!(line.to_string(), "warn tracing: short rows=3 file=a.csv");
}
