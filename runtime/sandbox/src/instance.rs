//! What one instance is given. What is not here, it does not have.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sublet_network::Nic;
use sublet_scheduler::Limits;

use crate::{Input, Job, Share, Sink, Stop};

/// Everything that one instance can see of the world.
pub struct Instance {
    /// Its arguments, the program's name first.
    pub args: Arc<[String]>,
    /// Variables that the tasks of a job share.
    pub env: Arc<[(String, String)]>,
    /// Variables of this attempt alone, seen after the shared ones.
    pub attempt_env: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// Its share of the processors; nothing where it may have all it can get.
    pub share: Option<Share>,
    /// The directories it is granted.
    pub directories: Vec<Directory>,
    /// Its place on a network; nothing where it has none. It is left when the instance ends.
    pub network: Option<Nic>,
    /// What it is told of its job, and who listens to it; nothing where it is no job's.
    pub job: Option<Job>,
    /// What it reads.
    pub stdin: Input,
    /// Where its output goes.
    pub stdout: Box<dyn Sink>,
    /// Where its diagnostics go.
    pub stderr: Box<dyn Sink>,
    /// How it is ended from outside.
    pub stop: Stop,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("args", &self.args)
            .field("limits", &self.limits)
            .field("directories", &self.directories)
            .field("job", &self.job)
            .field("network", &self.network.as_ref().map(Nic::addresses))
            .finish_non_exhaustive()
    }
}

/// A directory of the host, as the guest sees it.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where it is. Only this attempt writes to it.
    pub host: PathBuf,
    /// Its name for the guest.
    pub guest: String,
    /// What the guest may do in it.
    pub access: Access,
    /// Whether what is in it counts towards [`Limits::scratch_bytes`].
    pub counted: bool,
}

/// What a guest may do in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// List and read.
    ReadOnly,
    /// Also create, change and remove.
    ReadWrite,
}
