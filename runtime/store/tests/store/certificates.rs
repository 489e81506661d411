//! Certificates: issued once, revoked for good, and found by who they are for.

use sublet_scheduler::UserId;
use sublet_store::{
    Certificate, CertificateFilter, CertificateRow, Page, Record, Revocation, Role, Serial, Whose,
};

use crate::support::*;

const FIRST: Page = Page {
    before: None,
    limit: 100,
};

fn serial(id: u8) -> Serial {
    Serial::from_bytes([id; Serial::BYTES])
}

/// Counts from 100 to 200.
fn certificate(id: u8, user: UserId) -> Certificate {
    Certificate {
        serial: serial(id),
        user,
        role: Role::User,
        not_before: at(100),
        not_after: at(200),
        issued_at: at(u64::from(id)),
        issued_by: "root".to_owned(),
    }
}

fn issued(certificate: Certificate) -> Record {
    Record::CertificateIssued(certificate)
}

fn revoked(id: u8, reason: &str, when: u64) -> Record {
    Record::CertificateRevoked {
        serial: serial(id),
        reason: reason.to_owned(),
        at: at(when),
    }
}

/// Ada's 1, 2 and 3, of which 2 is revoked and 3 ends later; bob's 4.
fn world() -> Store {
    let mut store = store();
    let lasting = Certificate {
        not_after: at(900),
        role: Role::Operator,
        ..certificate(3, ADA)
    };
    store.commit(&[
        issued(certificate(1, ADA)),
        issued(certificate(2, ADA)),
        issued(lasting),
        issued(certificate(4, BOB)),
        revoked(2, "the laptop was lost", 150),
    ]);
    store
}

fn listed(store: &Store, whose: Whose, filter: CertificateFilter, page: Page) -> Vec<u8> {
    let rows = store.reader().certificates(whose, filter, page).unwrap();
    let ids = rows.iter().map(|row| row.certificate.serial.as_bytes()[0]);
    ids.collect()
}

#[test]
fn l01_a_certificate_comes_back_as_it_was_issued() {
    let store = world();
    let reader = store.reader();
    let found = |id| reader.certificate(Whose::Everyone, serial(id)).unwrap();
    let expected = CertificateRow {
        id: 2,
        certificate: certificate(2, ADA),
        revocation: Some(Revocation {
            at: at(150),
            reason: "the laptop was lost".to_owned(),
        }),
    };
    assert_eq!(found(2), Some(expected));
    let lasting = found(3).unwrap();
    assert_eq!(lasting.certificate.role, Role::Operator);
    assert_eq!(lasting.revocation, None);
    assert_eq!(found(9), None);
}

#[test]
fn l14_somebody_else_s_certificate_looks_like_a_missing_one() {
    let store = world();
    let reader = store.reader();
    let found = |user, id| reader.certificate(Whose::User(user), serial(id)).unwrap();
    assert!(found(ADA, 1).is_some() && found(BOB, 4).is_some());
    assert_eq!(found(BOB, 1), None);
    assert_eq!(found(BOB, 9), None);
    let all = CertificateFilter::All;
    assert_eq!(listed(&store, Whose::User(BOB), all, FIRST), [4]);
}

#[test]
fn certificates_are_listed_in_pages_by_user_and_by_whether_they_count() {
    let store = world();
    let (all, now) = (CertificateFilter::All, CertificateFilter::ActiveAt(at(160)));
    assert_eq!(listed(&store, Whose::Everyone, all, FIRST), [4, 3, 2, 1]);
    assert_eq!(listed(&store, Whose::Everyone, now, FIRST), [4, 3, 1]);
    assert_eq!(listed(&store, Whose::User(ADA), now, FIRST), [3, 1]);
    let later = CertificateFilter::ActiveAt(at(201));
    assert_eq!(listed(&store, Whose::User(ADA), later, FIRST), [3]);
    let page = |before| Page { before, limit: 2 };
    assert_eq!(listed(&store, Whose::Everyone, all, page(None)), [4, 3]);
    assert_eq!(listed(&store, Whose::Everyone, all, page(Some(3))), [2, 1]);
}

#[test]
fn a_certificate_counts_from_its_beginning_to_its_end_unless_revoked() {
    let store = world();
    let counts = |id, now| {
        let found = store.reader().certificate(Whose::Everyone, serial(id));
        found.unwrap().unwrap().counts_at(at(now))
    };
    assert_eq!(
        [99, 100, 200, 201].map(|now| counts(1, now)),
        [false, true, true, false]
    );
    assert!(!counts(2, 160));
}

#[test]
fn l01_a_server_that_starts_knows_whom_to_turn_away() {
    let mut store = world();
    let turned_away = |store: &Store, now| store.reader().revoked_certificates(at(now)).unwrap();
    assert_eq!(turned_away(&store, 160), [serial(2)]);
    assert_eq!(turned_away(&store, 200), [serial(2)]);
    assert_eq!(turned_away(&store, 201), []);
    store.commit(&[revoked(4, "left", 170)]);
    let store = restarted(store);
    let mut both = turned_away(&store, 160);
    both.sort_unstable();
    assert_eq!(both, [serial(2), serial(4)]);
}

#[test]
fn what_contradicts_the_certificates_is_refused() {
    let mut store = world();
    // The first reason stays.
    store.commit(&[revoked(2, "again", 180)]);
    let found = store.reader().certificate(Whose::Everyone, serial(2));
    assert_eq!(found.unwrap().unwrap().revocation.unwrap().at, at(150));
    store.writer.commit(&[revoked(9, "who?", 180)]).unwrap_err();
    for impossible in [certificate(1, BOB), certificate(9, UserId(9))] {
        store.writer.commit(&[issued(impossible)]).unwrap_err();
    }
    let everyone = listed(&store, Whose::Everyone, CertificateFilter::All, FIRST);
    assert_eq!(everyone, [4, 3, 2, 1]);
}
