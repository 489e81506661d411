//! Certificates: in lists, by their serial, and those that must be turned away.

use rusqlite::{OptionalExtension as _, Row, params};
use sublet_scheduler::UnixMillis;

use crate::{
    Error,
    records::{
        certificate::{Certificate, Revocation, Serial},
        database::{instant, millis, unsigned, user_id},
    },
};

use super::{Page, Reader, Whose};

/// A certificate as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its place in the order of issue; the cursor of a list.
    pub id: u64,
    /// As it was issued.
    pub certificate: Certificate,
    /// That it was taken back, if it was.
    pub revocation: Option<Revocation>,
}

/// Which certificates a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFilter {
    /// All that were ever issued.
    All,
    /// Those that are not revoked and not over at this instant. One whose time has yet to come is among them.
    ActiveAt(UnixMillis),
}

impl CertificateRow {
    /// Whether it counts at this instant.
    #[must_use]
    pub fn counts_at(&self, now: UnixMillis) -> bool {
        let Certificate {
            not_before,
            not_after,
            ..
        } = self.certificate;
        self.revocation.is_none() && (not_before..=not_after).contains(&now)
    }
}

const CERTIFICATE: &str =
    "SELECT id, serial, user, role, not_before, not_after, issued_at, issued_by,
    revoked_at, revoked_reason FROM certificates";

const REVOKED: &str =
    "SELECT serial FROM certificates WHERE revoked_at IS NOT NULL AND not_after >= ?1";

impl Reader {
    /// Certificates, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn certificates(
        &self,
        whose: Whose,
        filter: CertificateFilter,
        page: Page,
    ) -> Result<Vec<CertificateRow>, Error> {
        let theirs = match whose {
            Whose::User(_) => "user = ?1",
            Whose::Everyone => "?1 IS NULL",
        };
        let (wanted, now) = match filter {
            CertificateFilter::All => ("?2 IS NULL", None),
            CertificateFilter::ActiveAt(now) => {
                ("revoked_at IS NULL AND not_after >= ?2", Some(instant(now)))
            }
        };
        let sql = format!(
            "{CERTIFICATE} WHERE {theirs} AND {wanted} AND id < ?3 ORDER BY id DESC LIMIT ?4"
        );
        self.ask("list certificates", |connection| {
            let parameters = params![whose.parameter()?, now, page.before(), page.limit()];
            connection
                .prepare_cached(&sql)?
                .query_map(parameters, certificate)?
                .collect()
        })
    }

    /// The certificate of that serial, if it is there and theirs.
    ///
    /// # Errors
    /// What the database says.
    pub fn certificate(
        &self,
        whose: Whose,
        serial: Serial,
    ) -> Result<Option<CertificateRow>, Error> {
        let sql = format!("{CERTIFICATE} WHERE serial = ?2 AND (?1 IS NULL OR user = ?1)");
        self.ask("read a certificate", |connection| {
            connection
                .prepare_cached(&sql)?
                .query_row(params![whose.parameter()?, serial], certificate)
                .optional()
        })
    }

    /// Every certificate that was revoked and would otherwise count, or come to count, for a server that starts.
    ///
    /// # Errors
    /// What the database says.
    pub fn revoked_certificates(&self, now: UnixMillis) -> Result<Vec<Serial>, Error> {
        self.ask("read the revoked certificates", |connection| {
            connection
                .prepare_cached(REVOKED)?
                .query_map([instant(now)], |row| row.get(0))?
                .collect()
        })
    }
}

fn certificate(row: &Row<'_>) -> rusqlite::Result<CertificateRow> {
    let reason: Option<String> = row.get(9)?;
    let revocation = reason.map(|reason| {
        let at = millis(row, 8)?;
        Ok::<_, rusqlite::Error>(Revocation { at, reason })
    });
    Ok(CertificateRow {
        id: unsigned(row, 0)?,
        certificate: Certificate {
            serial: row.get(1)?,
            user: user_id(row, 2)?,
            role: row.get(3)?,
            not_before: millis(row, 4)?,
            not_after: millis(row, 5)?,
            issued_at: millis(row, 6)?,
            issued_by: row.get(7)?,
        },
        revocation: revocation.transpose()?,
    })
}
