//! What there is to be got at: a front with its files, its memory and a port, and another worker.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use sublet_worker::wall::Standing;
use tempfile::TempDir;

use crate::deeds::Answer;
use crate::planted::{self, Surroundings};

pub(crate) struct World {
    folder: TempDir,
    port: TcpListener,
    _post: UdpSocket,
    other: Child,
    /// Left open for programs that are started, as who started the front may do.
    leaked: File,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in [
            "one/attempts/1/out",
            "one/state",
            "one/inputs/a",
            "two/attempts",
            "keys",
        ] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        for path in [
            "store",
            "keys/authority.key",
            "two/attempts/file",
            "one/inputs/a/file",
        ] {
            fs::write(root.join(path), "secret").unwrap();
        }
        // As the directory of a server is.
        fs::set_permissions(root, fs::Permissions::from_mode(0o700)).unwrap();
        let leaked = File::open(root.join("store")).unwrap();
        fcntl_setfd(&leaked, FdFlags::empty()).unwrap();
        Self {
            port: TcpListener::bind("127.0.0.1:0").unwrap(),
            _post: UdpSocket::bind("127.0.0.1:0").unwrap(),
            other: Command::new("sleep").arg("1000").spawn().unwrap(),
            folder,
            leaked,
        }
    }

    /// The one directory of a worker.
    pub(crate) fn of_one_user(&self) -> std::path::PathBuf {
        self.folder.path().join("one")
    }

    /// Which layers a worker of this host has.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let (text, _) = self.start("standings", planted::PLACES[0]);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }

    /// Has a planted worker do something, and says what became of it.
    pub(crate) fn have_done(&self, deed: &str, place: &str) -> Answer {
        let (text, signal) = self.start(deed, place);
        match signal {
            Some(libc::SIGSYS) => Answer::Ended,
            Some(signal) => Answer::Odd(format!("signal {signal} after {text:?}")),
            None => Answer::parse(&text),
        }
    }

    fn start(&self, deed: &str, place: &str) -> (String, Option<i32>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let surroundings = Surroundings {
            root: self.folder.path().to_owned(),
            port: self.port.local_addr().unwrap().port(),
            front: std::process::id(),
            other: self.other.id(),
            leaked: self.leaked.as_raw_fd(),
        };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([planted::WORD, deed, place])
            .args(surroundings.words())
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        drop(ours);
        let status = child.wait().unwrap();
        (text, status.signal())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.other.kill().unwrap();
        self.other.wait().unwrap();
    }
}
