//! Which layers a worker of this host has, found out by starting one: nobody else could say it as truly.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use sublet_network::Plan;
use sublet_sandbox::Burst;

use super::{Account, Standing};
use crate::child;
use crate::frame::{FrameReader, FrameWriter};
use crate::protocol::{Configuration, FromWorker, HERE, Isolation, ToWorker};

/// A worker is ready within milliseconds; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a worker of this executable, in this directory and as this account, that is given nothing to do, hears which
/// layers it has, and lets it end.
///
/// # Errors
/// When it does not come to say so.
pub fn probe(
    executable: &Path,
    directory: &Path,
    account: Option<Account>,
) -> io::Result<Vec<Standing>> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(PATIENCE))?;
    let mut child = child::command(executable, "worker", account)
        .current_dir(directory)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let heard = converse(ours);
    end(&mut child, heard.is_ok())?;
    heard
}

fn converse(link: UnixStream) -> io::Result<Vec<Standing>> {
    let mut writer = FrameWriter::new(link.try_clone()?);
    writer.send(&[ToWorker::Configure(smallest())], &[])?;
    let mut reader = FrameReader::new(link);
    let first = reader.receive::<FromWorker>()?;
    match first.into_iter().flatten().next() {
        Some(FromWorker::Ready { wall, .. }) => Ok(wall),
        _ => Err(io::Error::other("a worker ended before it was ready")),
    }
}

/// The link is closed by now, so a worker that answered ends by itself.
fn end(child: &mut Child, is_well: bool) -> io::Result<()> {
    if !is_well {
        child.kill()?;
    }
    child.wait().map(drop)
}

/// A worker with room for one small guest that never comes.
fn smallest() -> Configuration {
    Configuration {
        instances_max: 1,
        memory_bytes_max: 1 << 16,
        isolation: Isolation::User,
        cpu_millis: 1000,
        burst: Burst::Forbidden,
        directory: HERE.to_owned(),
        network: Plan {
            v4: Ipv4Addr::new(10, 0, 0, 0),
            v4_bits: 18,
            v6: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0),
            v6_bits: 64,
        },
    }
}
