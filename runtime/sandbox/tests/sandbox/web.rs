//! What the tests of requests share: the guest that sends them, and servers that say what a test says.

use std::fs;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sublet_network::{Connection, Listener, Network, Nic, Protocol, Stream};
use sublet_sandbox::{Program, Sandbox};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::harness::{Guest, compiled, load, sandbox, sha256, soon};
use crate::networks::nic;

/// The guest of `tests/guests/http`, with its steps.
pub(crate) fn sender(steps: &str) -> Guest {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| load(sandbox(), artifact()));
    with_steps(Guest::of(sandbox(), program), steps)
}

/// The same in another sandbox.
pub(crate) fn sender_in(sandbox: &Sandbox, steps: &str) -> Guest {
    with_steps(Guest::of(sandbox, &load(sandbox, artifact())), steps)
}

fn with_steps(guest: Guest, steps: &str) -> Guest {
    let guest = guest.limit(|limits| limits.wall_ms = 50_000);
    steps.split_whitespace().fold(guest, Guest::arg)
}

fn artifact() -> &'static [u8] {
    static ARTIFACT: OnceLock<Vec<u8>> = OnceLock::new();
    ARTIFACT.get_or_init(|| compiled(&fs::read(built()).expect("the guest was built")).artifact)
}

/// Built once for each state of its source. Tests run side by side, so the file appears whole.
fn built() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/http");
    let source = ["src/main.rs", "Cargo.toml", "Cargo.lock"];
    let text: Vec<_> = source
        .into_iter()
        .flat_map(|file| fs::read(folder.join(file)).expect("the guest is there"))
        .collect();
    let [a, b, c, d, ..] = sha256(&text);
    let version = env!("CARGO_PKG_RUST_VERSION");
    let name = format!("http-{version}-{a:02x}{b:02x}{c:02x}{d:02x}.wasm");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !path.exists() {
        let target = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder is made");
        let output = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--release", "--target=wasm32-wasip2"])
            .arg("--target-dir")
            .arg(target.path())
            .current_dir(&folder)
            .output()
            .expect("cargo is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the guest does not build:\n{said}");
        let wasm = target.path().join("wasm32-wasip2/release/http.wasm");
        fs::rename(wasm, &path).expect("the guest takes its place");
    }
    path
}

/// A server of the test, at port 80 of a nic.
pub(crate) struct Server {
    listener: Listener,
    _nic: Nic,
}

impl Server {
    /// At `10.77.0.2`, as `server`.
    pub(crate) fn start(network: &Network) -> Self {
        let nic = nic(network, 2, "server");
        let at = "0.0.0.0:80".parse().unwrap();
        let port = nic.bind(Protocol::Tcp, at).expect("the port is free");
        let listener = nic.listen(port, 64).expect("it is a port for that");
        Self {
            listener,
            _nic: nic,
        }
    }

    pub(crate) async fn accept(&mut self) -> Stream {
        soon(poll_fn(|cx| self.listener.poll_acceptable(cx))).await;
        self.next().expect("somebody waits").into_stream()
    }

    /// Whoever waits.
    pub(crate) fn next(&mut self) -> Option<Connection> {
        self.listener.accept()
    }

    /// Accepts one, and hears it out.
    pub(crate) async fn hear(&mut self) -> Stream {
        let mut stream = self.accept().await;
        read_head(&mut stream).await;
        stream
    }
}

/// The head of a request, without the empty line.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.expect("the head is whole"));
    }
    String::from_utf8(head)
        .expect("it is text")
        .trim_end()
        .replace('\r', "")
}
