//! The other tasks on the user's network: names, not addresses. Connections are plain `std::net`.

use std::time::Duration;

use crate::Called;
use crate::host::{Backend, Host as _};

/// A task that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The host name to connect to.
    pub name: String,
    /// The id of its job.
    pub job: String,
    /// Its number in that job.
    pub task: u32,
}

/// The other tasks. A group is the name of a job; the empty one is this job.
///
/// ```no_run
/// # fn main() {
/// use std::net::TcpStream;
/// use std::time::Duration;
/// use sublet_job::prelude::*;
///
/// #[sublet_job::main]
/// fn main(job: &Job) -> Result<()> {
///     let peers = job.peers();
///     peers.barrier("", job.task().count, Duration::from_secs(60))?;
///     for peer in peers.members("")? {
///         let _stream = TcpStream::connect((peer.name.as_str(), 7000))?;
///     }
///     Ok(())
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Peers<'job>(&'job Backend);

impl<'job> Peers<'job> {
    pub(crate) const fn new(host: &'job Backend) -> Self {
        Self(host)
    }

    /// The host name of this task.
    #[must_use]
    pub fn hostname(&self) -> String {
        self.0.hostname()
    }

    /// The tasks of a group that run now, in the order of their numbers.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn members(&self, group: &str) -> Called<Vec<Peer>> {
        self.0.members(group)
    }

    /// Waits until so many members of the group wait here.
    ///
    /// # Errors
    /// When the time is over, or the job is to stop.
    pub fn barrier(&self, group: &str, count: u32, timeout: Duration) -> Called<()> {
        self.0.barrier(group, count, timeout)
    }
}
