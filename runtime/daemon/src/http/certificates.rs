//! Certificates: issued, listed, revoked; and the authorities that issue them.

use axum::Json;
use sublet_api::{
    Certificate, CertificateQuery, Code, IssuedCredential, NewCertificate, Page, RenewCertificate,
    RevokeRequest,
};
use sublet_identity::{NotAUserName, Role, Subject, UserName};
use sublet_scheduler::UserId;
use sublet_store::{CertificateFilter, Serial, Whose};

use super::answer::{Done, Kept};
use super::caller::Caller;
use super::extract::{self, Path, Query};
use super::problem::{Answer, ApiError};
use super::{users, validate};
use crate::driver::PeopleChange;
use crate::keys::KeysError;
use crate::{clock, convert};

/// How many days a certificate is good for.
const DAYS_DEFAULT: u32 = 365;
const DAYS_MAX: u32 = 3_650;

pub(super) async fn list(
    caller: Caller,
    Query(query): Query<CertificateQuery>,
) -> Answer<Json<Page<Certificate>>> {
    let limit = validate::page_limit(query.limit)?;
    let before = query.cursor.as_deref().map(validate::cursor).transpose()?;
    let whose = match query.user.as_deref() {
        Some(name) => Whose::User(users::id_of(&caller, name)?),
        None => caller.reached(),
    };
    let filter = if query.active {
        CertificateFilter::ActiveAt(clock::now())
    } else {
        CertificateFilter::All
    };
    let page = sublet_store::Page { before, limit };
    let rows = caller
        .read(move |reader| reader.certificates(whose, filter, page))
        .await?;
    let items: Vec<_> = rows
        .iter()
        .map(|row| convert::certificate(row, caller.people.name_of(row.certificate.user)))
        .collect();
    let next_cursor = validate::next_cursor(limit, &rows, |row| row.id);
    Ok(Json(Page { items, next_cursor }))
}

/// A further certificate of a user, beside those that are there.
pub(super) async fn issue(
    caller: Caller,
    extract::Json {
        value: NewCertificate { user, days },
        ..
    }: extract::Json<NewCertificate>,
) -> Answer<Kept<IssuedCredential>> {
    let id = users::id_of(&caller, &user)?;
    let person = caller.people.named(&user);
    let role = person.map_or(Role::User, |person| person.role);
    further(&caller, id, user, role, days).await
}

/// The next certificate of whoever asks, with the role that they ask with. The one before stays good until its own end.
pub(super) async fn renew(
    caller: Caller,
    extract::Json {
        value: RenewCertificate { days },
        ..
    }: extract::Json<RenewCertificate>,
) -> Answer<Kept<IssuedCredential>> {
    let (id, name, role) = (caller.user(), caller.name().to_owned(), caller.role());
    further(&caller, id, name, role, days).await
}

async fn further(
    caller: &Caller,
    id: UserId,
    name: String,
    role: Role,
    days: Option<u32>,
) -> Answer<Kept<IssuedCredential>> {
    let user = name_in_certificates(&name)?;
    let (certificate, credential) = made(caller, &Subject { user, role }, id, days).await?;
    let change = PeopleChange::Certify(Box::new(certificate.clone()));
    users::have(caller, change).await?;
    let issued = issued(certificate, name, credential);
    Ok(Kept::new(issued))
}

/// A name as certificates have it.
pub(super) fn name_in_certificates(name: &str) -> Answer<UserName> {
    name.parse().map_err(|error: NotAUserName| {
        ApiError::new(Code::OutOfRange, error.to_string()).at("/name", None, None)
    })
}

pub(super) async fn revoke(
    caller: Caller,
    Path(serial): Path<String>,
    extract::Json {
        value: RevokeRequest { reason },
        ..
    }: extract::Json<RevokeRequest>,
) -> Answer<Json<Certificate>> {
    validate::reason(&reason)?;
    let found = find(&caller, &serial).await?;
    if found.revocation.is_none() {
        let change = PeopleChange::Revoke(found.certificate.serial, reason);
        users::have(&caller, change).await?;
    }
    let row = find(&caller, &serial).await?;
    let name = caller.people.name_of(row.certificate.user);
    Ok(Json(convert::certificate(&row, name)))
}

pub(super) async fn rotate(caller: Caller) -> Answer<Done> {
    let keys = caller.keys.clone();
    on_keys(move || keys.rotate(clock::now())).await?;
    caller.note("certs.rotate", "authority");
    Ok(Done)
}

pub(super) async fn retire(caller: Caller) -> Answer<Done> {
    let keys = caller.keys.clone();
    on_keys(move || keys.retire(clock::now())).await?;
    caller.note("certs.retire", "authority");
    Ok(Done)
}

/// The certificates of a user that are honoured now.
pub(super) async fn active_of(caller: &Caller, user: UserId) -> Answer<Vec<Serial>> {
    let filter = CertificateFilter::ActiveAt(clock::now());
    let rows = caller
        .read(move |reader| {
            let mut all = Vec::new();
            let mut page = sublet_store::Page {
                before: None,
                limit: Whose::PAGE_MAX,
            };
            loop {
                let rows = reader.certificates(Whose::User(user), filter, page)?;
                let Some(last) = rows.last() else {
                    return Ok(all);
                };
                page.before = Some(last.id);
                all.extend(rows.iter().map(|row| row.certificate.serial));
            }
        })
        .await?;
    Ok(rows)
}

/// Makes a certificate and its credential. Nothing is recorded yet.
pub(super) async fn made(
    caller: &Caller,
    subject: &Subject,
    user: UserId,
    days: Option<u32>,
) -> Answer<(sublet_store::Certificate, String)> {
    let days = days.unwrap_or(DAYS_DEFAULT);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!("days is {days}, allowed is 1 to {DAYS_MAX}"),
        )
        .at("/days", Some(DAYS_MAX.into()), Some(days.into())));
    }
    let (keys, subject, now) = (caller.keys.clone(), subject.clone(), clock::now());
    let role = convert::role_recorded(subject.role);
    let (issued, credential) = on_keys(move || keys.issue(&subject, days, now)).await?;
    let certificate = sublet_store::Certificate {
        serial: convert::serial_recorded(issued.serial),
        user,
        role,
        not_before: convert::from_unix_seconds(issued.validity.not_before),
        not_after: convert::from_unix_seconds(issued.validity.not_after),
        issued_at: now,
        issued_by: caller.name().to_owned(),
    };
    Ok((certificate, credential.to_text()))
}

/// What whoever asked for a certificate is told.
pub(super) fn issued(
    certificate: sublet_store::Certificate,
    user: String,
    credential: String,
) -> IssuedCredential {
    let row = sublet_store::CertificateRow {
        id: 0,
        certificate,
        revocation: None,
    };
    IssuedCredential {
        certificate: convert::certificate(&row, user),
        credential,
    }
}

async fn find(caller: &Caller, text: &str) -> Answer<sublet_store::CertificateRow> {
    let not_found = || {
        ApiError::new(
            Code::CertificateNotFound,
            format!(
                "no certificate of yours has the serial `{}`",
                text.escape_debug()
            ),
        )
        .with_help("`sublet certs list --all` shows them")
    };
    let serial: Serial = text.parse().map_err(|_| not_found())?;
    let whose = caller.reached();
    let found = caller
        .read(move |reader| reader.certificate(whose, serial))
        .await?;
    found.ok_or_else(not_found)
}

/// Making keys takes a while, and keeping them waits for the disk.
async fn on_keys<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeysError> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
        .map_err(ApiError::from)
}

impl From<KeysError> for ApiError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::NothingToRetire => Self::new(Code::NoOlderAuthority, error.to_string())
                .with_help("`sublet certs rotate` makes a new one first"),
            KeysError::StillTwo => Self::new(Code::RotationUnfinished, error.to_string())
                .with_help("`sublet certs retire` ends the older one first"),
            KeysError::NotListening => Self::new(Code::NotListening, error.to_string())
                .with_help("start the server with `--listen ADDRESS`"),
            KeysError::Store(error) => error.into(),
            KeysError::Identity(error) => Self::fault(&error),
            KeysError::Credential(error) => Self::fault(&error),
        }
    }
}
