//! Nics in few words.

use sublet_scheduler::{NetworkUsage, Next, Outcome};
use sublet_store::{Record, StoredNic};

use super::finished;

/// The first attempt of a task succeeded, after it used a nic and was denied things.
pub(crate) fn networked(job: u64, task: u32, network: NetworkUsage, nic: StoredNic) -> Record {
    let end = finished(job, task, 1, Outcome::Succeeded, Next::Settled);
    let Record::AttemptFinished(mut end) = end else {
        unreachable!("it is one")
    };
    end.usage.network = network;
    end.nic = Some(nic);
    Record::AttemptFinished(end)
}

/// A nic that wanted to reach what it may not, if anything.
pub(crate) fn nic(number: u32, denied: &[&str]) -> StoredNic {
    StoredNic {
        number,
        denied: denied.iter().map(|text| (*text).to_owned()).collect(),
    }
}

/// Each counter another multiple of `unit`.
pub(crate) const fn traffic(unit: u64) -> NetworkUsage {
    NetworkUsage {
        bytes_sent: unit,
        bytes_received: 2 * unit,
        connections_out: 3 * unit,
        connections_in: 4 * unit,
        datagrams_sent: 5 * unit,
        datagrams_received: 6 * unit,
        datagrams_dropped: 7 * unit,
        denials: 8 * unit,
    }
}
