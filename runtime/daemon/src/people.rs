//! Who may ask: users by name, and certificates that are honoured no more.
//!
//! Asked with every handshake and every request, so it is in memory. What outlives the server is in the store, and changes
//! there first: the driver tells us of it once it is durable.

pub(crate) mod account;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use sublet_identity::{Identified, Role, Serial, Standing, UnixSeconds};
use sublet_scheduler::UserId;
use sublet_store::PublicId;

use crate::convert;

/// Somebody who may own things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) is_suspended: bool,
    pub(crate) is_removed: bool,
}

/// Who is at the other end of a connection, as far as the connection itself tells.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// A process of this host, of that account.
    Account { uid: u32, name: Arc<str> },
    /// Whoever has the key of a certificate of ours.
    Certified {
        identified: Box<Identified>,
        address: IpAddr,
    },
}

impl Peer {
    /// Who they say they are, where that is not just said.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Account { name, .. } => Some(name),
            Self::Certified { identified, .. } => Some(identified.subject.user.as_str()),
        }
    }

    fn via(&self) -> Via {
        match self {
            Self::Account { uid, .. } => Via::Socket { uid: *uid },
            Self::Certified {
                identified,
                address,
            } => Via::Certificate {
                serial: identified.serial,
                address: *address,
            },
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.via().fmt(f)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) user: UserId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) via: Via,
}

/// How they came.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Via {
    Socket {
        uid: u32,
    },
    Certificate {
        serial: Serial,
        address: IpAddr,
    },
    /// A job of theirs asks.
    Job(PublicId),
}

/// Why somebody who is known by their connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwelcome {
    /// The account at the other end of the socket is no user.
    ForeignAccount,
    /// The certificate was revoked after the connection was made.
    Revoked,
    /// It ended after the connection was made.
    Expired,
    /// It names a user who was removed, or never was.
    NoSuchUser,
    /// The user may not ask for anything for now.
    Suspended,
}

impl Unwelcome {
    /// The word for it in the account of who was refused. It never changes.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::ForeignAccount => "foreign-account",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::NoSuchUser => "no-such-user",
            Self::Suspended => "suspended",
        }
    }
}

/// Everybody who may ask.
#[derive(Debug)]
pub(crate) struct People {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: BTreeMap<String, Person>,
    names: BTreeMap<UserId, String>,
    revoked: HashSet<Serial>,
}

impl People {
    pub(crate) fn new(
        people: impl IntoIterator<Item = Person>,
        revoked: impl IntoIterator<Item = Serial>,
    ) -> Self {
        let mut known = Known {
            revoked: revoked.into_iter().collect(),
            ..Known::default()
        };
        for person in people {
            known.put(person);
        }
        Self {
            known: RwLock::new(known),
        }
    }

    /// Who asks over a connection, now: what was true when it was made need not be any more.
    pub(crate) fn principal(&self, peer: &Peer, now: UnixSeconds) -> Result<Principal, Unwelcome> {
        let person = match peer {
            Peer::Account { name, .. } => self.account(name)?,
            Peer::Certified { identified, .. } => self.certified(identified, now)?,
        };
        if person.is_suspended {
            return Err(Unwelcome::Suspended);
        }
        Ok(Principal {
            user: person.id,
            name: person.name,
            role: person.role,
            via: peer.via(),
        })
    }

    fn account(&self, name: &str) -> Result<Person, Unwelcome> {
        let person = self.named(name).filter(|person| !person.is_removed);
        person.ok_or(Unwelcome::ForeignAccount)
    }

    /// User and role are what the certificate says. Users are told apart by name for ever, so none inherits another's.
    fn certified(&self, identified: &Identified, now: UnixSeconds) -> Result<Person, Unwelcome> {
        if self.is_revoked(identified.serial) {
            return Err(Unwelcome::Revoked);
        }
        if !identified.is_valid_at(now) {
            return Err(Unwelcome::Expired);
        }
        let subject = &identified.subject;
        let person = self.named(subject.user.as_str());
        let person = person.filter(|person| !person.is_removed);
        let mut person = person.ok_or(Unwelcome::NoSuchUser)?;
        person.role = subject.role;
        Ok(person)
    }

    /// The user of that name, also one who was removed.
    pub(crate) fn named(&self, name: &str) -> Option<Person> {
        self.read().by_name.get(name).cloned()
    }

    /// What a user is called.
    pub(crate) fn name_of(&self, user: UserId) -> String {
        let known = self.read();
        let name = known.names.get(&user).cloned();
        name.unwrap_or_else(|| format!("user {}", user.0))
    }

    /// What a user is called who may ask for things now.
    pub(crate) fn allowed(&self, user: UserId) -> Option<String> {
        let known = self.read();
        let person = known.by_name.get(known.names.get(&user)?)?;
        let may_ask = !person.is_removed && !person.is_suspended;
        may_ask.then(|| person.name.clone())
    }

    /// The names of those who were not removed.
    pub(crate) fn names(&self) -> Vec<String> {
        let known = self.read();
        let there = known.by_name.values().filter(|person| !person.is_removed);
        there.map(|person| person.name.clone()).collect()
    }

    /// Everybody there ever was.
    pub(crate) fn ids(&self) -> Vec<UserId> {
        self.read().names.keys().copied().collect()
    }

    /// Somebody is new, or is otherwise than they were.
    pub(crate) fn put(&self, person: Person) {
        self.write(|known| known.put(person));
    }

    /// A certificate is honoured no more, on no connection.
    pub(crate) fn revoke(&self, serials: impl IntoIterator<Item = Serial>) {
        self.write(|known| known.revoked.extend(serials));
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Known {
    fn put(&mut self, person: Person) {
        self.names.insert(person.id, person.name.clone());
        self.by_name.insert(person.name.clone(), person);
    }
}

impl Standing for People {
    fn is_revoked(&self, serial: Serial) -> bool {
        self.read().revoked.contains(&serial)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { uid } => write!(f, "socket uid {uid}"),
            Self::Certificate { serial, address } => {
                write!(f, "certificate {serial} from {address}")
            }
            Self::Job(id) => f.write_str(&convert::job_id(*id)),
        }
    }
}
