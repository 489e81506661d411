//! Connections that were handed out. A descriptor that was passed cannot be taken back, so the broker keeps a copy of each,
//! and shuts the connection down when its nic is released, whatever the worker does.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::net::Shutdown;

use super::NicId;
use crate::workers::WorkerId;

/// Connections of all nics together: each takes a descriptor of the front.
const ALL_MAX: usize = 16_384;

/// The connections that are in use.
#[derive(Debug, Default)]
pub(super) struct Lines {
    next: u64,
    by_number: HashMap<u64, Line>,
    by_nic: HashMap<NicId, Count>,
}

/// How many connections a nic has, and may have.
#[derive(Clone, Copy, Debug)]
struct Count {
    used: u32,
    max: u32,
}

#[derive(Debug)]
struct Line {
    nic: NicId,
    worker: WorkerId,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// It is being made, and takes its place until that is over: a worker that gives it up before must not have more of
    /// them made at a time than it may have.
    Making { given_up: bool },
    /// It is in use. Of one between two workers there is no copy: it ends with either of them.
    Used { copy: Option<OwnedFd> },
}

impl Lines {
    /// The nic may have this many from now on, until it is cut.
    pub(super) fn admit(&mut self, nic: NicId, max: u32) {
        self.by_nic.insert(nic, Count { used: 0, max });
    }

    /// A place for one more connection of a nic, and its number. Nothing where there are too many, or the nic is gone.
    pub(super) fn open(&mut self, nic: NicId, worker: WorkerId) -> Option<u64> {
        let of_nic = self.by_nic.get_mut(&nic)?;
        if of_nic.used >= of_nic.max || self.by_number.len() >= ALL_MAX {
            return None;
        }
        of_nic.used += 1;
        self.next += 1;
        let line = Line {
            nic,
            worker,
            stage: Stage::Making { given_up: false },
        };
        self.by_number.insert(self.next, line);
        Some(self.next)
    }

    /// It is connected. Answers whether it is still wanted: its nic may be gone by now.
    pub(super) fn connected(&mut self, number: u64, copy: OwnedFd) -> bool {
        self.use_with(number, Some(copy))
    }

    /// It is connected, and the broker keeps no part of it.
    pub(super) fn settle(&mut self, number: u64) {
        self.use_with(number, None);
    }

    fn use_with(&mut self, number: u64, copy: Option<OwnedFd>) -> bool {
        let Some(line) = self.by_number.get_mut(&number) else {
            return false;
        };
        if matches!(line.stage, Stage::Making { given_up: true }) {
            self.close(number);
            return false;
        }
        line.stage = Stage::Used { copy };
        true
    }

    /// It is not used any more, as a worker says. Only the one that has it may.
    pub(super) fn hang_up(&mut self, number: u64, worker: WorkerId) {
        let Some(line) = self.by_number.get_mut(&number) else {
            return;
        };
        if line.worker != worker {
            return;
        }
        match &mut line.stage {
            Stage::Making { given_up } => *given_up = true,
            Stage::Used { .. } => self.close(number),
        }
    }

    /// It is over, or was never connected.
    pub(super) fn close(&mut self, number: u64) {
        if let Some(line) = self.by_number.remove(&number)
            && let Some(count) = self.by_nic.get_mut(&line.nic)
        {
            count.used -= 1;
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.by_number.len()
    }

    /// Ends all connections of a nic.
    pub(super) fn cut(&mut self, nic: NicId) {
        if self.by_nic.remove(&nic).is_none_or(|count| count.used == 0) {
            return;
        }
        for (_, line) in self.by_number.extract_if(|_, line| line.nic == nic) {
            if let Stage::Used { copy: Some(copy) } = line.stage
                && let Err(error) = rustix::net::shutdown(&copy, Shutdown::Both)
            {
                tracing::debug!(%error, "a connection had ended by itself");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixStream;

    use std::io::Read;

    use sublet_scheduler::UserId;

    use super::*;

    fn nic(last: u8) -> NicId {
        NicId {
            user: UserId(1),
            v4: Ipv4Addr::new(10, 0, 0, last),
        }
    }

    /// Lines of two nics that may have so many.
    fn lines(max: u32) -> Lines {
        let mut lines = Lines::default();
        lines.admit(nic(1), max);
        lines.admit(nic(2), max);
        lines
    }

    #[test]
    fn a_nic_that_is_released_loses_its_connections_whoever_holds_them() {
        let mut lines = lines(8);
        let worker = WorkerId::from_number(1);
        let (passed, mut peer) = UnixStream::pair().unwrap();
        let number = lines.open(nic(1), worker).unwrap();
        assert!(lines.connected(number, passed.try_clone().unwrap().into()));
        lines.cut(nic(2));
        lines.cut(nic(1));
        // The worker still has its descriptor, and it leads nowhere.
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        drop(passed);
        assert!(lines.by_number.is_empty() && lines.by_nic.is_empty());
    }

    #[test]
    fn a_connection_that_comes_after_its_nic_is_gone_is_not_wanted() {
        let mut lines = lines(8);
        let number = lines.open(nic(1), WorkerId::from_number(1)).unwrap();
        lines.cut(nic(1));
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(!lines.connected(number, one.into()));
        // Nor does one begin that is not admitted.
        assert_eq!(lines.open(nic(1), WorkerId::from_number(1)), None);
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let mut lines = lines(3);
        let worker = WorkerId::from_number(1);
        let numbers: Vec<_> = (0..3)
            .map(|_| lines.open(nic(1), worker).unwrap())
            .collect();
        assert_eq!(lines.open(nic(1), worker), None);
        assert!(lines.open(nic(2), worker).is_some());
        lines.settle(numbers[0]);
        // Only the worker that has it may say that it is over.
        lines.hang_up(numbers[0], WorkerId::from_number(2));
        assert_eq!(lines.open(nic(1), worker), None);
        lines.hang_up(numbers[0], worker);
        assert!(lines.open(nic(1), worker).is_some());
        // One that is given up while it is being made keeps its place until that is over.
        lines.hang_up(numbers[1], worker);
        assert_eq!(lines.open(nic(1), worker), None);
        lines.settle(numbers[1]);
        assert!(lines.open(nic(1), worker).is_some());
    }
}
