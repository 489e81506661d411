//! What the tests share: guests from text, a world around them, and what came of it.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use sublet_network::Nic;
use sublet_sandbox::{
    Access, Compiled, Directory, Ending, Input, Instance, Preemption, Program, Sandbox, Shape,
    Share, Sink, Stop, compile,
};
use sublet_scheduler::{Limits, Outcome};
use tokio::sync::Notify;

/// Nothing in these tests takes longer unless something is broken.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const PAGE: u64 = 64 << 10;

/// A shape that fits every test.
pub(crate) const SHAPE: Shape = Shape {
    instances_max: 64,
    memory_bytes_max: 256 * MIB,
    threads: 2,
    preemption: Preemption::Checks,
};

/// The sandbox of all tests but those that count what is in use.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::new(SHAPE).expect("the sandbox is made"))
}

/// An artifact from the text format.
pub(crate) fn artifact(text: &str) -> Vec<u8> {
    compiled(&wat::parse_str(text).expect("the text is well formed")).artifact
}

pub(crate) fn compiled(wasm: &[u8]) -> Compiled {
    compile(wasm, Preemption::Checks).expect("the gate lets it pass")
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn program_in(sandbox: &Sandbox, text: &str) -> Program {
    load(sandbox, &artifact(text))
}

pub(crate) fn load(sandbox: &Sandbox, artifact: &[u8]) -> Program {
    sandbox
        .load(artifact, &sha256(artifact))
        .expect("the artifact is loaded")
}

/// A guest and the world it is run in.
pub(crate) struct Guest {
    pub(crate) sandbox: Sandbox,
    program: Program,
    args: Vec<String>,
    env: Vec<(String, String)>,
    pub(crate) limits: Limits,
    share: Option<Share>,
    directories: Vec<Directory>,
    network: Option<Nic>,
    stdin: Input,
    stdout: Option<Box<dyn Sink>>,
    stderr: Option<Box<dyn Sink>>,
    pub(crate) stop: Stop,
}

/// What came of a guest.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) ending: Ending,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Guest {
    pub(crate) fn new(text: &str) -> Self {
        Self::of(sandbox(), &program_in(sandbox(), text))
    }

    pub(crate) fn of(sandbox: &Sandbox, program: &Program) -> Self {
        Self {
            sandbox: sandbox.clone(),
            program: program.clone(),
            args: vec!["guest".to_owned()],
            env: Vec::new(),
            limits: Limits::default(),
            share: None,
            directories: Vec::new(),
            network: None,
            stdin: Input::Empty,
            stdout: None,
            stderr: None,
            stop: sandbox.stop_handle(),
        }
    }

    pub(crate) fn limit(mut self, set: impl FnOnce(&mut Limits)) -> Self {
        set(&mut self.limits);
        self
    }

    pub(crate) fn share(mut self, share: Share) -> Self {
        self.share = Some(share);
        self
    }

    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn network(mut self, nic: Nic) -> Self {
        self.network = Some(nic);
        self
    }

    pub(crate) fn stdin(mut self, stdin: Input) -> Self {
        self.stdin = stdin;
        self
    }

    pub(crate) fn stdout(mut self, sink: impl Sink) -> Self {
        self.stdout = Some(Box::new(sink));
        self
    }

    pub(crate) fn stderr(mut self, sink: impl Sink) -> Self {
        self.stderr = Some(Box::new(sink));
        self
    }

    /// Grants a directory that is counted when it may be written to.
    pub(crate) fn directory(mut self, host: &Path, guest: &str, access: Access) -> Self {
        let counted = access == Access::ReadWrite;
        self.directories.push(Directory {
            host: host.to_owned(),
            guest: guest.to_owned(),
            access,
            counted,
        });
        self
    }

    pub(crate) async fn run(self) -> Ran {
        let (stdout, stderr) = (Collected::default(), Collected::default());
        let instance = Instance {
            args: self.args.into(),
            env: self.env.into(),
            attempt_env: Vec::new(),
            limits: self.limits,
            share: self.share,
            directories: self.directories,
            network: self.network,
            stdin: self.stdin,
            stdout: self.stdout.unwrap_or_else(|| Box::new(stdout.clone())),
            stderr: self.stderr.unwrap_or_else(|| Box::new(stderr.clone())),
            job: None,
            stop: self.stop,
        };
        let ending = soon(self.sandbox.run(&self.program, instance)).await;
        Ran {
            ending,
            stdout: stdout.text(),
            stderr: stderr.text(),
        }
    }

    /// Runs it and compares the outcome; the rest is answered.
    pub(crate) async fn ends(self, outcome: Outcome) -> Ran {
        let ran = self.run().await;
        assert_eq!(ran.ending.outcome, outcome, "{ran:#?}");
        ran
    }
}

impl Ran {
    pub(crate) fn detail(&self) -> &str {
        self.ending.detail.as_deref().unwrap_or_default()
    }
}

/// Waits for a future that must not take for ever.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(DEADLINE, future)
        .await
        .expect("it ends within the deadline")
}

/// A sink that keeps everything.
#[derive(Clone, Default)]
pub(crate) struct Collected(Arc<Mutex<Vec<u8>>>, Arc<Notify>);

impl Collected {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Waits until the guest has written `text`.
    pub(crate) async fn wait_for(&self, text: &str) {
        soon(async {
            while self.text() != text {
                self.1.notified().await;
            }
        })
        .await;
    }
}

impl Sink for Collected {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(&bytes);
        self.1.notify_one();
        Ok(())
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
