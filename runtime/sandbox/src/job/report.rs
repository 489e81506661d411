//! `sublet:job/report`: what people watch. None of it fails; what is beyond a bound is cut or dropped.

use std::fmt::Write as _;

use bytes::Bytes;
use wasmtime::Result;
use wasmtime_wasi::p2::OutputStream as _;

use super::bindings::sublet::job::report::{Host, Level};
use super::{JobView, Measure};
use crate::text::shown;

/// Bytes of a line of the log before its values, and how many values it may have.
const MESSAGE_BYTES_MAX: usize = 8 << 10;
const FIELDS_MAX: usize = 32;
/// Bytes of a summary that are looked at; whoever listens keeps fewer.
const SUMMARY_BYTES_MAX: usize = 256 << 10;
const MILLION: u128 = 1_000_000;

impl Host for JobView<'_> {
    /// A line on stderr, in the order of all that the guest writes there, and counted as that.
    async fn log(
        &mut self,
        level: Level,
        target: String,
        message: String,
        fields: Vec<(String, String)>,
    ) -> Result<()> {
        let line = line(level, &target, &message, &fields);
        let mut stderr = self.state.stderr.clone();
        // A reader that went away is not the guest's trouble.
        drop(stderr.blocking_write_and_flush(Bytes::from(line)).await);
        Ok(())
    }

    fn progress(
        &mut self,
        done: u64,
        total: Option<u64>,
        unit: String,
        message: Option<String>,
    ) -> Result<()> {
        let Some(desk) = self.state.desk() else {
            return Ok(());
        };
        let counted = match total {
            Some(total) => format!("{done}/{total} {unit}"),
            None => format!("{done} {unit}"),
        };
        let words = match message {
            Some(message) => format!("{} {}", counted.trim_end(), shown(&message)),
            None => counted,
        };
        desk.progress(millionths(done, total), &words);
        Ok(())
    }

    fn gauge(&mut self, name: String, value: f64) -> Result<()> {
        self.measure(&name, Measure::Is(value));
        Ok(())
    }

    fn counter(&mut self, name: String, add: u64) -> Result<()> {
        self.measure(&name, Measure::More(add));
        Ok(())
    }

    fn summary(&mut self, markdown: String) -> Result<()> {
        let end = markdown.floor_char_boundary(SUMMARY_BYTES_MAX);
        if let (Some(desk), Some(summary)) = (self.state.desk(), markdown.get(..end)) {
            desk.summary(summary);
        }
        Ok(())
    }
}

impl JobView<'_> {
    fn measure(&self, name: &str, measure: Measure) {
        if let Some(desk) = self.state.desk() {
            desk.measure(name, measure);
        }
    }
}

/// Of a whole that is known and not nothing; what is done beyond it is all of it.
fn millionths(done: u64, total: Option<u64>) -> Option<u32> {
    let total = u128::from(total.filter(|total| *total > 0)?);
    let share = (u128::from(done) * MILLION / total).min(MILLION);
    u32::try_from(share).ok()
}

/// `warn tiles: one is missing  tile=7`: one line, whatever is in it.
fn line(level: Level, target: &str, message: &str, fields: &[(String, String)]) -> String {
    let level = match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    let mut line = match target {
        "" => format!("{level}: "),
        target => format!("{level} {}: ", shown(target)),
    };
    let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
    for character in message.get(..end).unwrap_or_default().chars() {
        match character {
            character if character.is_control() => line.extend(character.escape_default()),
            character => line.push(character),
        }
    }
    for (name, value) in fields.iter().take(FIELDS_MAX) {
        // Writing to a string cannot fail.
        write!(line, "  {}={}", shown(name), shown(value)).unwrap_or_default();
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_one_line() {
        let fields = vec![("a\nb".to_owned(), "c\u{7}".to_owned()); 40];
        let line = line(Level::Warn, "x\n", "two\nlines\u{1b}[2J", &fields);
        assert!(line.starts_with("warn x\\n: two\\nlines\\u{1b}[2J  a\\nb=c\\u{7}  "));
        assert_eq!(line.matches("a\\nb=").count(), FIELDS_MAX);
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn a_share_is_never_more_than_all() {
        for (done, total, expected) in [
            (0, Some(10), Some(0)),
            (5, Some(10), Some(500_000)),
            (11, Some(10), Some(1_000_000)),
            (u64::MAX, Some(u64::MAX), Some(1_000_000)),
            (u64::MAX, Some(1), Some(1_000_000)),
            (1, Some(0), None),
            (1, None, None),
        ] {
            assert_eq!(millionths(done, total), expected, "{done} of {total:?}");
        }
    }
}
