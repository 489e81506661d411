//! What workers ask, and what they are answered: exactly one answer to each question.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use sublet_network::policy::Egress;
use sublet_network::{Protocol, Refusal, Target};
use sublet_scheduler::UserId;
use sublet_worker::dial;
use sublet_worker::protocol::{Answer, ToWorker};

use super::joining::{self, Wish};
use super::{Broker, NicId};
use crate::workers::{Speaker, WorkerId};

/// The worker that asks.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) user: UserId,
    pub(crate) worker: WorkerId,
    pub(crate) speaker: Speaker,
}

impl Asker {
    pub(crate) fn answer(&self, number: u64, answer: Answer, descriptor: Option<OwnedFd>) {
        let message = ToWorker::Answered { number, answer };
        self.speaker
            .say(vec![message], descriptor.into_iter().collect());
    }
}

impl Broker {
    /// Says who carries a name beyond the worker that asks.
    pub(crate) fn tell_neighbours(&self, asker: &Asker, number: u64, name: &str) {
        let state = self.state();
        let network = state.networks.get(&asker.user);
        let found = network.map(|network| network.neighbours(name, asker.worker));
        asker.answer(number, Answer::Neighbours(found.unwrap_or_default()), None);
    }

    /// Connects a nic of the worker that asks, and says so when that is done.
    pub(crate) fn connect(
        &self,
        asker: &Asker,
        number: u64,
        nic: Ipv4Addr,
        wanted: (Protocol, Target),
    ) {
        let nic = NicId {
            user: asker.user,
            v4: nic,
        };
        if let Err(refusal) = self.dial(asker, number, nic, wanted) {
            asker.answer(number, Answer::Refused(refusal), None);
        }
    }

    /// A worker does not use a connection any more.
    pub(crate) fn hung_up(&self, worker: WorkerId, connection: u64) {
        self.state().lines.hang_up(connection, worker);
    }

    fn dial(
        &self,
        asker: &Asker,
        number: u64,
        nic: NicId,
        (protocol, target): (Protocol, Target),
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        let network = state.networks.get(&nic.user).ok_or(Refusal::Unreachable)?;
        let Some(grant) = network.grant_of(nic.v4, asker.worker) else {
            tracing::warn!(worker = ?asker.worker, nic = %nic.v4, "a worker asks for a nic that it was not given");
            return Err(Refusal::Unreachable);
        };
        let egress = grant.egress.clone();
        let inside = match &target {
            Target::Address(address) if network.plan().contains(address.ip()) => Some(*address),
            Target::Address(_) | Target::Name { .. } => None,
        };
        let connection = state.lines.open(nic, asker.worker).ok_or(Refusal::Limit)?;
        if let Some(to) = inside {
            let wish = Wish {
                asker: asker.clone(),
                number,
                connection,
                nic,
                protocol,
                to,
            };
            let joined = joining::begin(&mut state, wish);
            if joined.is_err() {
                state.lines.close(connection);
            }
            return joined;
        }
        drop(state);
        let dialling = Dialling {
            egress,
            protocol,
            target,
            number,
            connection,
        };
        self.0
            .runtime
            .spawn(self.clone().dial_out(asker.clone(), dialling));
        Ok(())
    }

    async fn dial_out(self, asker: Asker, dialling: Dialling) {
        let Dialling {
            number, connection, ..
        } = dialling;
        let connected = dialling.connect(&*self.0.resolver).await;
        let mut state = self.state();
        match connected {
            // Where the nic is gone by now, so is who asked.
            Ok((ours, theirs, peer)) => {
                if state.lines.connected(connection, ours) {
                    let answer = Answer::Connected { connection, peer };
                    asker.answer(number, answer, Some(theirs));
                }
            }
            Err(refusal) => {
                state.lines.close(connection);
                asker.answer(number, Answer::Refused(refusal), None);
            }
        }
    }
}

/// A way out of the network.
struct Dialling {
    egress: Egress,
    protocol: Protocol,
    target: Target,
    number: u64,
    connection: u64,
}

impl Dialling {
    /// The descriptor, once to keep and once to pass, and who is at the other end.
    async fn connect(
        &self,
        resolver: &dyn dial::Resolver,
    ) -> Result<(OwnedFd, OwnedFd, SocketAddr), Refusal> {
        let (descriptor, peer) = match self.protocol {
            Protocol::Tcp => {
                let (stream, peer) = dial::stream(&self.egress, &self.target, resolver).await?;
                (stream.into_std().map(OwnedFd::from), peer)
            }
            Protocol::Udp => {
                let (socket, peer) = dial::datagrams(&self.egress, &self.target, resolver).await?;
                (socket.into_std().map(OwnedFd::from), peer)
            }
        };
        let both = descriptor.and_then(|theirs| Ok((theirs.try_clone()?, theirs)));
        let (ours, theirs) = both.map_err(|error| short(&error))?;
        Ok((ours, theirs, peer))
    }
}

/// The system has no descriptor left: for the guest that is a limit.
pub(super) fn short(error: &io::Error) -> Refusal {
    tracing::warn!(%error, "a connection cannot be handed over");
    Refusal::Limit
}
