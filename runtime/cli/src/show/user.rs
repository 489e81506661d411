//! Users and their certificates: many in a table, one on a page.

use jiff::Timestamp;
use sublet_api::{Certificate, Holding, Role, User, Whoami};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

impl Named for User {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Named for Certificate {
    fn name(&self) -> String {
        self.serial.clone()
    }
}

impl Named for Whoami {
    fn name(&self) -> String {
        self.user.clone()
    }
}

/// Many users.
pub(crate) fn table(users: &[User], now: Timestamp) -> String {
    let rows = users.iter().map(|user| {
        vec![
            user.name.clone(),
            role(user.role).to_owned(),
            standing(user).to_owned(),
            user.added_at
                .map_or_else(|| ABSENT.to_owned(), |at| unit::age(at, now)),
            used_of(user.used.slots, user.quota.slots, |slots| slots.to_string()),
            used_of(user.used.memory_bytes, user.quota.memory_bytes, unit::bytes),
            used_of(user.used.queued, user.quota.queued, |tasks| {
                tasks.to_string()
            }),
        ]
    });
    table::rows(
        &["NAME", "ROLE", "STATE", "AGE", "SLOTS", "MEMORY", "QUEUED"],
        rows,
    )
}

/// One user.
pub(crate) fn page(user: &User, now: Timestamp) -> String {
    let facts = [
        ("user", Some(user.name.clone())),
        ("role", Some(role(user.role).to_owned())),
        ("state", Some(standing(user).to_owned())),
        (
            "added",
            user.added_at
                .map(|at| format!("{} ago", unit::age(at, now))),
        ),
        ("weight", Some(user.weight.to_string())),
    ];
    let holdings = holdings(&user.used, &user.quota);
    table::page(facts.into_iter().chain(holdings))
}

/// Who we are.
pub(crate) fn whoami(whoami: &Whoami) -> String {
    let facts = [
        ("user", Some(whoami.user.clone())),
        ("role", Some(role(whoami.role).to_owned())),
        ("via", Some(whoami.via.clone())),
    ];
    table::page(
        facts
            .into_iter()
            .chain(holdings(&whoami.used, &whoami.quota)),
    )
}

/// Many certificates.
pub(crate) fn certificates(certificates: &[Certificate], now: Timestamp) -> String {
    let rows = certificates.iter().map(|one| {
        vec![
            one.serial.clone(),
            one.user.clone(),
            role(one.role).to_owned(),
            unit::age(one.issued_at, now),
            one.issued_by.clone(),
            one.not_after.to_string(),
            state(one, now),
        ]
    });
    table::rows(
        &[
            "SERIAL",
            "USER",
            "ROLE",
            "AGE",
            "ISSUED BY",
            "GOOD UNTIL",
            "STATE",
        ],
        rows,
    )
}

/// One certificate.
pub(crate) fn certificate(certificate: &Certificate) -> String {
    table::page([
        ("serial", Some(certificate.serial.clone())),
        ("user", Some(certificate.user.clone())),
        ("role", Some(role(certificate.role).to_owned())),
        ("issued by", Some(certificate.issued_by.clone())),
        ("good until", Some(certificate.not_after.to_string())),
        ("revoked", certificate.revoked_at.map(|at| at.to_string())),
        ("because", certificate.revoked_reason.clone()),
    ])
}

fn state(certificate: &Certificate, now: Timestamp) -> String {
    match (&certificate.revoked_at, &certificate.revoked_reason) {
        (Some(_), Some(reason)) => format!("revoked: {reason}"),
        (Some(_), None) => "revoked".to_owned(),
        (None, _) if certificate.not_after <= now => "expired".to_owned(),
        (None, _) => "good".to_owned(),
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Operator => "operator",
    }
}

const fn standing(user: &User) -> &'static str {
    match (user.removed_at, user.suspended_at) {
        (Some(_), _) => "removed",
        (None, Some(_)) => "suspended",
        (None, None) => "active",
    }
}

/// What is held of each thing, and how much may be.
fn holdings(used: &Holding, quota: &Holding) -> [(&'static str, Option<String>); 7] {
    let count = |number: u64| number.to_string();
    [
        ("slots", Some(used_of(used.slots, quota.slots, count))),
        (
            "cpu",
            Some(used_of(used.cpu_millis, quota.cpu_millis, unit::processors)),
        ),
        (
            "memory",
            Some(used_of(used.memory_bytes, quota.memory_bytes, unit::bytes)),
        ),
        ("queued", Some(used_of(used.queued, quota.queued, count))),
        ("modules", Some(used_of(used.modules, quota.modules, count))),
        (
            "stored",
            Some(used_of(used.stored_bytes, quota.stored_bytes, unit::bytes)),
        ),
        (
            "submissions",
            quota
                .submits_per_s
                .map(|each| format!("at most {each} each second")),
        ),
    ]
}

/// `3 of 20`; without a bound what is used alone.
fn used_of(used: Option<u64>, quota: Option<u64>, shown: impl Fn(u64) -> String) -> String {
    match (used, quota) {
        (None, None) => ABSENT.to_owned(),
        (Some(used), None) => shown(used),
        (used, Some(quota)) => format!("{} of {}", shown(used.unwrap_or(0)), shown(quota)),
    }
}
