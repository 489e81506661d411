//! What lies beyond the process of `sublet run`: the world, as far as its flags allow. There are no other workers.

use std::net::IpAddr;

use sublet_network::policy::Egress;
use sublet_network::{Dialled, DialledDatagrams, Outside, Pending, Refusal, Target};

use crate::carrier;
use crate::dial::{self, HostResolver};

/// Dials from this very process.
#[derive(Debug)]
pub(super) struct Here {
    egress: Egress,
}

impl Here {
    pub(super) const fn new(egress: Egress) -> Self {
        Self { egress }
    }
}

impl Outside for Here {
    fn neighbours(&self, _name: &str) -> Pending<Vec<IpAddr>> {
        Box::pin(async { Vec::new() })
    }

    fn dial(&self, _nic: u64, target: Target) -> Pending<Result<Dialled, Refusal>> {
        let egress = self.egress.clone();
        Box::pin(async move {
            let (stream, peer) = dial::stream(&egress, &target, &HostResolver).await?;
            Ok(Dialled {
                carrier: Box::new(stream),
                peer,
            })
        })
    }

    fn dial_datagrams(
        &self,
        _nic: u64,
        target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        let egress = self.egress.clone();
        Box::pin(async move {
            let (socket, peer) = dial::datagrams(&egress, &target, &HostResolver).await?;
            Ok(DialledDatagrams {
                carrier: carrier::own_datagrams(socket),
                peer,
            })
        })
    }
}
