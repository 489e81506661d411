//! A server on a throw-away directory, and the two ways to speak to it: the command line and the socket.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;
use sublet_api::{Job, Module, SubmitJob};
use tempfile::TempDir;

use crate::processes;

/// How long the server may take to be ready.
const READY_MAX: Duration = Duration::from_secs(20);

/// `sublet serve` on directories of its own. Dropping it ends the server and removes them.
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
}

impl Server {
    /// A server without any configuration.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::configured("")
    }

    /// A server with this configuration file.
    pub(crate) fn configured(toml: &str) -> anyhow::Result<Self> {
        let directory = directory()?;
        let root = directory.path();
        fs::write(root.join("config.toml"), toml)?;
        let child = serve(root)?;
        let server = Self { child, directory };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// As when the machine fails.
    pub(crate) fn kill9(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it anew on its directories, and does not wait until it is ready.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = serve(self.directory.path())?;
        Ok(())
    }

    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self
            .connect()
            .and_then(|mut client| client.bytes("/readyz"))
            .is_err()
        {
            ensure!(
                began.elapsed() < READY_MAX,
                "the server is not ready:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Runs `sublet submit --wait` with these arguments, and returns the finished job, all of whose tasks succeeded.
    pub(crate) fn submit_and_wait(&self, arguments: &[&str]) -> anyhow::Result<Job> {
        let mut submit = command(self.directory.path());
        submit.args(["-o", "json", "submit", "--wait"]);
        Ok(serde_json::from_slice(&self.run(submit.args(arguments))?)?)
    }

    /// Adds a user to a server that listens; returns where their credential is.
    pub(crate) fn add_user(&self, name: &str) -> anyhow::Result<PathBuf> {
        let file = self.directory.path().join(format!("{name}.credential"));
        let mut add = command(self.directory.path());
        self.run(add.args(["users", "add", name, "--out"]).arg(&file))?;
        Ok(file)
    }

    /// Hands in a job as the user of this credential.
    pub(crate) fn submit_as(&self, credential: &Path, arguments: &[&str]) -> anyhow::Result<Job> {
        let mut submit = command(self.directory.path());
        submit.env("SUBLET_CREDENTIAL", credential);
        submit.args(["-o", "json", "submit"]).args(arguments);
        Ok(serde_json::from_slice(&self.run(&mut submit)?)?)
    }

    /// What a run of `sublet` that succeeds writes to stdout.
    fn run(&self, command: &mut Command) -> anyhow::Result<Vec<u8>> {
        let output = command.stdin(Stdio::null()).output()?;
        ensure!(
            output.status.success(),
            "sublet ended with {}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        Ok(output.stdout)
    }

    /// Makes a file of the module's text and returns its path.
    pub(crate) fn file(&self, name: &str, wat: &str) -> anyhow::Result<String> {
        let path = self.directory.path().join(name);
        fs::write(&path, wat)?;
        Ok(path.display().to_string())
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        Client::connect(&self.directory.path().join("runtime/sublet/api.sock"))
    }

    /// Keeps everything that is submitted from being started.
    pub(crate) fn pause_everything(&self) -> anyhow::Result<()> {
        let mut client = self.connect()?;
        let pool: sublet_api::Pool = client.get("/v1/pool")?;
        for subcluster in pool.subclusters {
            let target = format!("/v1/subclusters/{}/pause", subcluster.name);
            client.post(&target, br#"{"reason": "a measurement"}"#)?;
        }
        Ok(())
    }

    /// Where it keeps all that lasts.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its one worker.
    pub(crate) fn worker(&self) -> anyhow::Result<u32> {
        processes::child(self.process(), "worker")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = i32::try_from(self.process()).ok().and_then(Pid::from_raw) {
            // The first asks it to drain, the second to stop now. One that has ended meanwhile needs neither.
            for _ in 0..2 {
                if kill_process(process, Signal::TERM).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A directory on the disk that builds are made on: temporary files may live in memory, where nothing is durable.
pub(crate) fn directory() -> anyhow::Result<TempDir> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(place)?;
    Ok(tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(place)?)
}

fn serve(root: &Path) -> anyhow::Result<Child> {
    let child = command(root)
        .args(["serve", "--config"])
        .arg(root.join("config.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(root.join("log"))?)
        .spawn()?;
    Ok(child)
}

fn command(root: &Path) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_sublet")));
    command.env_clear();
    for (variable, name) in [
        ("HOME", "home"),
        ("XDG_RUNTIME_DIR", "runtime"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_CONFIG_HOME", "config"),
    ] {
        command.env(variable, root.join(name));
    }
    command
}

/// One connection that is kept, as a program would keep it.
pub(crate) struct Client(BufReader<UnixStream>);

impl Client {
    /// Uploads a module and returns its digest.
    pub(crate) fn push(&mut self, wat: &str) -> anyhow::Result<String> {
        let module: Module = self.exchange(
            "POST",
            "/v1/modules",
            "application/wasm",
            &wat::parse_str(wat)?,
        )?;
        Ok(module.digest)
    }

    /// Hands in a job.
    pub(crate) fn submit(&mut self, job: &SubmitJob) -> anyhow::Result<Job> {
        self.exchange(
            "POST",
            "/v1/jobs",
            "application/json",
            &serde_json::to_vec(job)?,
        )
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, job: &Job) -> anyhow::Result<Job> {
        self.get(&format!("/v1/jobs/{}/wait?timeout_s=60", job.id))
    }

    /// How it stands.
    pub(crate) fn job(&mut self, job: &Job) -> anyhow::Result<Job> {
        self.get(&format!("/v1/jobs/{}", job.id))
    }

    /// A connection to whatever listens there.
    pub(crate) fn connect(socket: &Path) -> anyhow::Result<Self> {
        Ok(Self(BufReader::new(UnixStream::connect(socket)?)))
    }

    /// An answer as it comes.
    pub(crate) fn bytes(&mut self, target: &str) -> anyhow::Result<Vec<u8>> {
        self.send("GET", target, "application/json", b"")?;
        self.receive()
    }

    /// The answer to a body of JSON.
    pub(crate) fn post(&mut self, target: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.send("POST", target, "application/json", body)?;
        self.receive()
    }

    pub(crate) fn get<T: DeserializeOwned>(&mut self, target: &str) -> anyhow::Result<T> {
        self.exchange("GET", target, "application/json", b"")
    }

    fn exchange<T: DeserializeOwned>(
        &mut self,
        method: &str,
        target: &str,
        kind: &str,
        body: &[u8],
    ) -> anyhow::Result<T> {
        self.send(method, target, kind, body)?;
        Ok(serde_json::from_slice(&self.receive()?)?)
    }

    fn send(&mut self, method: &str, target: &str, kind: &str, body: &[u8]) -> anyhow::Result<()> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: sublet\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.0
            .get_mut()
            .write_all(&[head.as_bytes(), body].concat())?;
        Ok(())
    }

    fn receive(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .context("an answer has a status")?
            .to_owned();
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        if !status.starts_with('2') {
            bail!(
                "the server answered {status}: {}",
                String::from_utf8_lossy(&body)
            );
        }
        Ok(body)
    }
}
