//! The keys of the house: authorities whose certificates are honoured, and what the server shows itself with.
//!
//! Authorities are numbered. The newest issues; all of them are honoured, so certificates of an older one stay good until
//! it is retired. The server shows itself with a certificate of the oldest, which everybody trusts who was ever let in.
//! Private keys of users are made here, handed over once, and not kept.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use rustls::ServerConfig;
use sublet_identity::{
    Authority, BadCredential, Credential, Fault, Issued, Serial, Standing, Subject, UnixSeconds,
    Validity, server_config,
};
use sublet_scheduler::UnixMillis;
use sublet_store::KeyFiles;
use thiserror::Error;

use crate::clock;
use crate::people::People;

/// Seconds of a day.
const DAY_S: u64 = 24 * 60 * 60;
/// How long an authority is good for: it is replaced by hand, long before.
const AUTHORITY_DAYS: u64 = 10 * 365;
/// How long the server's own certificate is good for; it is made anew at every start and every day.
const SERVER_DAYS: u64 = 90;
/// Clocks of clients may be behind by so much.
const CLOCKS_DIFFER_S: u64 = 60 * 60;

/// What the server shows, issues and honours.
pub(crate) struct Keys {
    files: KeyFiles,
    /// What clients call the server: names and addresses.
    names: Vec<String>,
    /// Where clients find it, as their credentials say; nothing where it listens on its socket alone.
    url: Option<String>,
    people: Arc<People>,
    ring: RwLock<Ring>,
}

/// The authorities, the oldest first, and what follows from them.
struct Ring {
    authorities: Vec<(u32, Arc<Authority>)>,
    tls: Arc<ServerConfig>,
}

/// Why keys cannot be used.
#[derive(Debug, Error)]
pub(crate) enum KeysError {
    /// They cannot be read or kept.
    #[error(transparent)]
    Store(#[from] sublet_store::Error),
    /// They are not what they should be.
    #[error(transparent)]
    Identity(#[from] Fault),
    /// What was issued is no credential.
    #[error(transparent)]
    Credential(#[from] BadCredential),
    /// Only one authority is left.
    #[error("there is no older authority to retire")]
    NothingToRetire,
    /// Credentials know two authorities at most.
    #[error("two authorities are honoured already")]
    StillTwo,
    /// A credential would lead nowhere.
    #[error("the server listens on its unix socket only, so a credential would lead nowhere")]
    NotListening,
}

impl Keys {
    /// Opens the keys of a data directory. The first start makes an authority.
    ///
    /// # Errors
    /// When keys cannot be read, are damaged, or cannot be kept.
    pub(crate) fn open(
        files: KeyFiles,
        names: Vec<String>,
        url: Option<String>,
        people: Arc<People>,
        now: UnixMillis,
    ) -> Result<Self, KeysError> {
        let mut authorities = stored_authorities(&files)?;
        if authorities.is_empty() {
            authorities.push((1, Arc::new(new_authority(&files, 1, now)?)));
            tracing::info!("a certificate authority was made");
        }
        let tls = shown(&authorities, &names, &people, now)?;
        Ok(Self {
            files,
            names,
            url,
            people,
            ring: RwLock::new(Ring { authorities, tls }),
        })
    }

    /// How the server speaks TLS from now on.
    pub(crate) fn tls(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.ring().tls)
    }

    /// A credential for somebody, good for so many days.
    ///
    /// # Errors
    /// When no key can be made.
    pub(crate) fn issue(
        &self,
        subject: &Subject,
        days: u32,
        now: UnixMillis,
    ) -> Result<(Issued, Credential), KeysError> {
        let url = self.url.clone().ok_or(KeysError::NotListening)?;
        let (authority, roots) = {
            let ring = self.ring();
            let (_, newest) = ring.newest();
            (Arc::clone(newest), roots(&ring.authorities))
        };
        let issued = authority.issue_client(subject, new_serial(), validity(now, days.into()))?;
        let credential = Credential::new(vec![url], issued.clone(), roots)?;
        Ok((issued, credential))
    }

    /// Has a new authority issue from now on. The older ones are honoured as before.
    ///
    /// # Errors
    /// When it cannot be made or kept.
    pub(crate) fn rotate(&self, now: UnixMillis) -> Result<(), KeysError> {
        let mut authorities = self.ring().authorities.clone();
        if authorities.len() > 1 {
            return Err(KeysError::StillTwo);
        }
        let number = authorities.last().map_or(1, |(number, _)| number + 1);
        authorities.push((number, Arc::new(new_authority(&self.files, number, now)?)));
        self.show(authorities, now)
    }

    /// Honours the newest authority alone. Whoever has no certificate of it is not let in any more.
    ///
    /// # Errors
    /// When there is but one, or the others cannot be removed.
    pub(crate) fn retire(&self, now: UnixMillis) -> Result<(), KeysError> {
        let mut older = self.ring().authorities.clone();
        let newest = older.pop().filter(|_| !older.is_empty());
        let newest = newest.ok_or(KeysError::NothingToRetire)?;
        self.show(vec![newest], now)?;
        for (number, _) in older {
            self.files.remove(&key_file(number))?;
            self.files.remove(&certificate_file(number))?;
        }
        Ok(())
    }

    /// Shows a certificate that is good for the whole of its time again.
    ///
    /// # Errors
    /// When none can be made.
    pub(crate) fn renew(&self, now: UnixMillis) -> Result<(), KeysError> {
        let authorities = self.ring().authorities.clone();
        self.show(authorities, now)
    }

    fn show(
        &self,
        authorities: Vec<(u32, Arc<Authority>)>,
        now: UnixMillis,
    ) -> Result<(), KeysError> {
        let tls = shown(&authorities, &self.names, &self.people, now)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ring { authorities, tls };
        Ok(())
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn newest(&self) -> &(u32, Arc<Authority>) {
        self.authorities
            .last()
            .unwrap_or_else(|| unreachable!("opening made one, and the last is never retired"))
    }
}

/// An authority counts once its certificate is there: its key was written before.
fn stored_authorities(files: &KeyFiles) -> Result<Vec<(u32, Arc<Authority>)>, KeysError> {
    let names = files.names()?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| authority_in(name)).collect();
    numbers.sort_unstable();
    let mut authorities = Vec::new();
    for number in numbers {
        let certificate = files.read(&certificate_file(number))?;
        let key = files.read(&key_file(number))?;
        let authority = Authority::from_pem(
            certificate.as_deref().unwrap_or_default(),
            key.as_deref().unwrap_or_default(),
        )?;
        authorities.push((number, Arc::new(authority)));
    }
    Ok(authorities)
}

fn authority_in(name: &str) -> Option<u32> {
    let number = name.strip_prefix("authority-")?.strip_suffix(".pem")?;
    number.parse().ok()
}

fn certificate_file(number: u32) -> String {
    format!("authority-{number}.pem")
}

fn key_file(number: u32) -> String {
    format!("authority-{number}.key")
}

fn new_authority(files: &KeyFiles, number: u32, now: UnixMillis) -> Result<Authority, KeysError> {
    let authority = Authority::generate(new_serial(), validity(now, AUTHORITY_DAYS))?;
    files.write(&key_file(number), &authority.key_pem())?;
    files.write(&certificate_file(number), authority.certificate_pem())?;
    Ok(authority)
}

/// The oldest authority vouches for the server: everybody who was ever let in trusts it.
fn shown(
    authorities: &[(u32, Arc<Authority>)],
    names: &[String],
    people: &Arc<People>,
    now: UnixMillis,
) -> Result<Arc<ServerConfig>, KeysError> {
    let (_, oldest) = authorities
        .first()
        .unwrap_or_else(|| unreachable!("there is always one"));
    let own = oldest.issue_server(names, new_serial(), validity(now, SERVER_DAYS))?;
    let standing = Arc::clone(people) as Arc<dyn Standing>;
    let clock = Arc::new(clock::OfCertificates);
    let tls = server_config(&own.into(), &roots(authorities), standing, clock)?;
    Ok(Arc::new(tls))
}

fn roots(authorities: &[(u32, Arc<Authority>)]) -> Vec<String> {
    let each = authorities.iter();
    each.map(|(_, authority)| authority.certificate_pem().to_owned())
        .collect()
}

/// Sorted by time, with 80 random bits.
fn new_serial() -> Serial {
    Serial::from_random(ulid::Ulid::generate().to_bytes())
}

fn validity(now: UnixMillis, days: u64) -> Validity {
    let now = now.0 / 1000;
    Validity {
        not_before: UnixSeconds(now.saturating_sub(CLOCKS_DIFFER_S)),
        not_after: UnixSeconds(now.saturating_add(days.saturating_mul(DAY_S))),
    }
}
