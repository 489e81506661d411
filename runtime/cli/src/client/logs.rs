//! The stream of a job's output: one JSON entry per line, read as it comes.

use std::collections::VecDeque;

use reqwest::Response;
use sublet_api::{Code, LogEntry, LogQuery};

use super::{Client, understood};
use crate::failure::Failure;
use crate::selector::JobSelector;

/// Longest line that is taken: far above any entry, far below what would trouble this process.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Entries in the order in which the server received them.
#[derive(Debug)]
pub(crate) struct LogStream {
    answer: Response,
    arrived: Vec<u8>,
    entries: VecDeque<LogEntry>,
}

impl Client {
    pub(crate) async fn logs(
        &self,
        job: &JobSelector,
        query: &LogQuery,
    ) -> Result<LogStream, Failure> {
        let route = ["v1", "jobs", job.as_str(), "logs"];
        let answer = self.send(self.get(&route).query(query)).await?;
        Ok(LogStream {
            answer,
            arrived: Vec::new(),
            entries: VecDeque::new(),
        })
    }
}

impl LogStream {
    /// The next entry, as soon as it is there; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<LogEntry>, Failure> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(entry));
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
        // Only the new bytes can hold an end of line; without one there is no entry yet.
        if !bytes.contains(&b'\n') {
            return if self.arrived.len() > LINE_BYTES_MAX {
                Err(broken_off())
            } else {
                Ok(())
            };
        }
        let entries = whole_lines(&mut self.arrived);
        for line in entries
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            self.entries.push_back(understood(line)?);
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
    Failure::new(Code::ServerUnreachable, "the stream of logs broke off")
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
