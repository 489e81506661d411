//! What the tests of sockets share: networks that nothing leads out of, nics, and a guest in plain Rust.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use sublet_network::{
    Addresses, Dialled, DialledDatagrams, Limits, Network, Nic, Outside, Pending, Plan, Refusal,
    Target, Terms,
};
use sublet_sandbox::{Compiled, Program, Stop};
use tokio::task::JoinHandle;

use crate::harness::{Collected, Guest, Ran, compiled, load, sandbox, sha256};

pub(crate) const PLAN: Plan = Plan {
    v4: Ipv4Addr::new(10, 77, 0, 0),
    v4_bits: 24,
    v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0),
    v6_bits: 64,
};

pub(crate) const LIMITS: Limits = Limits {
    sockets: 64,
    connections: 256,
    window_bytes: 256 << 10,
    bytes_per_s: None,
    datagrams_per_s: None,
    connects_per_s: None,
    lookups_per_s: None,
};

/// A network of its own, with the same addresses as any other.
pub(crate) fn network() -> Network {
    Network::new(PLAN, Arc::new(Nowhere))
}

/// `10.77.0.<number>` and `fd77::<number>`.
pub(crate) fn nic(network: &Network, number: u8, name: &str) -> Nic {
    nic_with(network, number, name, LIMITS)
}

pub(crate) fn nic_with(network: &Network, number: u8, name: &str, limits: Limits) -> Nic {
    let terms = terms(number, name, limits);
    network.attach(terms).expect("the address is free")
}

/// Terms without any way out of the network.
pub(crate) fn terms(number: u8, name: &str, limits: Limits) -> Terms {
    Terms {
        id: number.into(),
        addresses: Addresses {
            v4: Ipv4Addr::new(10, 77, 0, number),
            v6: Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, number.into()),
        },
        names: vec![name.to_owned()],
        egress: sublet_network::policy::Egress::default(),
        limits,
    }
}

/// The guest of `tests/guests/sockets.rs`, with its steps.
pub(crate) fn guest(steps: &str) -> Guest {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| load(sandbox(), &sockets().artifact));
    let guest = Guest::of(sandbox(), program).limit(|limits| limits.wall_ms = 50_000);
    steps.split_whitespace().fold(guest, Guest::arg)
}

/// That guest, compiled for the sandbox.
pub(crate) fn sockets() -> Compiled {
    compiled(&fs::read(built()).expect("the guest was built"))
}

/// Built once for each state of its source. Tests run side by side, so the file appears whole.
fn built() -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/sockets.rs");
    let text = fs::read(source).expect("the guest is there");
    let [a, b, c, d, ..] = sha256(&text);
    let version = env!("CARGO_PKG_RUST_VERSION");
    let name = format!("sockets-{version}-{a:02x}{b:02x}{c:02x}{d:02x}.wasm");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !path.exists() {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder is made");
        let wasm = folder.path().join("sockets.wasm");
        let output = Command::new("rustc")
            .args([
                "--edition=2024",
                "--target=wasm32-wasip2",
                "-O",
                "-Cstrip=symbols",
                "-o",
            ])
            .args([&wasm, &PathBuf::from(source)])
            .output()
            .expect("rustc is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the guest does not build:\n{said}");
        fs::rename(wasm, &path).expect("the guest takes its place");
    }
    path
}

/// A guest that runs beside others.
pub(crate) struct Running {
    pub(crate) stop: Stop,
    said: Collected,
    task: JoinHandle<Ran>,
}

/// Starts a guest and waits for its first word.
pub(crate) async fn start(guest: Guest, word: &str) -> Running {
    let running = launch(guest);
    running.says(word).await;
    running
}

pub(crate) fn launch(guest: Guest) -> Running {
    let said = Collected::default();
    Running {
        stop: guest.stop.clone(),
        said: said.clone(),
        task: tokio::spawn(guest.stdout(said).run()),
    }
}

impl Running {
    pub(crate) async fn says(&self, text: &str) {
        self.said.wait_for(text).await;
    }

    /// Waits for its end, and answers all that it said.
    pub(crate) async fn over(self) -> Ran {
        let ran = self.task.await.expect("the harness does not panic");
        Ran {
            stdout: self.said.text(),
            ..ran
        }
    }
}

/// Nothing lies beyond these networks.
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
