//! An authority and its server, a clock that stands where it is put, and whole handshakes over buffers.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use sublet_identity::{
    Authority, Credential, Issued, Serial, ServerIdentity, Standing, Subject, UnixSeconds,
    Validity, client_config, server_config,
};

use crate::shown::Shown;

/// When everything happens, as long as no test says otherwise.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 24 * 60 * 60;
pub(crate) const YEAR: u64 = 365 * DAY;
pub(crate) const SERVER: &str = "node.example.org";

/// From some seconds before now until some after.
pub(crate) fn around(before: u64, after: u64) -> Validity {
    between(NOW - before, NOW + after)
}

pub(crate) fn between(first: u64, last: u64) -> Validity {
    Validity {
        not_before: UnixSeconds(first),
        not_after: UnixSeconds(last),
    }
}

pub(crate) fn serial(number: u8) -> Serial {
    Serial::from_random([number; 16])
}

pub(crate) fn ada() -> Subject {
    Subject::from_uri("sublet:user:ada").unwrap()
}

pub(crate) fn authority(number: u8) -> Authority {
    Authority::generate(serial(number), around(YEAR, 10 * YEAR)).unwrap()
}

/// A clock that stands where it is put.
#[derive(Debug)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seconds)))
    }

    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.load(Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// What was revoked.
#[derive(Default)]
pub(crate) struct Revoked(Mutex<BTreeSet<Serial>>);

impl Revoked {
    pub(crate) fn add(&self, serial: Serial) {
        self.0.lock().unwrap().insert(serial);
    }
}

impl Standing for Revoked {
    fn is_revoked(&self, serial: Serial) -> bool {
        self.0.lock().unwrap().contains(&serial)
    }
}

/// A server of an authority.
pub(crate) struct Place {
    pub(crate) authority: Authority,
    pub(crate) revoked: Arc<Revoked>,
    pub(crate) identity: ServerIdentity,
}

impl Place {
    pub(crate) fn new() -> Self {
        let authority = authority(1);
        let issued = authority.issue_server(&[SERVER.to_owned()], serial(2), around(DAY, YEAR));
        Self {
            identity: issued.unwrap().into(),
            revoked: Arc::default(),
            authority,
        }
    }

    pub(crate) fn root(&self) -> String {
        self.authority.certificate_pem().to_owned()
    }

    /// The server as it is at a time, which believes these roots.
    pub(crate) fn believing(&self, roots: &[String], now: u64) -> Arc<ServerConfig> {
        let config = server_config(&self.identity, roots, self.revoked.clone(), Clock::at(now));
        Arc::new(config.unwrap())
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.believing(&[self.root()], NOW)
    }

    /// A certificate of ada's that holds for a year.
    pub(crate) fn issued(&self) -> Issued {
        self.authority
            .issue_client(&ada(), serial(3), around(DAY, YEAR))
            .unwrap()
    }

    pub(crate) fn credential(&self, issued: Issued) -> Credential {
        credential(issued, &[self.root()])
    }

    /// A client of this server that shows something, and believes this server.
    pub(crate) fn client_showing(&self, shown: Shown) -> ClientConfig {
        let mut config = client(&self.credential(self.issued()));
        config.client_auth_cert_resolver = Arc::new(shown);
        config
    }
}

pub(crate) fn credential(issued: Issued, roots: &[String]) -> Credential {
    let servers = vec![format!("https://{SERVER}:7070")];
    Credential::new(servers, issued, roots.to_vec()).unwrap()
}

pub(crate) fn client(credential: &Credential) -> ClientConfig {
    client_config(credential, Clock::at(NOW)).unwrap()
}

/// How a handshake went, on each side.
pub(crate) struct Met {
    pub(crate) client: Result<ClientConnection, Error>,
    pub(crate) server: Result<ServerConnection, Error>,
}

impl Met {
    pub(crate) fn refused(self) -> Error {
        match self.server {
            Err(error) => error,
            Ok(_) => panic!("the client came in"),
        }
    }
}

/// A whole handshake, and one byte each way over what it made.
pub(crate) fn meet(client: impl Into<Arc<ClientConfig>>, server: &Arc<ServerConfig>) -> Met {
    meet_at(SERVER, client, server)
}

pub(crate) fn meet_at(
    name: &'static str,
    client: impl Into<Arc<ClientConfig>>,
    server: &Arc<ServerConfig>,
) -> Met {
    let name = ServerName::try_from(name).unwrap();
    let mut client = ClientConnection::new(client.into(), name).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    client.writer().write_all(b"?").unwrap();
    server.writer().write_all(b"!").unwrap();
    let (mut clients, mut servers) = (Ok(()), Ok(()));
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        servers = servers.and_then(|()| {
            hear(&bytes, |rest| {
                server.read_tls(rest).unwrap();
                server.process_new_packets().map(drop)
            })
        });
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        clients = clients.and_then(|()| {
            hear(&bytes, |rest| {
                client.read_tls(rest).unwrap();
                client.process_new_packets().map(drop)
            })
        });
    }
    let mut byte = [0];
    if clients.is_ok() && servers.is_ok() {
        server.reader().read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"?");
        client.reader().read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"!");
    }
    Met {
        client: clients.map(|()| client),
        server: servers.map(|()| server),
    }
}

fn hear(
    mut bytes: &[u8],
    mut read: impl FnMut(&mut &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    while !bytes.is_empty() {
        read(&mut bytes)?;
    }
    Ok(())
}
