//! Entries of a log on their way to our own streams.

use sublet_api::{Job, LogEntry, LogQuery, Stream};

use super::plain::Plain;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Format, Output};
use crate::show::unit;
use crate::transcript::{Tail, Transcript};
use crate::watch::selector_of;

/// Prints all that a job writes until it is over, each of its streams to ours of the same name: as if it ran here.
pub(crate) async fn follow(client: &Client, job: &Job, output: &Output) -> Result<(), Failure> {
    let query = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut printer = Printer {
        apart: true,
        ..Printer::of_logs(job, &query, output)
    };
    printer.print(client, &query, 0).await?;
    printer.finish()
}

/// Prints the log of one job.
pub(super) struct Printer<'a> {
    job: &'a Job,
    output: &'a Output,
    transcript: Transcript,
    /// Whether the guest's stderr goes to ours.
    apart: bool,
}

impl<'a> Printer<'a> {
    /// A printer to stdout, where the log is what was asked for.
    pub(super) fn of_logs(job: &'a Job, query: &LogQuery, output: &'a Output) -> Self {
        let several = job.tasks.total > 1 && query.task.is_none();
        let transcript = match output.format() {
            Format::Json | Format::Ndjson => Transcript::Json,
            Format::Table | Format::Name | Format::Csv if several => Transcript::many(),
            Format::Table | Format::Name | Format::Csv => Transcript::Single,
        };
        Self {
            job,
            output,
            transcript,
            apart: false,
        }
    }

    /// Prints what is there and, when following, what comes; the first `known` entries were printed before.
    pub(super) async fn print(
        &mut self,
        client: &Client,
        query: &LogQuery,
        known: u64,
    ) -> Result<(), Failure> {
        let mut stream = client.logs(&selector_of(self.job), query).await?;
        let mut seen = 0;
        while let Some(entry) = stream.next().await? {
            if seen >= known {
                let bytes = self.transcript.take(&entry);
                self.put(entry.stream, &bytes)?;
                self.tell_gap(&entry);
            }
            seen += 1;
        }
        Ok(())
    }

    /// Prints the bytes of what is there as they are, task after task.
    pub(super) async fn print_plain(
        &self,
        client: &Client,
        query: &LogQuery,
    ) -> Result<(), Failure> {
        let mut stream = client.logs(&selector_of(self.job), query).await?;
        let mut plain = Plain::new()?;
        while let Some(entry) = stream.next().await? {
            plain.take(&entry)?;
            self.tell_gap(&entry);
        }
        plain.print(self.output)
    }

    /// Prints the last lines of what is there; answers how many entries that was.
    pub(super) async fn tail(
        &mut self,
        client: &Client,
        query: &LogQuery,
        lines: u32,
    ) -> Result<u64, Failure> {
        let now = LogQuery {
            follow: false,
            ..query.clone()
        };
        let mut stream = client.logs(&selector_of(self.job), &now).await?;
        let mut tail = Tail::new(usize::try_from(lines).unwrap_or(usize::MAX));
        let mut seen = 0;
        while let Some(entry) = stream.next().await? {
            tail.push(&self.transcript.take(&entry));
            seen += 1;
        }
        if !query.follow {
            for (_, rest) in self.transcript.finish() {
                tail.push(&rest);
            }
        }
        self.output.bytes(&tail.into_bytes())?;
        Ok(seen)
    }

    /// Prints what was held back for the end of its line.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let rest = self.transcript.finish();
        rest.iter()
            .try_for_each(|(stream, bytes)| self.put(*stream, bytes))
    }

    fn put(&self, stream: Stream, bytes: &[u8]) -> Result<(), Failure> {
        let as_entries = matches!(self.transcript, Transcript::Json);
        match stream {
            Stream::Stderr if self.apart && !as_entries => self.output.guest_stderr(bytes),
            Stream::Stderr | Stream::Stdout => self.output.bytes(bytes),
        }
    }

    /// Missing bytes are told beside the data: inside it they could not be told from what the guest wrote.
    fn tell_gap(&self, entry: &LogEntry) {
        if let Some(bytes) = entry.missing_bytes {
            let missing = unit::bytes(bytes);
            self.output.talk(format_args!(
                "{missing} of the log are missing or damaged here"
            ));
        }
    }
}
