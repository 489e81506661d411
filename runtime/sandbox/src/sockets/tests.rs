//! The states of sockets and the borders of streams, where no guest's library comes between.

mod stages;
mod transfers;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use sublet_network::{
    Addresses, Dialled, DialledDatagrams, Limits, Network, Nic, Outside, Pending, Plan, Refusal,
    Target, Terms, policy,
};
use wasmtime_wasi::p2::bindings::sockets::network::IpSocketAddress;

const ME: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// A nic that is alone on its network.
fn nic() -> Nic {
    let v6 = |last| Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, last);
    let plan = Plan {
        v4: Ipv4Addr::new(10, 77, 0, 0),
        v4_bits: 24,
        v6: v6(0),
        v6_bits: 64,
    };
    let terms = Terms {
        id: 1,
        addresses: Addresses { v4: ME, v6: v6(2) },
        names: vec![String::from("me")],
        egress: policy::Egress::default(),
        limits: Limits {
            sockets: 64,
            connections: 256,
            window_bytes: 256 << 10,
            bytes_per_s: None,
            datagrams_per_s: None,
            connects_per_s: None,
            lookups_per_s: None,
        },
    };
    Network::new(plan, Arc::new(Nowhere)).attach(terms).unwrap()
}

fn at(port: u16) -> IpSocketAddress {
    SocketAddr::from((ME, port)).into()
}

struct Nowhere;

impl Outside for Nowhere {
    fn neighbours(&self, _name: &str) -> Pending<Vec<IpAddr>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    fn dial(&self, _nic: u64, _target: Target) -> Pending<Result<Dialled, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::Unreachable)))
    }

    fn dial_datagrams(
        &self,
        _nic: u64,
        _target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::Unreachable)))
    }
}
