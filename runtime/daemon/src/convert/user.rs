//! Users and certificates: four crates have a word for each, and here they meet.

use sublet_api::{Certificate, Holding, Role, User};
use sublet_identity as identity;
use sublet_scheduler as scheduler;
use sublet_scheduler::{Terms, UnixMillis};
use sublet_store as store;

use super::timestamp;

pub(crate) const fn role(role: identity::Role) -> Role {
    match role {
        identity::Role::User => Role::User,
        identity::Role::Operator => Role::Operator,
    }
}

pub(crate) const fn role_wanted(role: Role) -> identity::Role {
    match role {
        Role::User => identity::Role::User,
        Role::Operator => identity::Role::Operator,
    }
}

pub(crate) const fn role_recorded(role: identity::Role) -> store::Role {
    match role {
        identity::Role::User => store::Role::User,
        identity::Role::Operator => store::Role::Operator,
    }
}

pub(crate) const fn role_of_record(role: store::Role) -> identity::Role {
    match role {
        store::Role::User => identity::Role::User,
        store::Role::Operator => identity::Role::Operator,
    }
}

pub(crate) const fn role_in_rules(role: identity::Role) -> scheduler::Role {
    match role {
        identity::Role::User => scheduler::Role::User,
        identity::Role::Operator => scheduler::Role::Operator,
    }
}

/// A serial as certificates have it. What was recorded was one, so nothing is lost.
pub(crate) fn serial(recorded: store::Serial) -> identity::Serial {
    identity::Serial::from_random(*recorded.as_bytes())
}

pub(crate) const fn serial_recorded(serial: identity::Serial) -> store::Serial {
    store::Serial::from_bytes(*serial.as_bytes())
}

pub(crate) const fn unix_seconds(at: UnixMillis) -> identity::UnixSeconds {
    identity::UnixSeconds(at.0 / 1000)
}

/// A user with what they may hold and what they do hold.
pub(crate) fn user(user: &store::User, terms: &Terms, quota: Holding, used: Holding) -> User {
    User {
        name: user.name.clone(),
        role: role(role_of_record(user.role)),
        added_at: user.added_at.map(timestamp),
        suspended_at: user.suspended_at.map(timestamp),
        removed_at: user.removed_at.map(timestamp),
        quota,
        used,
        weight: terms.weight,
    }
}

/// What a user may hold.
pub(crate) fn quota(terms: &Terms, modules: Option<u64>, stored_bytes: Option<u64>) -> Holding {
    let bounded = |bound: u64| (bound != u64::MAX).then_some(bound);
    let scheduler::Quota {
        slots,
        cpu_millis,
        memory_bytes,
        queued,
        submits_per_s,
    } = terms.quota;
    Holding {
        slots: bounded(slots),
        cpu_millis: bounded(cpu_millis),
        memory_bytes: bounded(memory_bytes),
        queued: bounded(queued),
        modules,
        stored_bytes,
        submits_per_s: (submits_per_s != 0).then_some(submits_per_s),
    }
}

pub(crate) fn certificate(row: &store::CertificateRow, user: String) -> Certificate {
    let store::Certificate {
        serial,
        user: _,
        role: its_role,
        not_before,
        not_after,
        issued_at,
        issued_by,
    } = &row.certificate;
    let revocation = row.revocation.as_ref();
    Certificate {
        serial: serial.to_string(),
        user,
        role: role(role_of_record(*its_role)),
        not_before: timestamp(*not_before),
        not_after: timestamp(*not_after),
        issued_at: timestamp(*issued_at),
        issued_by: issued_by.clone(),
        revoked_at: revocation.map(|revocation| timestamp(revocation.at)),
        revoked_reason: revocation.map(|revocation| revocation.reason.clone()),
    }
}
