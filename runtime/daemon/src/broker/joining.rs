//! Connections between two workers of the same user: each gets one end of a pair. Who dials hears of it only when the other
//! worker has taken its end, so that to dial where nobody listens is refused here as it is anywhere.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};

use sublet_network::{Protocol, Refusal};
use sublet_worker::protocol::{Answer, ToWorker};

use super::answering::{Asker, short};
use super::{Broker, NicId, State};
use crate::workers::WorkerId;

/// Ports from here on stand for the dialling side, where nobody has bound one.
const EPHEMERAL_FIRST: u64 = 32_768;
const EPHEMERAL_COUNT: u64 = 32_768;

/// Somebody wants to reach an instance in another worker.
pub(super) struct Wish {
    pub(super) asker: Asker,
    /// The number of the question.
    pub(super) number: u64,
    /// The number of the connection, for who dials.
    pub(super) connection: u64,
    pub(super) nic: NicId,
    pub(super) protocol: Protocol,
    pub(super) to: SocketAddr,
}

/// Wishes that the other worker has not answered, by its number of the connection.
#[derive(Default)]
pub(super) struct Joins(HashMap<u64, Join>);

struct Join {
    wish: Wish,
    /// Whom it was offered to.
    worker: WorkerId,
    nic: NicId,
    ours: OwnedFd,
}

/// Offers one end to the worker that has the address.
///
/// # Errors
/// When no worker has it, or there are too many connections. Then nothing was offered.
pub(super) fn begin(state: &mut State, wish: Wish) -> Result<(), Refusal> {
    let (user, asking) = (wish.nic.user, wish.asker.worker);
    let network = state.networks.get(&user).ok_or(Refusal::Unreachable)?;
    let (v4, worker) = network
        .worker_at(wish.to.ip())
        .ok_or(Refusal::Unreachable)?;
    // Its own switch would have found it.
    if worker == asking {
        return Err(Refusal::ConnectionRefused);
    }
    let from = network.source(wish.nic.v4, wish.to, wish.connection);
    let speaker = state.speakers.get(&worker).cloned();
    let speaker = speaker.ok_or(Refusal::Unreachable)?;
    if !speaker.is_heard() {
        return Err(Refusal::Limit);
    }
    let (ours, theirs) = pair(wish.protocol).map_err(|error| short(&error))?;
    let other = NicId { user, v4 };
    let there = state.lines.open(other, worker).ok_or(Refusal::Limit)?;
    let incoming = ToWorker::Incoming {
        connection: there,
        protocol: wish.protocol,
        to: wish.to,
        from,
    };
    let join = Join {
        wish,
        worker,
        nic: other,
        ours,
    };
    state.joins.0.insert(there, join);
    speaker.say(vec![incoming], vec![theirs]);
    Ok(())
}

impl Joins {
    /// Those that a worker will never answer.
    pub(super) fn of_worker(&self, worker: WorkerId) -> Vec<u64> {
        self.those(|_, join| join.worker == worker)
    }

    /// Those that begin or end at a nic.
    pub(super) fn of_nic(&self, nic: NicId) -> Vec<u64> {
        self.those(|_, join| join.nic == nic || join.wish.nic == nic)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    fn those(&self, fits: impl Fn(u64, &Join) -> bool) -> Vec<u64> {
        let those = self.0.iter().filter(|(there, join)| fits(**there, join));
        those.map(|(there, _)| *there).collect()
    }
}

impl Broker {
    /// A worker says what became of a connection that it was offered.
    pub(crate) fn taken(&self, worker: WorkerId, there: u64, refusal: Option<Refusal>) {
        let mut state = self.state();
        if state
            .joins
            .0
            .get(&there)
            .is_some_and(|join| join.worker == worker)
        {
            state.conclude(there, refusal);
        }
    }
}

impl State {
    /// Tells who dials what became of it.
    pub(super) fn conclude(&mut self, there: u64, refusal: Option<Refusal>) {
        let Some(Join { wish, ours, .. }) = self.joins.0.remove(&there) else {
            return;
        };
        match refusal {
            None => {
                self.lines.settle(there);
                self.lines.settle(wish.connection);
                let answer = Answer::Connected {
                    connection: wish.connection,
                    peer: wish.to,
                };
                wish.asker.answer(wish.number, answer, Some(ours));
            }
            Some(refusal) => {
                self.lines.close(there);
                self.lines.close(wish.connection);
                let answer = Answer::Refused(refusal);
                wish.asker.answer(wish.number, answer, None);
            }
        }
    }
}

/// The port that stands for the dialling side.
pub(super) fn ephemeral(connection: u64) -> u16 {
    u16::try_from(EPHEMERAL_FIRST + connection % EPHEMERAL_COUNT).unwrap_or(u16::MAX)
}

fn pair(protocol: Protocol) -> io::Result<(OwnedFd, OwnedFd)> {
    match protocol {
        Protocol::Tcp => {
            let (one, other) = UnixStream::pair()?;
            one.set_nonblocking(true)?;
            other.set_nonblocking(true)?;
            Ok((one.into(), other.into()))
        }
        Protocol::Udp => {
            let (one, other) = UnixDatagram::pair()?;
            one.set_nonblocking(true)?;
            other.set_nonblocking(true)?;
            Ok((one.into(), other.into()))
        }
    }
}
