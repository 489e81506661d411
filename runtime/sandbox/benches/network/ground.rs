//! Where a guest is put: what the virtual network and the kernel's loopback have in common.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::time::Instant;

use anyhow::{Context, ensure};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use crate::words::{Heard, Words};

/// A whole instance, from its store to its ending, which is an error unless the guest succeeded.
pub(crate) type Life = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// What connects guests.
pub(crate) trait Ground {
    /// The address of a guest by its number, from 0.
    fn address(&self, number: u16) -> Ipv4Addr;

    /// A guest that has this number.
    fn life(&self, number: u16, part: Part) -> anyhow::Result<Life>;
}

/// What a guest is given.
pub(crate) struct Part {
    pub(crate) args: Vec<String>,
    pub(crate) stdin: DuplexStream,
    pub(crate) words: Words,
}

/// A guest that runs.
pub(crate) struct Running {
    stdin: DuplexStream,
    heard: Heard,
    life: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) fn start(
        ground: &dyn Ground,
        number: u16,
        args: Vec<String>,
    ) -> anyhow::Result<Self> {
        let (stdin, theirs) = duplex(16);
        let (words, heard) = Words::new();
        let part = Part {
            args,
            stdin: theirs,
            words,
        };
        let life = tokio::spawn(ground.life(number, part)?);
        Ok(Self { stdin, heard, life })
    }

    /// The next line that the guest says, and when it said it.
    pub(crate) async fn line(&mut self) -> anyhow::Result<(Instant, String)> {
        let mut said = Vec::new();
        loop {
            let word = self.heard.recv().await;
            let (at, bytes) = word.with_context(|| {
                format!("a guest ended after `{}`", String::from_utf8_lossy(&said))
            })?;
            said.extend_from_slice(&bytes);
            if said.ends_with(b"\n") {
                return Ok((at, String::from_utf8_lossy(&said).trim().to_owned()));
            }
        }
    }

    /// Waits for this line, and answers when it came.
    pub(crate) async fn says(&mut self, expected: &str) -> anyhow::Result<Instant> {
        let (at, line) = self.line().await?;
        ensure!(line == expected, "a guest says `{line}`");
        Ok(at)
    }

    /// Lets a guest that waits for a line go on.
    pub(crate) async fn go_on(&mut self) -> io::Result<()> {
        self.stdin.write_all(b"\n").await
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.life.await?
    }
}
