//! Whom a client believes, and what it hears when it is refused.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::ServerSessionMemoryCache;
use rustls::{Error, HandshakeKind, ServerConfig};
use sublet_identity::{
    Authority, ServerIdentity, Stranger, what_the_server_said, why_the_server_is_not_believed,
};

use crate::shown::{Odd, Shown};
use crate::support::{
    Clock, DAY, NOW, Place, SERVER, YEAR, ada, around, authority, between, client, credential,
    meet, meet_at, serial,
};

/// How a client takes a server that shows this.
fn turned_away(place: &Place, identity: ServerIdentity, name: &'static str) -> Option<Error> {
    let shown = Place {
        identity,
        ..Place::new()
    };
    let server = shown.believing(&[place.root()], NOW);
    let config = client(&place.credential(place.issued()));
    meet_at(name, config, &server).client.err()
}

#[test]
fn a_server_is_believed_by_the_names_and_addresses_it_is_for() {
    let place = Place::new();
    let names = [SERVER, "localhost", "192.0.2.7", "2001:db8::7"];
    let issued = || {
        let names = names.map(str::to_owned);
        place
            .authority
            .issue_server(&names, serial(4), around(DAY, DAY))
            .unwrap()
    };
    for name in names {
        assert_eq!(turned_away(&place, issued().into(), name), None, "{name}");
    }
    for name in ["other.example.org", "example.org", "192.0.2.8", "::1"] {
        let error = turned_away(&place, issued().into(), name).unwrap();
        let why = why_the_server_is_not_believed(&error).unwrap();
        let expected = format!("the server is not {name}, its certificate is for ");
        assert!(why.starts_with(&expected) && why.contains(SERVER), "{why}");
    }
}

#[test]
fn a_server_of_another_authority_or_another_time_or_purpose_is_not_believed() {
    let place = Place::new();
    let names = [SERVER.to_owned()];
    let of = |authority: &Authority, validity| {
        ServerIdentity::from(authority.issue_server(&names, serial(4), validity).unwrap())
    };
    let told = |identity| {
        let error = turned_away(&place, identity, SERVER).expect("nobody believes that");
        assert_eq!(what_the_server_said(&error), None);
        let why = why_the_server_is_not_believed(&error).unwrap();
        let stranger = Stranger::from_tls(&error);
        let is_of_another = stranger == Stranger::UnknownAuthority;
        assert_eq!(why.contains("ask its operator"), is_of_another, "{why}");
        assert_eq!(why.contains(&stranger.to_string()), !is_of_another, "{why}");
        stranger.reason()
    };
    assert_eq!(
        told(of(&authority(7), around(DAY, DAY))),
        "unknown-authority"
    );
    assert_eq!(
        told(of(&place.authority, between(NOW - DAY, NOW - 1))),
        "expired"
    );
    assert_eq!(
        told(of(&place.authority, between(NOW + 1, NOW + DAY))),
        "not-yet-valid"
    );
    assert_eq!(told(place.issued().into()), "wrong-purpose");
}

#[test]
fn a_server_is_not_believed_after_its_root() {
    let place = Place::new();
    let short = Authority::generate(serial(7), between(NOW - DAY, NOW - 1)).unwrap();
    let roots = [short.certificate_pem().to_owned()];
    let names = vec![rcgen::SanType::DnsName(SERVER.try_into().unwrap())];
    let odd = Odd::new().with(|params| {
        params.subject_alt_names = names;
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let outliving = odd.issued_by(&short);
    let server = Place {
        identity: outliving,
        ..Place::new()
    };
    let met = meet(
        client(&credential(place.issued(), &roots)),
        &server.server(),
    );
    let error = met.client.err().unwrap();
    assert_eq!(Stranger::from_tls(&error).reason(), "authority-expired");
}

#[test]
fn a_client_speaks_nothing_before_tls_1_3() {
    let place = Place::new();
    let old = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(place.server().cert_resolver.clone());
    let error = meet(client(&place.credential(place.issued())), &Arc::new(old)).refused();
    assert!(matches!(error, Error::PeerIncompatible(_)), "{error}");
}

#[test]
fn a_client_hears_why_it_is_refused_as_far_as_tls_has_a_word_for_it() {
    let place = Place::new();
    let said = |shown| {
        let met = meet(place.client_showing(shown), &place.server());
        what_the_server_said(&met.client.err().unwrap())
    };
    assert_eq!(
        said(Shown::Nothing),
        Some("the server wants a certificate, and got none")
    );
    assert_eq!(
        said(Odd::new().signed_by(&authority(7))),
        Some("the server does not know the authority that signed the certificate")
    );
    let server = place
        .authority
        .issue_server(&[SERVER.to_owned()], serial(4), around(DAY, YEAR));
    assert_eq!(
        said(Shown::issued(&server.unwrap())),
        Some("the certificate is for another purpose")
    );
    let hers = place
        .authority
        .issue_client(&ada(), serial(5), around(DAY, YEAR))
        .unwrap();
    place.revoked.add(serial(5));
    assert!(said(Shown::issued(&hers)).unwrap().contains("revoked"));
    assert_eq!(what_the_server_said(&Error::DecryptError), None);
    assert_eq!(why_the_server_is_not_believed(&Error::DecryptError), None);
}

#[test]
fn a_client_reads_the_clock_it_was_given() {
    let place = Place::new();
    let credential = place.credential(place.issued());
    let late = sublet_identity::client_config(&credential, Clock::at(NOW + YEAR + 1)).unwrap();
    let error = meet(late, &place.server()).client.err().unwrap();
    assert_eq!(Stranger::from_tls(&error).reason(), "expired");
}

#[test]
fn a_client_resumes_no_session_even_where_a_server_would() {
    let place = Place::new();
    let mut server = ServerConfig::clone(&place.server());
    server.send_tls13_tickets = 2;
    server.session_storage = ServerSessionMemoryCache::new(8);
    let server = Arc::new(server);
    let config = Arc::new(client(&place.credential(place.issued())));
    for _ in 0..3 {
        let client = meet(config.clone(), &server).client.unwrap();
        assert_eq!(client.tls13_tickets_received(), 2);
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
    }
}
