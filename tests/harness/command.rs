//! One run of the `sublet` binary: its surroundings, its input, its deadline, and what came out.

use std::ffi::OsStr;
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::processes::Process;
use super::{DEADLINE, eventually, kept};

/// The directories that the binary finds its things in. Nothing of the account that runs the tests is seen.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) runtime: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) cache: PathBuf,
    /// How much a server tells, where that is not the usual.
    pub(crate) told: Option<&'static str>,
}

impl Home {
    /// A home below `root`, of which nothing is shared.
    pub(crate) fn below(root: &Path) -> Self {
        let place = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(&path).expect("a temporary directory can be written");
            path
        };
        Self {
            runtime: place("runtime"),
            data: place("data"),
            cache: place("cache"),
            told: None,
        }
    }

    /// A home without a server. The cache of compiled code is kept from run to run, because that is what it is for.
    pub(crate) fn without_server() -> Self {
        let mut home = Self::below(&kept("no-server"));
        home.cache = kept("cache");
        home
    }

    /// Clears the surroundings of a command and puts it into this home.
    pub(crate) fn apply(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.data)
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .env("XDG_DATA_HOME", &self.data)
            .env("XDG_CACHE_HOME", &self.cache)
            .env("XDG_CONFIG_HOME", &self.data)
            .envs(self.told.map(|told| ("SUBLET_LOG", told)));
    }
}

/// A run of `sublet` that is being prepared.
#[derive(Debug)]
pub(crate) struct Sublet {
    command: Command,
    input: Option<Vec<u8>>,
}

impl Sublet {
    /// A run without a server: for `sublet run` and what else needs none.
    pub(crate) fn alone() -> Self {
        Self::at(&Home::without_server())
    }

    pub(crate) fn at(home: &Home) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sublet"));
        home.apply(&mut command);
        Self {
            command,
            input: None,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it as another account, which only root may.
    pub(crate) fn user(mut self, id: u32) -> Self {
        self.command.uid(id);
        self
    }

    /// What it reads from stdin. Without this, stdin is empty.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Runs it to its end, which comes before the deadline or fails the test.
    pub(crate) fn run(self) -> Output {
        self.start().wait()
    }

    /// Starts it and returns at once.
    pub(crate) fn start(mut self) -> Running {
        let line = format!("{:?}", self.command);
        let stdin = match self.input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the built binary starts");
        if let (Some(bytes), Some(mut pipe)) = (self.input, child.stdin.take()) {
            // A program that ends without reading all of its input closes the pipe; that is its right.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        Running {
            stdout: child.stdout.take().map(Stream::collect),
            stderr: child.stderr.take().map(Stream::collect),
            child,
            line,
        }
    }
}

/// What has come through a pipe so far, and the thread that reads it to its end.
#[derive(Debug)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut piece = [0; 65_536];
            loop {
                let count = pipe.read(&mut piece).expect("a pipe can be read");
                if count == 0 {
                    return;
                }
                let mut seen = seen.lock().expect("nobody panics with it");
                seen.extend_from_slice(&piece[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> Vec<u8> {
        self.bytes.lock().expect("nobody panics with it").clone()
    }

    fn whole(self) -> Vec<u8> {
        self.reader.join().expect("the reader does not panic");
        std::mem::take(&mut self.bytes.lock().expect("nobody panics with it"))
    }
}

/// A run of `sublet` that is under way. It does not outlive this value.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
    line: String,
}

impl Running {
    pub(crate) fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Waits until this text has come out of its stdout.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, text: &str) {
        let stdout = self.stdout.as_ref().expect("it is not waited for yet");
        eventually(DEADLINE, &format!("{} prints {text:?}", self.line), || {
            let seen = stdout.so_far();
            String::from_utf8_lossy(&seen).contains(text).then_some(())
        });
    }

    pub(crate) fn wait(self) -> Output {
        self.wait_within(DEADLINE)
    }

    /// As [`Self::wait`], for what a busy machine may be slower with.
    pub(crate) fn wait_within(mut self, deadline: Duration) -> Output {
        let what = format!("the end of {}", self.line);
        let status = eventually(deadline, &what, || {
            self.child.try_wait().expect("a child can be waited for")
        });
        let whole = |stream: Option<Stream>| stream.expect("taken once").whole();
        let (stdout, stderr) = (whole(self.stdout.take()), whole(self.stderr.take()));
        Output {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            bytes: stdout,
            line: std::mem::take(&mut self.line),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// What came out of a run.
#[derive(Clone)]
pub(crate) struct Output {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What it wrote to stdout, byte for byte.
    pub(crate) bytes: Vec<u8>,
    line: String,
}

impl Output {
    /// The same output, of a run that ended with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// The same output, of a run that wrote exactly this to stdout.
    #[track_caller]
    pub(crate) fn prints(self, stdout: &str) -> Self {
        assert_eq!(self.stdout, stdout, "{self:?}");
        self
    }

    /// The same output, of a run whose stderr has each of these words in it.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:?}");
        }
        self
    }

    /// Stdout, without the white space around it.
    pub(crate) fn text(&self) -> &str {
        self.stdout.trim()
    }

    /// Stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {self:?}"),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line)?;
        writeln!(f, "code: {:?}", self.code)?;
        writeln!(f, "stdout: {}", shortened(&self.stdout))?;
        write!(f, "stderr: {}", shortened(&self.stderr))
    }
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 3_000;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}
