//! Our ground: instances of the sandbox, each with a nic on one virtual network.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::thread;

use anyhow::ensure;
use sublet_network::{
    Addresses, Dialled, DialledDatagrams, Limits as NicLimits, Network, Outside, Pending, Plan,
    Refusal, Target, Terms, policy,
};
use sublet_sandbox::{Input, Instance, Program, Sandbox, Shape};
use sublet_scheduler::{Limits, Outcome};

use crate::ground::{Ground, Life, Part};
use crate::guest;

const PLAN: Plan = Plan {
    v4: Ipv4Addr::new(10, 77, 0, 0),
    v4_bits: 16,
    v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0),
    v6_bits: 64,
};

/// The window is that of an ordinary nic; of everything else there is enough.
const NIC_LIMITS: NicLimits = NicLimits {
    sockets: 4_096,
    connections: 256,
    window_bytes: 256 << 10,
    bytes_per_s: None,
    datagrams_per_s: None,
    connects_per_s: None,
    lookups_per_s: None,
};
/// A connection takes up to six: its socket, two streams, and what is waited with for each.
const HANDLES: u32 = 16_384;
/// Longer than any guest here runs.
const WALL_MS: u64 = 600_000;

pub(crate) struct Switch {
    sandbox: Sandbox,
    program: Program,
    network: Network,
}

impl Switch {
    pub(crate) fn new(artifact: &[u8], instances_max: u32) -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(Shape {
            instances_max,
            memory_bytes_max: Limits::default().memory_bytes,
            threads: u32::try_from(thread::available_parallelism()?.get())?,
            preemption: guest::PREEMPTION,
        })?;
        Ok(Self {
            program: sandbox.load(artifact, &guest::sha256(artifact))?,
            network: Network::new(PLAN, Arc::new(Nowhere)),
            sandbox,
        })
    }
}

impl Ground for Switch {
    /// The first address of a network belongs to nobody.
    fn address(&self, number: u16) -> Ipv4Addr {
        let [high, low] = (number + 1).to_be_bytes();
        Ipv4Addr::new(10, 77, high, low)
    }

    fn life(&self, number: u16, part: Part) -> anyhow::Result<Life> {
        let nic = self.network.attach(Terms {
            id: number.into(),
            addresses: Addresses {
                v4: self.address(number),
                v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, number + 1),
            },
            names: Vec::new(),
            egress: policy::Egress::default(),
            limits: NIC_LIMITS,
        })?;
        let instance = Instance {
            args: part.args.into(),
            env: Arc::default(),
            attempt_env: Vec::new(),
            limits: Limits {
                handles: HANDLES,
                wall_ms: WALL_MS,
                ..Limits::default()
            },
            share: None,
            directories: Vec::new(),
            network: Some(nic),
            stdin: Input::Reader(Box::new(part.stdin)),
            stdout: Box::new(part.words.clone()),
            stderr: Box::new(part.words),
            job: None,
            stop: self.sandbox.stop_handle(),
        };
        let (sandbox, program) = (self.sandbox.clone(), self.program.clone());
        Ok(Box::pin(async move {
            let ending = sandbox.run(&program, instance).await;
            ensure!(
                ending.outcome == Outcome::Succeeded,
                "a guest did not succeed: {ending:?}"
            );
            Ok(())
        }))
    }
}

/// Nothing lies beyond this network.
struct Nowhere;

impl Outside for Nowhere {
    fn neighbours(&self, _name: &str) -> Pending<Vec<IpAddr>> {
        Box::pin(ready(Vec::new()))
    }

    fn dial(&self, _nic: u64, _target: Target) -> Pending<Result<Dialled, Refusal>> {
        Box::pin(ready(Err(Refusal::Unreachable)))
    }

    fn dial_datagrams(
        &self,
        _nic: u64,
        _target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        Box::pin(ready(Err(Refusal::Unreachable)))
    }
}
