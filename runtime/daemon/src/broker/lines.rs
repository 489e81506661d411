//! Connections that were handed out. A descriptor that was passed cannot be taken back, so the broker keeps a copy of each,
//! and shuts the connection down when its nic is released, whatever the worker does.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use rustix::net::Shutdown;

use super::NicId;
use crate::workers::WorkerId;

/// Connections of one nic that leave its worker.
const NIC_MAX: usize = 256;
/// Those of all nics together: each takes a descriptor of the front.
const ALL_MAX: usize = 16_384;

/// The connections that are in use.
#[derive(Debug, Default)]
pub(super) struct Lines {
    next: u64,
    by_number: HashMap<u64, Line>,
    by_nic: HashMap<NicId, usize>,
}

#[derive(Debug)]
struct Line {
    nic: NicId,
    worker: WorkerId,
    /// Nothing while it is being dialled.
    copy: Option<OwnedFd>,
}

impl Lines {
    /// A place for one more connection of a nic, and its number. Nothing where there are too many.
    pub(super) fn open(&mut self, nic: NicId, worker: WorkerId) -> Option<u64> {
        let of_nic = self.by_nic.entry(nic).or_default();
        if *of_nic >= NIC_MAX || self.by_number.len() >= ALL_MAX {
            return None;
        }
        *of_nic += 1;
        self.next += 1;
        let line = Line {
            nic,
            worker,
            copy: None,
        };
        self.by_number.insert(self.next, line);
        Some(self.next)
    }

    /// It is connected. Answers whether it is still wanted: its nic may be gone by now.
    pub(super) fn connected(&mut self, number: u64, copy: OwnedFd) -> bool {
        match self.by_number.get_mut(&number) {
            Some(line) => {
                line.copy = Some(copy);
                true
            }
            None => false,
        }
    }

    /// It is not used any more, as the worker that has it says, or was never connected.
    pub(super) fn close(&mut self, number: u64, worker: WorkerId) {
        if self
            .by_number
            .get(&number)
            .is_some_and(|line| line.worker == worker)
            && let Some(line) = self.by_number.remove(&number)
        {
            self.count_down(line.nic);
        }
    }

    /// Ends all connections of a nic.
    pub(super) fn cut(&mut self, nic: NicId) {
        if !self.by_nic.contains_key(&nic) {
            return;
        }
        for (_, line) in self.by_number.extract_if(|_, line| line.nic == nic) {
            if let Some(copy) = line.copy
                && let Err(error) = rustix::net::shutdown(&copy, Shutdown::Both)
            {
                tracing::debug!(%error, "a connection had ended by itself");
            }
        }
        self.by_nic.remove(&nic);
    }

    fn count_down(&mut self, nic: NicId) {
        if let Some(count) = self.by_nic.get_mut(&nic) {
            *count -= 1;
            if *count == 0 {
                self.by_nic.remove(&nic);
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

    #[test]
    fn a_nic_that_is_released_loses_its_connections_whoever_holds_them() {
        let mut lines = Lines::default();
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
        let mut lines = Lines::default();
        let number = lines.open(nic(1), WorkerId::from_number(1)).unwrap();
        lines.cut(nic(1));
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(!lines.connected(number, one.into()));
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let mut lines = Lines::default();
        let worker = WorkerId::from_number(1);
        let numbers: Vec<_> = (0..NIC_MAX)
            .map(|_| lines.open(nic(1), worker).unwrap())
            .collect();
        assert_eq!(lines.open(nic(1), worker), None);
        assert!(lines.open(nic(2), worker).is_some());
        // Only the worker that has it may say that it is over.
        lines.close(numbers[0], WorkerId::from_number(2));
        assert_eq!(lines.open(nic(1), worker), None);
        lines.close(numbers[0], worker);
        assert!(lines.open(nic(1), worker).is_some());
    }
}
