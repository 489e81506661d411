//! Ports of this host that lead to the guest, while it runs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::LocalError;
use crate::slots::Slots;

/// A port of this host, and the port of the guest that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// On this host's loopback address.
    pub host_port: u16,
    /// Where the guest listens.
    pub guest_port: u16,
}

/// The listeners. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Published {
    _listening: JoinSet<()>,
}

/// Takes all ports before anything runs.
///
/// # Errors
/// When a port cannot be had.
pub(super) async fn take(
    publications: &[Publication],
) -> Result<Vec<(TcpListener, u16)>, LocalError> {
    let mut taken = Vec::new();
    for &Publication {
        host_port,
        guest_port,
    } in publications
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, host_port)).await;
        let listener = listener.map_err(|source| LocalError::Port {
            port: host_port,
            source,
        })?;
        taken.push((listener, guest_port));
    }
    Ok(taken)
}

impl Published {
    /// Hands over who comes, from now on.
    pub(super) fn lead(
        slots: &Arc<Slots>,
        guest: Ipv4Addr,
        taken: Vec<(TcpListener, u16)>,
    ) -> Self {
        let mut listening = JoinSet::new();
        for (listener, guest_port) in taken {
            let slots = Arc::clone(slots);
            let to = SocketAddr::from((guest, guest_port));
            listening.spawn(async move {
                if let Err(error) = hand_over(&listener, &slots, to).await {
                    tracing::error!(%error, "a published port is given up");
                }
            });
        }
        Self {
            _listening: listening,
        }
    }
}

async fn hand_over(listener: &TcpListener, slots: &Slots, to: SocketAddr) -> io::Result<()> {
    loop {
        let (stream, from) = listener.accept().await?;
        slots.deliver_stream((to, from), Box::new(stream));
    }
}
