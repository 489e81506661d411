//! A server on directories of its own, which goes away with the test.

use std::io::{BufRead, BufReader, Write};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use std::{fs, thread};

use rustix::process::Signal;
use serde_json::Value;

use super::http::{self, Answer};
use super::processes::Process;
use super::{DEADLINE, Home, Output, Secrets, Sublet, eventually};

/// The server that tests share which neither end it nor need it empty.
pub(crate) fn shared() -> Watched {
    static SHARED: OnceLock<Server> = OnceLock::new();
    Watched(SHARED.get_or_init(Server::start))
}

/// The shared server; its log is shown when the test that holds this fails.
#[derive(Debug)]
pub(crate) struct Watched(&'static Server);

impl Deref for Watched {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.show_log_of_failure();
    }
}

/// `sublet serve` on a temporary directory.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) home: Home,
    root: PathBuf,
    arguments: Vec<String>,
    /// Faults that are planted in it, where they are.
    faults: Option<String>,
    process: Process,
    /// Closing it ends the server and removes its directory.
    guardian: ChildStdin,
    exit: Mutex<Receiver<i32>>,
}

impl Server {
    /// A server without any configuration, ready to work.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with this configuration file.
    pub(crate) fn configured(toml: &str) -> Self {
        let root = new_root();
        let file = root.join("config.toml");
        fs::write(&file, toml).expect("a temporary directory can be written");
        let file = file.to_str().expect("temporary paths are text").to_owned();
        Self::launch(root, vec!["--config".to_owned(), file]).ready()
    }

    /// A server with this many slots, whatever machine it is on.
    pub(crate) fn with_slots(slots: usize) -> Self {
        Self::with_slots_and(slots, "")
    }

    /// A server with this many slots, each of this much memory.
    pub(crate) fn with_slots_of(slots: usize, memory: &str) -> Self {
        Self::configured(&slots_of(slots, memory))
    }

    /// A server with this many slots and a further piece of configuration.
    pub(crate) fn with_slots_and(slots: usize, more: &str) -> Self {
        Self::configured(&format!("{}{more}", slots_of(slots, "64MiB")))
    }

    /// The same, started anew so that it listens with TLS as well.
    pub(crate) fn also_listening(mut self) -> Self {
        self.terminate();
        self.exit_within(DEADLINE);
        let listen = ["--listen", "127.0.0.1:0"].map(str::to_owned);
        self.arguments.extend(listen);
        self.restart()
    }

    /// A server with these further arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&text| text.to_owned()).collect();
        Self::launch(new_root(), arguments).ready()
    }

    /// A server that listens with TLS and logs each step of its own and of the libraries in it.
    pub(crate) fn that_tells_everything() -> Self {
        let root = new_root();
        let mut home = Home::below(&root);
        home.told = Some("trace");
        let listen = ["--listen", "127.0.0.1:0"].map(str::to_owned);
        Self::launch_in(home, root, listen.into()).ready()
    }

    fn launch(root: PathBuf, arguments: Vec<String>) -> Self {
        Self::launch_in(Home::below(&root), root, arguments)
    }

    fn launch_in(home: Home, root: PathBuf, arguments: Vec<String>) -> Self {
        let (mut child, exit) = guardian(&home, &root, &arguments, None);
        let id = exit
            .recv_timeout(DEADLINE)
            .expect("the guardian says whom it guards");
        Self {
            home,
            root,
            arguments,
            faults: None,
            process: Process::of(u32::try_from(id).expect("a process id")),
            guardian: child.stdin.take().expect("stdin is piped"),
            exit: Mutex::new(exit),
        }
    }

    pub(crate) fn ready(self) -> Self {
        eventually(DEADLINE, "the server is ready", || {
            assert!(self.process.lives(), "the server ended:\n{}", self.log());
            let answer = http::try_get(&self.socket(), "/readyz", DEADLINE)?;
            // A test may want one that says it is not ready, as long as it is there.
            (answer.status == 200 || answer.problem()["code"] == "S0503").then_some(())
        });
        self
    }

    /// A run of `sublet` against this server.
    pub(crate) fn command(&self) -> Sublet {
        Sublet::at(&self.home)
    }

    /// Runs `sublet` with these arguments to its end.
    #[track_caller]
    pub(crate) fn sublet(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).run()
    }

    /// Runs `sublet` with `-o json` and these arguments; it must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.sublet(&[&["-o", "json"], arguments].concat())
            .code(0)
            .json()
    }

    /// A request as these exact bytes, and the answer to it.
    #[track_caller]
    pub(crate) fn raw(&self, request: &[u8]) -> Answer {
        http::exchange(&self.socket(), request)
    }

    /// A request as these exact bytes; none when the server hangs up without a word.
    pub(crate) fn try_raw(&self, request: &[u8]) -> Option<Answer> {
        http::try_answer(&self.socket(), request)
    }

    /// An ordinary request.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        self.request_with(method, target, &[], body)
    }

    /// A request with further headers. A body is JSON unless the route says otherwise.
    #[track_caller]
    pub(crate) fn request_with(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.raw(&http::request(method, target, headers, body))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.home.runtime.join("sublet/api.sock")
    }

    pub(crate) fn data_directory(&self) -> PathBuf {
        self.home.data.join("sublet")
    }

    /// All that it logged, over all restarts.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.root.join("server.log")).unwrap_or_default()
    }

    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// The worker processes that live now.
    pub(crate) fn workers(&self) -> Vec<Process> {
        self.process.children("worker")
    }

    /// As when the machine fails: it gets no chance to tidy up.
    pub(crate) fn kill9(&self) {
        self.process.kill9();
        self.exit_within(DEADLINE);
    }

    /// Asks it to stop, and returns at once.
    pub(crate) fn terminate(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Waits for its end and returns its exit code.
    pub(crate) fn exit_within(&self, deadline: Duration) -> i32 {
        let exit = self
            .exit
            .lock()
            .expect("no test panics while it waits here");
        match exit.recv_timeout(deadline) {
            Ok(status) => status,
            Err(_) => panic!("the server lives after {deadline:?}:\n{}", self.log()),
        }
    }

    /// Starts it anew on the same directories, after it ended.
    pub(crate) fn restart(self) -> Self {
        self.begin_again(None).ready()
    }

    /// The same, and whether it came so far as to answer; otherwise it has ended.
    pub(crate) fn try_restart(self) -> (Self, bool) {
        let server = self.begin_again(None);
        let answers = eventually(DEADLINE, "the server answers or has ended", || {
            let answers = http::try_get(&server.socket(), "/readyz", DEADLINE).is_some();
            (answers || !server.process.lives()).then_some(answers)
        });
        (server, answers)
    }

    /// The same with these faults planted, or none. Nobody says that it lives for long: it may end before it is ready.
    pub(crate) fn begin_again(mut self, faults: Option<&str>) -> Self {
        assert!(!self.process.lives(), "it has to end first");
        self.faults = faults.map(str::to_owned);
        let faults = self.faults.as_deref();
        let (mut child, exit) = guardian(&self.home, &self.root, &self.arguments, faults);
        let id = exit
            .recv_timeout(DEADLINE)
            .expect("the guardian says whom it guards");
        self.process = Process::of(u32::try_from(id).expect("a process id"));
        self.exit = Mutex::new(exit);
        let guardian = child.stdin.take().expect("stdin is piped");
        let mut former = std::mem::replace(&mut self.guardian, guardian);
        former.write_all(b"over\n").expect("the guardian waits");
        self
    }

    /// Another configuration file for the next start.
    pub(crate) fn reconfigure(&self, toml: &str) {
        fs::write(self.root.join("config.toml"), toml)
            .expect("a temporary directory can be written");
    }

    /// Nothing that this test wrote has a key in it, but for those files that keep them.
    fn search_for_keys(&self) {
        if !thread::panicking() {
            let found = Secrets::kept_below(&[&self.root]).found_below(&self.root);
            assert!(found.is_empty(), "keys are in {found:?}");
        }
    }

    fn show_log_of_failure(&self) {
        const SHOWN: usize = 60;
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
            eprintln!("--- the last lines of the server's log ---\n{last}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.show_log_of_failure();
        self.search_for_keys();
    }
}

/// The configuration of a pool of this many slots, whatever machine it is on.
fn slots_of(slots: usize, memory: &str) -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let (offered, reserved) = (processors * 1_000 - 500, 500);
    let share = |millis: usize| format!("{}.{:03}", millis / 1_000, millis % 1_000);
    format!(
        "[pool]\nreserve = {{ cpu = {}, memory = \"256MiB\" }}\n\
         [[subcluster]]\nname = \"default\"\nslot = {{ cpu = {}, memory = \"{memory}\" }}\n",
        share(reserved),
        share(offered / slots),
    )
}

fn new_root() -> PathBuf {
    tempfile::Builder::new()
        .prefix("sublet-test-")
        .tempdir()
        .expect("a temporary directory can be made")
        .keep()
}

/// The process that outlives these tests for a moment, however they end. It tells the server's id, then its status.
fn guardian(
    home: &Home,
    root: &PathBuf,
    arguments: &[String],
    faults: Option<&str>,
) -> (Child, Receiver<i32>) {
    let mut command = Command::new("/bin/sh");
    home.apply(&mut command);
    command.envs(faults.map(|faults| ("SUBLET_FAULT", faults)));
    let mut child = command
        .args(["-c", include_str!("guardian.sh"), "guardian"])
        .arg(root)
        .arg(root.join("server.log"))
        .arg(env!("CARGO_BIN_EXE_sublet"))
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell");
    let (sender, receiver) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let number = line.parse().expect("the guardian writes numbers");
            if sender.send(number).is_err() {
                return;
            }
        }
    });
    (child, receiver)
}
