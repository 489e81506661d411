//! One worker process: how it is started, spoken to and ended.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use sublet_scheduler::UserId;
use sublet_worker::frame::{FrameReader, FrameWriter};
use sublet_worker::protocol::{Configuration, HERE, ToWorker};
use sublet_worker::{child, fault};

use super::given::Given;
use super::{Speaker, Surroundings, WorkerId, WorkerShape, reader, writer};

/// A worker process. Dropping it closes the link, and with the link the process ends.
pub(super) struct Process {
    speaker: Speaker,
    /// Names the process and no other, also after it has ended.
    handle: OwnedFd,
}

/// What a worker is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose {
    pub(super) user: UserId,
    pub(super) shape: WorkerShape,
    /// The wall limit of its attempt, where it has but one.
    pub(super) wall: Duration,
}

impl Process {
    pub(super) fn start(
        surroundings: &Surroundings,
        (id, given): (WorkerId, Given),
        purpose: Purpose,
    ) -> io::Result<Self> {
        let Purpose { user, shape, .. } = purpose;
        let account = surroundings.accounts.of_user(user);
        let directory = surroundings.directory_of(user).map_err(io::Error::other)?;
        let plan = surroundings
            .broker
            .plan_of(user)
            .ok_or_else(|| io::Error::other("its user has no network"))?;
        let (ours, theirs) = UnixStream::pair()?;
        // All that takes descriptors comes first: there may be none left, and a child would have to be ended.
        let frames = FrameReader::new(ours.try_clone()?);
        let alive = surroundings.alive.try_clone()?;
        // Of a Ctrl-C at the terminal they learn nothing: the front drains, and they go on until their link closes.
        let mut child = child::command(&surroundings.executable, "worker", account)
            .envs(fault::for_child("worker"))
            // The one place that it may know of the paths that lead there.
            .current_dir(directory)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        if handle.is_err() {
            // It has done nothing yet; what cannot be named later is not left behind.
            drop(child.kill().and_then(|()| child.wait()));
        }
        let handle = handle?;
        tracing::debug!(worker = id.0, pid = child.id(), "a worker is started");
        let (speaker, parcels) = Speaker::new();
        let desk = reader::Desk::new(surroundings, (id, speaker.clone(), given), purpose);
        thread::Builder::new()
            .name(format!("hears-{}", id.0))
            .spawn(move || desk.listen(frames, child))?;
        let link = FrameWriter::new(ours);
        thread::Builder::new()
            .name(format!("tells-{}", id.0))
            .spawn(move || writer::send_all(link, parcels))?;
        let process = Self { speaker, handle };
        let configuration = Configuration {
            instances_max: shape.instances_max,
            memory_bytes_max: shape.memory_bytes_max,
            isolation: shape.isolation,
            cpu_millis: shape.cpu_millis,
            burst: shape.burst,
            directory: HERE.to_owned(),
            network: plan,
        };
        process.send(vec![ToWorker::Configure(configuration)], vec![alive.into()]);
        Ok(process)
    }

    /// Hands messages over without waiting: a worker that does not read must not hold up the driver.
    pub(super) fn send(&self, batch: Vec<ToWorker>, descriptors: Vec<OwnedFd>) {
        self.speaker.say(batch, descriptors);
    }

    /// How others speak to it.
    pub(super) fn speaker(&self) -> Speaker {
        self.speaker.clone()
    }

    /// Ends the process at once.
    pub(super) fn kill(&self) {
        if let Err(error) = pidfd_send_signal(&self.handle, Signal::KILL) {
            tracing::debug!(%error, "a worker had ended by itself");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.speaker.end();
    }
}
