//! What tasks wrote, made into what is printed: the bytes as they are for one task, whole lines with the task's index
//! before them for many, one JSON entry per line for programs.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sublet_api::{LogEntry, Stream};

/// Longest piece of a line that is held back for its end.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// Turns entries into bytes to print.
#[derive(Debug)]
pub(crate) enum Transcript {
    /// One task: its bytes, untouched.
    Single,
    /// Several tasks: lines, each with its task. A line that is not whole waits for its end.
    Many(BTreeMap<(u32, u32, bool), Vec<u8>>),
    /// For programs.
    Json,
}

impl Transcript {
    /// Several tasks.
    pub(crate) const fn many() -> Self {
        Self::Many(BTreeMap::new())
    }

    /// What is to be printed for this entry.
    pub(crate) fn take(&mut self, entry: &LogEntry) -> Vec<u8> {
        match self {
            Self::Single => content(entry),
            Self::Json => {
                let mut line = serde_json::to_vec(entry)
                    .expect("an entry has text keys and whole numbers only");
                line.push(b'\n');
                line
            }
            Self::Many(held) => {
                let key = (entry.task, entry.attempt, entry.stream == Stream::Stderr);
                let piece = held.entry(key).or_default();
                piece.extend(content(entry));
                let end = match piece.iter().rposition(|byte| *byte == b'\n') {
                    Some(last) => last + 1,
                    None if piece.len() > PIECE_BYTES_MAX => piece.len(),
                    None => 0,
                };
                let rest = piece.split_off(end);
                let whole = std::mem::replace(piece, rest);
                lines_of(entry.task, &whole)
            }
        }
    }

    /// What was held back when nothing more comes, and from which stream.
    pub(crate) fn finish(&mut self) -> Vec<(Stream, Vec<u8>)> {
        match self {
            Self::Single | Self::Json => Vec::new(),
            Self::Many(held) => std::mem::take(held)
                .into_iter()
                .map(|((task, _, is_stderr), piece)| {
                    let stream = if is_stderr {
                        Stream::Stderr
                    } else {
                        Stream::Stdout
                    };
                    (stream, lines_of(task, &piece))
                })
                .filter(|(_, lines)| !lines.is_empty())
                .collect(),
        }
    }
}

/// The bytes of an entry; none where they are damaged.
pub(crate) fn content(entry: &LogEntry) -> Vec<u8> {
    match (&entry.text, &entry.base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(encoded)) => STANDARD.decode(encoded).unwrap_or_default(),
        (None, None) => Vec::new(),
    }
}

/// Each line with its task before it, and an end to the last.
fn lines_of(task: u32, bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        lines.extend_from_slice(format!("{task} | ").as_bytes());
        lines.extend_from_slice(line);
    }
    if lines.last().is_some_and(|byte| *byte != b'\n') {
        lines.push(b'\n');
    }
    lines
}

/// The last lines of what passes by.
#[derive(Debug)]
pub(crate) struct Tail {
    lines: VecDeque<Vec<u8>>,
    count: usize,
}

impl Tail {
    pub(crate) const fn new(count: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            count,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match self.lines.back_mut() {
                Some(last) if !last.ends_with(b"\n") => last.extend_from_slice(line),
                _ => self.lines.push_back(line.to_vec()),
            }
            while self.lines.len() > self.count {
                self.lines.pop_front();
            }
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.lines.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(task: u32, text: &str) -> LogEntry {
        let json = format!(
            r#"{{"task":{task},"attempt":1,"stream":"stdout","at":"2025-11-21T20:13:20Z","text":{}}}"#,
            serde_json::to_string(text).unwrap()
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn one_task_passes_through() {
        let mut transcript = Transcript::Single;
        assert_eq!(transcript.take(&entry(0, "no end")), b"no end");
        let mut bytes = entry(0, "");
        bytes.text = None;
        bytes.base64 = Some("/wA=".to_owned());
        assert_eq!(transcript.take(&bytes), [0xff, 0]);
    }

    #[test]
    fn lines_of_several_tasks_are_never_mixed() {
        let mut transcript = Transcript::many();
        assert_eq!(transcript.take(&entry(0, "a")), b"");
        assert_eq!(transcript.take(&entry(1, "x\ny")), b"1 | x\n");
        assert_eq!(
            transcript.take(&entry(0, "b\n\nc\n")),
            b"0 | ab\n0 | \n0 | c\n"
        );
        assert_eq!(transcript.finish(), [(Stream::Stdout, b"1 | y\n".to_vec())]);
        assert_eq!(transcript.finish(), []);
    }

    #[test]
    fn a_line_without_end_is_not_held_for_ever() {
        let mut transcript = Transcript::many();
        let long = "x".repeat(PIECE_BYTES_MAX + 1);
        assert_eq!(transcript.take(&entry(0, &long)).len(), long.len() + 5);
    }

    #[test]
    fn the_tail_counts_lines_across_pieces() {
        let mut tail = Tail::new(2);
        for piece in ["a\nb", "b\nc", "c\nd"] {
            tail.push(piece.as_bytes());
        }
        assert_eq!(tail.into_bytes(), b"cc\nd");
    }

    #[test]
    fn a_tail_of_nothing_is_nothing() {
        let mut tail = Tail::new(0);
        tail.push(b"a\nb");
        assert_eq!(tail.into_bytes(), b"");
    }
}
