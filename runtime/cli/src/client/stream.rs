//! An answer of one object per line, read as it comes.

use std::collections::VecDeque;

use reqwest::Response;
use serde::de::DeserializeOwned;
use sublet_api::Code;

use super::understood;
use crate::failure::Failure;

/// Longest line that is taken: far above any entry, far below what would trouble this process.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Items in the order in which the server sends them.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    answer: Response,
    arrived: Vec<u8>,
    items: VecDeque<T>,
}

impl<T: DeserializeOwned> Stream<T> {
    pub(super) const fn new(answer: Response) -> Self {
        Self {
            answer,
            arrived: Vec::new(),
            items: VecDeque::new(),
        }
    }

    /// The next item, as soon as it is there; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<T>, Failure> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Ok(Some(item));
            }
            match self.answer.chunk().await {
                Ok(Some(bytes)) => self.take(&bytes)?,
                Ok(None) if self.arrived.is_empty() => return Ok(None),
                Ok(None) => return Err(broken_off()),
                Err(error) => return Err(broken_off().caused_by(&error)),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.arrived.extend_from_slice(bytes);
        // Only the new bytes can hold an end of line; without one there is no item yet.
        if !bytes.contains(&b'\n') {
            return if self.arrived.len() > LINE_BYTES_MAX {
                Err(broken_off())
            } else {
                Ok(())
            };
        }
        let lines = whole_lines(&mut self.arrived);
        for line in lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            self.items.push_back(understood(line)?);
        }
        Ok(())
    }
}

/// Takes what ends with a line break; the beginning of the next line stays.
fn whole_lines(arrived: &mut Vec<u8>) -> Vec<u8> {
    let end = arrived
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |last| last + 1);
    let rest = arrived.split_off(end);
    std::mem::replace(arrived, rest)
}

fn broken_off() -> Failure {
    Failure::new(Code::ServerUnreachable, "the stream broke off")
        .help("the job goes on as long as the server does; run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_when_it_is_whole() {
        let mut arrived = b"one\ntwo\nthr".to_vec();
        assert_eq!(whole_lines(&mut arrived), b"one\ntwo\n");
        assert_eq!(arrived, b"thr");
        assert_eq!(whole_lines(&mut arrived), b"");
        arrived.extend_from_slice(b"ee\n");
        assert_eq!(whole_lines(&mut arrived), b"three\n");
        assert_eq!(arrived, b"");
    }
}
