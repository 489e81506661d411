//! Whom a client believes, and what it hears when it is refused.

use std::sync::Arc;

use rustls::{Error, ServerConfig};
use sublet_identity::{Authority, ServerIdentity, Stranger, what_the_server_said};

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
        assert!(error.to_string().contains("not valid for name"), "{error}");
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
        Stranger::from_tls(&error).reason()
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
    let old = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
    let met = meet(client(&place.credential(place.issued())), &Arc::new(old));
    assert!(met.client.is_err() && met.server.is_err());
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
}

#[test]
fn a_client_reads_the_clock_it_was_given() {
    let place = Place::new();
    let credential = place.credential(place.issued());
    let late = sublet_identity::client_config(&credential, Clock::at(NOW + YEAR + 1)).unwrap();
    let error = meet(late, &place.server()).client.err().unwrap();
    assert_eq!(Stranger::from_tls(&error).reason(), "expired");
}
