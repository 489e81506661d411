//! Users of a server who come over TLS, each with a credential of their own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::time_provider::DefaultTimeProvider;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;
use sublet_identity::{Authority, Credential, client_config};

use super::http::{Answer, kept_request, read_answer};
use super::{DEADLINE, Guest, Home, Output, Server, Sublet, eventually};

/// Somebody with a credential.
#[derive(Debug)]
pub(crate) struct Remote {
    /// Where their own things are: nothing of the server's host.
    pub(crate) home: Home,
    pub(crate) file: PathBuf,
}

impl Server {
    /// A server with this many slots that listens with TLS on a port of its own.
    pub(crate) fn listening(slots: usize) -> Self {
        Self::with_slots(slots).also_listening()
    }

    /// Adds a user, who gets a credential.
    #[track_caller]
    pub(crate) fn add_user(&self, name: &str, flags: &[&str]) -> Remote {
        let home = Home::below(&self.home.data.join("people").join(name));
        let file = home.data.join("own.credential");
        let command = self.command().args(["users", "add", name, "--out"]);
        command.arg(&file).args(flags).run().code(0);
        Remote { home, file }
    }

    /// The authority that issues the certificates of this server, to make some that it never would.
    pub(crate) fn authority(&self) -> Authority {
        let keys = self.data_directory().join("keys");
        let read = |name: &str| fs::read_to_string(keys.join(name)).expect("there is an authority");
        Authority::from_pem(&read("authority-1.pem"), &read("authority-1.key")).expect("it is one")
    }

    /// The entries of the audit log that say this action was refused, newest first.
    pub(crate) fn refused_connections(&self) -> Vec<Value> {
        let page = self.json(&["audit", "list", "--limit", "1000"]);
        let items = page["items"].as_array().expect("a list").iter();
        let refused = items.filter(|entry| entry["action"] == "connect");
        refused.cloned().collect()
    }

    /// Waits until the audit log has a refusal for this reason.
    #[track_caller]
    pub(crate) fn wait_for_refusal(&self, reason: &str) {
        eventually(DEADLINE, &format!("a refusal for {reason:?}"), || {
            let refused = self.refused_connections();
            let says = |entry: &&Value| entry["outcome"].as_str() == Some(reason);
            refused.iter().find(says).map(drop)
        });
    }
}

impl Remote {
    pub(crate) fn credential(&self) -> Credential {
        let text = fs::read_to_string(&self.file).expect("a credential was written");
        Credential::from_text(&text).expect("it is one")
    }

    /// A run of `sublet` as this user.
    pub(crate) fn command(&self) -> Sublet {
        let file = self.file.to_str().expect("temporary paths are text");
        Sublet::at(&self.home).env("SUBLET_CREDENTIAL", file)
    }

    #[track_caller]
    pub(crate) fn sublet(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).run()
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.sublet(&[&["-o", "json"], arguments].concat())
            .code(0)
            .json()
    }

    /// Submits a guest; returns the job's id.
    #[track_caller]
    pub(crate) fn submit(&self, guest: &Guest, flags: &[&str], arguments: &str) -> String {
        let command = self.command().args(["submit", "-q"]).args(flags);
        let command = command.arg(guest).arg("--");
        let output = command.args(arguments.split_whitespace()).run();
        output.code(0).text().to_owned()
    }

    /// A connection as this user, for requests one after the other.
    pub(crate) fn connect(&self) -> Connection {
        let credential = self.credential();
        let config = client_config(&credential, Arc::new(DefaultTimeProvider)).expect("it is good");
        Connection::open(&address_of(&credential), config)
    }

    /// A connection that has agreed on HTTP/2 and says nothing more: no time limit of a request ends it.
    pub(crate) fn idle_http2(&self) -> Connection {
        let credential = self.credential();
        let config = client_config(&credential, Arc::new(DefaultTimeProvider)).expect("it is good");
        let mut connection = Connection::speaking("h2", &address_of(&credential), config);
        let StreamOwned { conn, sock } = &mut connection.0;
        while conn.is_handshaking() {
            conn.complete_io(sock).expect("the server shakes hands");
        }
        connection
    }

    #[track_caller]
    pub(crate) fn request(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        self.connect().request(method, target, body)
    }
}

/// Where a credential leads, as host and port.
pub(crate) fn address_of(credential: &Credential) -> String {
    let server = &credential.servers()[0];
    server.trim_start_matches("https://").to_owned()
}

/// A TLS connection that speaks HTTP/1.1.
pub(crate) struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    pub(crate) fn open(address: &str, config: ClientConfig) -> Self {
        Self::speaking("http/1.1", address, config)
    }

    fn speaking(protocol: &str, address: &str, mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![protocol.into()];
        let name = "127.0.0.1".try_into().expect("an address is a name");
        let tls = ClientConnection::new(Arc::new(config), name).expect("a configuration");
        let tcp = TcpStream::connect(address).expect("the server listens");
        tcp.set_read_timeout(Some(DEADLINE)).expect("a socket");
        Self(StreamOwned::new(tls, tcp))
    }

    /// A request that may find the connection closed.
    pub(crate) fn try_request(
        &mut self,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> std::io::Result<Answer> {
        self.send(&kept_request(method, target, body))?;
        self.answer()
    }

    /// Sends these exact bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> std::io::Result<Answer> {
        read_answer(&mut self.0)
    }

    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        let answer = self.try_request(method, target, body);
        answer.expect("the server answers")
    }

    /// Whether the other end lets us in and answers anything at all.
    pub(crate) fn gets_in(mut self) -> bool {
        self.try_request("GET", "/v1/whoami", b"")
            .is_ok_and(|answer| answer.status == 200)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}
