//! What an authority writes into certificates, and what is one when it is read back.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sublet_identity::{Authority, Fault, ServerIdentity, UnixSeconds, server_config};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::support::{
    Clock, DAY, NOW, Place, SERVER, YEAR, ada, around, authority, between, client, credential,
    meet, serial,
};

fn with_parts(pem: &str, look: impl FnOnce(&X509Certificate<'_>)) {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    look(&X509Certificate::from_der(&der).unwrap().1);
}

#[test]
fn certificates_say_what_they_are_for_and_nothing_more() {
    let place = Place::new();
    with_parts(place.authority.certificate_pem(), |root| {
        let constraints = root.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical && constraints.value.ca);
        assert_eq!(constraints.value.path_len_constraint, Some(0));
        let usage = root.key_usage().unwrap().unwrap();
        assert!(usage.critical);
        assert_eq!(usage.value.to_string(), "Key Cert Sign");
        assert_eq!(root.raw_serial(), serial(1).as_bytes());
    });
    with_parts(&place.issued().certificate_pem, |hers| {
        assert!(!hers.is_ca());
        let usage = hers.key_usage().unwrap().unwrap();
        assert_eq!(usage.value.to_string(), "Digital Signature");
        let purposes = hers.extended_key_usage().unwrap().unwrap().value;
        assert!(purposes.client_auth && !purposes.server_auth && !purposes.any);
        assert_eq!(hers.subject().to_string(), "CN=ada");
        assert_eq!(hers.raw_serial(), serial(3).as_bytes());
        assert_eq!(
            hers.validity().not_after.timestamp(),
            i64::try_from(NOW + YEAR).unwrap()
        );
    });
    with_parts(&place.identity.certificates_pem, |server| {
        let purposes = server.extended_key_usage().unwrap().unwrap().value;
        assert!(purposes.server_auth && !purposes.client_auth && !purposes.any);
    });
}

#[test]
fn an_authority_that_was_written_down_issues_as_before() {
    let place = Place::new();
    let (certificate, key) = (place.root(), place.authority.key_pem());
    let again = Authority::from_pem(&certificate, &key).unwrap();
    assert_eq!(again.validity(), place.authority.validity());
    assert_eq!(
        (again.certificate_pem(), again.key_pem()),
        (&*certificate, key)
    );
    let hers = again
        .issue_client(&ada(), serial(4), around(DAY, YEAR))
        .unwrap();
    meet(client(&credential(hers, &[certificate])), &place.server())
        .server
        .unwrap();
    let beyond = again.issue_client(&ada(), serial(4), around(DAY, 11 * YEAR));
    assert!(matches!(beyond, Err(Fault::Outlives { .. })));
}

#[test]
fn what_is_no_authority_is_refused_by_what_it_is() {
    let place = Place::new();
    let (certificate, key) = (place.root(), place.authority.key_pem());
    let (other, hers) = (authority(7), place.issued());
    let two = format!("{certificate}{}", other.certificate_pem());
    let refused = |certificate: &str, key: &str| {
        Authority::from_pem(certificate, key)
            .unwrap_err()
            .to_string()
    };
    let no_certificate = "the authority's certificate is not a certificate in PEM; \
                          is it another file, or cut short?";
    assert_eq!(refused("", &key), no_certificate);
    assert_eq!(refused(&key, &certificate), no_certificate);
    assert_eq!(
        refused(&certificate[..certificate.len() / 2], &key),
        no_certificate
    );
    assert!(refused(&two, &key).contains("not one certificate"));
    assert!(refused(&certificate, "").contains("the authority's key is not a private key"));
    assert!(refused(&certificate, &key[..key.len() / 2]).contains("not a private key"));
    assert!(refused(&certificate, &other.key_pem()).contains("another pair"));
    assert!(refused(&hers.certificate_pem, &hers.key_pem).contains("may not sign"));
}

#[test]
fn times_that_no_certificate_can_have_are_refused() {
    let year_10000 = 253_402_300_800;
    for (first, last) in [
        (NOW, NOW - 1),
        (NOW, year_10000),
        (NOW, u64::MAX),
        (u64::MAX, u64::MAX),
    ] {
        let refused = Authority::generate(serial(1), between(first, last));
        assert!(matches!(refused, Err(Fault::Validity(_))), "{first} {last}");
    }
    let longest = Authority::generate(serial(1), between(0, year_10000 - 2 * DAY)).unwrap();
    let again = Authority::from_pem(longest.certificate_pem(), &longest.key_pem()).unwrap();
    assert_eq!(again.validity().not_before, UnixSeconds(0));
    assert_eq!(again.validity(), longest.validity());
}

#[test]
fn a_server_has_names_and_they_are_names() {
    let place = Place::new();
    let issue = |names: &[String]| {
        place
            .authority
            .issue_server(names, serial(4), around(0, DAY))
    };
    assert!(matches!(issue(&[]), Err(Fault::Names { count: 0, .. })));
    let many: Vec<_> = (0..33).map(|number| format!("node-{number}")).collect();
    assert!(matches!(
        issue(&many),
        Err(Fault::Names {
            count: 33,
            limit: 32
        })
    ));
    issue(&many[..32]).unwrap();
    for name in [
        "",
        "*.example.org",
        "node example",
        "https://node",
        "node:7070",
        "[::1]",
        "n\u{f6}de",
    ] {
        let refused = issue(&[SERVER.to_owned(), name.to_owned()]);
        assert!(matches!(refused, Err(Fault::Name { .. })), "{name:?}");
    }
}

#[test]
fn a_server_is_not_set_up_with_what_does_not_belong_together() {
    let place = Place::new();
    let refused = |identity: &ServerIdentity, roots: &[String]| {
        let config = server_config(identity, roots, place.revoked.clone(), Clock::at(NOW));
        config.unwrap_err().to_string()
    };
    let (identity, roots) = (&place.identity, [place.root()]);
    let mixed = ServerIdentity {
        key_pem: place.issued().key_pem,
        ..identity.clone()
    };
    assert!(refused(&mixed, &roots).contains("the server's key does not belong"));
    let empty = ServerIdentity {
        certificates_pem: String::new(),
        ..identity.clone()
    };
    assert!(refused(&empty, &roots).contains("the server's certificate is not"));
    assert_eq!(
        refused(identity, &[]),
        "TLS trusts 1 to 4 authorities, these are 0"
    );
    assert_eq!(
        refused(identity, &vec![place.root(); 5]),
        "TLS trusts 1 to 4 authorities, these are 5"
    );
    let hers = place.issued().certificate_pem;
    assert!(refused(identity, &[hers]).contains("a root certificate is not an authority"));
}

#[test]
fn debugging_shows_no_key() {
    let place = Place::new();
    let issued = place.issued();
    let credential = place.credential(issued.clone());
    let shown = format!(
        "{:?} {issued:?} {:?} {credential:?}",
        place.authority, place.identity
    );
    for key in [
        &issued.key_pem,
        &place.authority.key_pem(),
        &place.identity.key_pem,
    ] {
        let secret = key.lines().nth(1).unwrap();
        assert!(!shown.contains(&secret[..16]), "{shown}");
    }
    assert!(!shown.contains("PRIVATE"), "{shown}");
    let config = place.server();
    assert!(Arc::strong_count(&config) == 1 && !format!("{config:?}").contains("PRIVATE"));
}
