//! Ports of this host that lead to a guest. They are taken before the attempt starts, and free again when its nic is
//! released.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::Duration;

use sublet_network::Protocol;
use sublet_worker::protocol::ToWorker;
use tokio::net::TcpStream;

use super::{BindError, Broker, NicId, Publication};
use crate::workers::{Speaker, WorkerId};

/// How long to wait when the system has no descriptor left for one who comes.
const SHORT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// A port that was taken, and where it leads.
pub(super) struct Taken {
    listener: TcpListener,
    publication: Publication,
}

impl Taken {
    pub(super) const fn host_port(&self) -> u16 {
        self.publication.host_port
    }
}

/// Why a port of this host cannot be published now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortTaken {
    /// A running attempt publishes it.
    ByJob(u16),
    /// Another program of this host listens there.
    ByProgram(u16),
    /// This server may not listen there.
    Forbidden(u16),
}

/// Takes all of the ports, or none.
pub(super) fn take(address: IpAddr, publications: &[Publication]) -> Result<Vec<Taken>, BindError> {
    let take = |&publication: &Publication| {
        let listener = listen(SocketAddr::new(address, publication.host_port));
        listener
            .map(|listener| Taken {
                listener,
                publication,
            })
            .map_err(|source| BindError::Port {
                port: publication.host_port,
                source,
            })
    };
    publications.iter().map(take).collect()
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Whether somebody else has the port, as far as trying to listen there tells. What else goes wrong is no verdict on the
/// port: the start will find it.
fn try_listen(at: SocketAddr) -> Option<PortTaken> {
    match listen(at).err()?.kind() {
        io::ErrorKind::AddrInUse => Some(PortTaken::ByProgram(at.port())),
        io::ErrorKind::PermissionDenied => Some(PortTaken::Forbidden(at.port())),
        _ => None,
    }
}

impl Broker {
    /// Whether the ports could be published now. Nothing is kept, so the start may still find one taken.
    pub(crate) fn can_publish(&self, publications: &[Publication]) -> Result<(), PortTaken> {
        // Held, so that no port is tried in the moment in which an attempt takes it.
        let state = self.state();
        for port in publications.iter().map(|one| one.host_port) {
            let mut networks = state.networks.values();
            if networks.any(|network| network.publishes(port)) {
                return Err(PortTaken::ByJob(port));
            }
            if let Some(taken) = try_listen(SocketAddr::new(self.0.address, port)) {
                return Err(taken);
            }
        }
        Ok(())
    }

    /// Hands those who come to a published port over to the worker, until the nic is released.
    pub(super) async fn lead(self, nic: NicId, worker: WorkerId, taken: Taken) {
        let to = (nic.v4, taken.publication.guest_port);
        let listener = match tokio::net::TcpListener::from_std(taken.listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "a published port cannot be listened to"),
        };
        loop {
            match listener.accept().await {
                Ok((stream, from)) => self.hand_over(nic, worker, to, (stream, from)),
                Err(error) => {
                    tracing::warn!(%error, "somebody who came to a published port is not let in");
                    tokio::time::sleep(SHORT_OF_DESCRIPTORS).await;
                }
            }
        }
    }

    /// Who comes while there are too many, or while the nic goes, is turned away by closing the connection.
    fn hand_over(
        &self,
        nic: NicId,
        worker: WorkerId,
        to: (Ipv4Addr, u16),
        (stream, from): (TcpStream, SocketAddr),
    ) {
        let mut state = self.state();
        if !state.speakers.get(&worker).is_some_and(Speaker::is_heard) {
            return;
        }
        let Some(connection) = state.lines.open(nic, worker) else {
            return;
        };
        let message = ToWorker::Incoming {
            connection,
            protocol: Protocol::Tcp,
            to: to.into(),
            from,
        };
        match passable(stream) {
            Ok((ours, theirs)) => {
                if state.lines.connected(connection, ours)
                    && let Some(speaker) = state.speakers.get(&worker)
                {
                    speaker.say(vec![message], vec![theirs]);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be handed over");
                state.lines.close(connection);
            }
        }
    }
}

/// The descriptor of a stream, once to keep and once to pass.
fn passable(stream: TcpStream) -> io::Result<(OwnedFd, OwnedFd)> {
    stream.set_nodelay(true)?;
    let theirs = OwnedFd::from(stream.into_std()?);
    Ok((theirs.try_clone()?, theirs))
}
