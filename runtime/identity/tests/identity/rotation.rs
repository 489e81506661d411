//! Certificates and authorities that follow one another.

use std::sync::Arc;

use sublet_identity::{Authority, Stranger};

use crate::shown::Odd;
use crate::support::{
    Clock, DAY, NOW, Place, SERVER, YEAR, ada, around, authority, between, client, credential,
    meet, serial,
};

fn reason(error: &rustls::Error) -> &'static str {
    Stranger::from_tls(error).reason()
}

#[test]
fn with_two_roots_clients_of_both_come_in_and_with_one_those_of_the_other_do_not() {
    let old = Place::new();
    let new = authority(7);
    let roots = [old.root(), new.certificate_pem().to_owned()];
    let next = new
        .issue_client(&ada(), serial(8), around(DAY, YEAR))
        .unwrap();
    let clients = [
        Arc::new(client(&credential(old.issued(), &roots))),
        Arc::new(client(&credential(next, &roots))),
    ];
    for (believed, come_in) in [
        (&roots[..1], [true, false]),
        (&roots[..], [true, true]),
        (&roots[1..], [false, true]),
    ] {
        let server = old.believing(believed, NOW);
        for (client, comes_in) in clients.iter().zip(come_in) {
            match meet(client.clone(), &server).server {
                Ok(_) => assert!(comes_in),
                Err(error) => assert_eq!((comes_in, reason(&error)), (false, "unknown-authority")),
            }
        }
    }
}

#[test]
fn a_client_with_two_roots_believes_servers_of_both() {
    let old = Place::new();
    let new = authority(7);
    let roots = [old.root(), new.certificate_pem().to_owned()];
    let renewed = new
        .issue_server(&[SERVER.to_owned()], serial(8), around(DAY, YEAR))
        .unwrap();
    let after = Place {
        identity: renewed.into(),
        ..Place::new()
    };
    let config = Arc::new(client(&credential(old.issued(), &roots)));
    meet(config.clone(), &old.server()).client.unwrap();
    meet(config, &after.believing(&roots, NOW)).client.unwrap();
    let only_old = client(&credential(old.issued(), &roots[..1]));
    assert!(
        meet(only_old, &after.believing(&roots, NOW))
            .client
            .is_err()
    );
}

#[test]
fn nobody_is_believed_after_their_authority() {
    let place = Place::new();
    let short = Authority::generate(serial(7), between(NOW - DAY, NOW)).unwrap();
    let roots = [place.root(), short.certificate_pem().to_owned()];
    // As nobody issues it any more: it outlives its authority.
    let hers = || Odd::new().holds(around(DAY, DAY)).signed_by(&short);
    meet(place.client_showing(hers()), &place.believing(&roots, NOW))
        .server
        .unwrap();
    let (after, before) = (NOW + 1, NOW - DAY - 1);
    for (roots, now, word) in [
        (&roots[..], after, "authority-expired"),
        // Where the clock was put back, it is not the authority that somebody has to replace.
        (&roots[..], before, "not-yet-valid"),
        (&roots[..1], after, "unknown-authority"),
        (&roots[..1], before, "unknown-authority"),
    ] {
        let met = meet(place.client_showing(hers()), &place.believing(roots, now));
        assert_eq!(reason(&met.refused()), word);
    }
}

#[test]
fn nothing_is_issued_beyond_the_time_of_the_authority() {
    let short = Authority::generate(serial(7), between(NOW - DAY, NOW + DAY)).unwrap();
    short
        .issue_client(&ada(), serial(8), around(0, DAY))
        .unwrap();
    let beyond = around(0, DAY + 1);
    let error = short.issue_client(&ada(), serial(8), beyond).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate would hold until 2027-01-16T08:00:01Z, its authority holds until \
         2027-01-16T08:00:00Z; make a new authority first"
    );
    assert!(
        short
            .issue_server(&[SERVER.to_owned()], serial(8), beyond)
            .is_err()
    );
}

#[test]
fn a_renewed_certificate_holds_beside_the_one_before_until_that_ends() {
    let place = Place::new();
    let before = place
        .authority
        .issue_client(&ada(), serial(4), around(DAY, DAY))
        .unwrap();
    let after = place
        .authority
        .issue_client(&ada(), serial(5), around(0, YEAR))
        .unwrap();
    let first = place.credential(before);
    let next_root = authority(7).certificate_pem().to_owned();
    let second = first
        .renewed(after, vec![place.root(), next_root.clone()])
        .unwrap();
    assert_eq!(second.roots_pem(), [place.root(), next_root]);
    assert_eq!((first.serial(), second.serial()), (serial(4), serial(5)));
    assert_eq!(first.subject(), second.subject());
    let clients = [&first, &second].map(|credential| Arc::new(client(credential)));
    let roots = [place.root()];
    let comes_in = |now| {
        let server = place.believing(&roots, now);
        clients
            .clone()
            .map(|client| meet(client, &server).server.is_ok())
    };
    assert_eq!(comes_in(NOW), [true, true]);
    assert_eq!(comes_in(NOW + DAY), [true, true]);
    assert_eq!(comes_in(NOW + DAY + 1), [false, true]);
    // Taking the old one back leaves the new one alone.
    place.revoked.add(serial(4));
    assert_eq!(comes_in(NOW), [false, true]);
}

#[test]
fn a_running_server_reads_the_clock_with_each_handshake() {
    let place = Place::new();
    let clock = Clock::at(NOW);
    let roots = [place.root()];
    let standing = place.revoked.clone();
    let server = sublet_identity::server_config(&place.identity, &roots, standing, clock.clone());
    let server = Arc::new(server.unwrap());
    let config = Arc::new(client(&place.credential(place.issued())));
    meet(config.clone(), &server).server.unwrap();
    clock.set(NOW + YEAR + 1);
    assert_eq!(reason(&meet(config.clone(), &server).refused()), "expired");
    clock.set(NOW);
    place.revoked.add(serial(3));
    assert_eq!(reason(&meet(config, &server).refused()), "revoked");
}
