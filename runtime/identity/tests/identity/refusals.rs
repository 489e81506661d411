//! Each way of being nobody, shown in a whole handshake: its word, and that nobody comes in.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore, ServerConnection, version};
use sublet_identity::{Stranger, UnixSeconds};

use crate::shown::{Odd, Shown};
use crate::support::{
    DAY, NOW, Place, SERVER, ada, around, authority, between, client, meet, serial,
};

fn refused(place: &Place, shown: Shown) -> Stranger {
    let met = meet(place.client_showing(shown), &place.server());
    assert!(met.client.is_err(), "the client hears of it");
    Stranger::from_tls(&met.refused())
}

/// What an accept loop has of a handshake that came to nothing.
fn refused_bytes(place: &Place, mut bytes: &[u8]) -> Stranger {
    let mut server = ServerConnection::new(place.server()).unwrap();
    server.read_tls(&mut bytes).unwrap();
    let error = server.process_new_packets().unwrap_err();
    Stranger::from_handshake(&io::Error::new(io::ErrorKind::InvalidData, error))
}

#[test]
fn each_reason_has_a_word_of_its_own_which_stays() {
    let place = Place::new();
    let other = authority(5);
    let hers = |validity| {
        place
            .authority
            .issue_client(&ada(), serial(4), validity)
            .unwrap()
    };
    let names = |uris: &[&str]| Odd::new().names(uris).signed_by(&place.authority);
    let reasons = [
        ("no-certificate", Shown::Nothing),
        ("self-signed", Odd::new().self_signed()),
        ("unknown-authority", Odd::new().signed_by(&other)),
        ("expired", Shown::issued(&hers(between(NOW - DAY, NOW - 1)))),
        (
            "not-yet-valid",
            Shown::issued(&hers(between(NOW + 1, NOW + DAY))),
        ),
        ("wrong-purpose", {
            let server =
                place
                    .authority
                    .issue_server(&[SERVER.to_owned()], serial(4), around(DAY, DAY));
            Shown::issued(&server.unwrap())
        }),
        ("revoked", {
            place.revoked.add(serial(4));
            Shown::issued(&hers(around(DAY, DAY)))
        }),
        ("no-identity", names(&[])),
        (
            "several-identities",
            names(&["sublet:user:ada", "sublet:user:bob"]),
        ),
        ("malformed", {
            let cut = CertificateDer::from(vec![0x30, 3, 2, 1]);
            Shown::certificate(cut, &place.issued().key_pem)
        }),
        ("key-not-proven", {
            let certificate =
                CertificateDer::from_pem_slice(place.issued().certificate_pem.as_bytes());
            Shown::certificate(certificate.unwrap(), &place.issued().key_pem)
        }),
    ];
    let mut words = BTreeSet::new();
    for (word, shown) in reasons {
        assert_eq!(refused(&place, shown).reason(), word);
        assert!(words.insert(word), "{word} is there twice");
    }
    // The same server, a moment later.
    meet(client(&place.credential(place.issued())), &place.server())
        .server
        .unwrap();
}

#[test]
fn the_reason_says_which_certificate_where_a_signature_of_ours_is_behind_it() {
    let place = Place::new();
    let hers = |from, until| {
        let issued = place
            .authority
            .issue_client(&ada(), serial(4), between(from, until));
        refused(&place, Shown::issued(&issued.unwrap()))
    };
    let expired = hers(NOW - DAY, NOW - 1);
    let not_after = UnixSeconds(NOW - 1);
    assert_eq!(
        expired,
        Stranger::Expired {
            serial: serial(4),
            not_after
        }
    );
    assert_eq!(
        expired.to_string(),
        format!("certificate {} expired at 2027-01-15T07:59:59Z", serial(4))
    );
    let not_before = UnixSeconds(NOW + 1);
    let early = hers(NOW + 1, NOW + DAY);
    assert_eq!(
        early,
        Stranger::NotYetValid {
            serial: serial(4),
            not_before
        }
    );
    assert_eq!(early.serial(), Some(serial(4)));
    place.revoked.add(serial(4));
    let revoked = hers(NOW, NOW);
    assert_eq!(revoked, Stranger::Revoked { serial: serial(4) });
    assert_eq!(revoked.serial(), Some(serial(4)));
    // Whoever makes a certificate writes any number and any time into it.
    let old = || Odd::new().holds(between(NOW - DAY, NOW - 1));
    assert_eq!(refused(&place, old().self_signed()), Stranger::SelfSigned);
    let foreign = old().signed_by(&authority(5));
    assert_eq!(refused(&place, foreign), Stranger::UnknownAuthority);
}

#[test]
fn a_certificate_holds_from_its_first_second_to_its_last() {
    let place = Place::new();
    let issued = place
        .authority
        .issue_client(&ada(), serial(4), between(NOW, NOW));
    let config = Arc::new(client(&place.credential(issued.unwrap())));
    let roots = [place.root()];
    meet(config.clone(), &place.believing(&roots, NOW))
        .server
        .unwrap();
    for (now, word) in [(NOW - 1, "not-yet-valid"), (NOW + 1, "expired")] {
        let error = meet(config.clone(), &place.believing(&roots, now)).refused();
        assert_eq!(Stranger::from_tls(&error).reason(), word);
    }
}

#[test]
fn an_authority_of_the_same_name_is_another_one() {
    let place = Place::new();
    // Its number, and so its name, is that of the real one; its key is not.
    let twin = authority(1);
    assert_eq!(
        refused(&place, Odd::new().signed_by(&twin)),
        Stranger::UnknownAuthority
    );
    // It calls itself by the name of the one that signs.
    let posing = Odd::new().with(|params| {
        let name = format!("Sublet authority {}", serial(1));
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
    });
    assert_eq!(refused(&place, posing.self_signed()), Stranger::SelfSigned);
}

#[test]
fn only_a_certificate_that_is_for_clients_is_a_clients() {
    let place = Place::new();
    let ours = |odd: Odd| refused(&place, odd.signed_by(&place.authority));
    for purposes in [
        vec![],
        vec![ExtendedKeyUsagePurpose::ServerAuth],
        vec![ExtendedKeyUsagePurpose::Any],
        vec![
            ExtendedKeyUsagePurpose::CodeSigning,
            ExtendedKeyUsagePurpose::TimeStamping,
        ],
    ] {
        let odd = Odd::new().with(|params| params.extended_key_usages = purposes.clone());
        assert_eq!(ours(odd), Stranger::WrongPurpose, "{purposes:?}");
    }
    let authority = Odd::new().with(|params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    assert_eq!(ours(authority), Stranger::WrongPurpose);
    // The root itself, with its own key.
    let root = CertificateDer::from_pem_slice(place.root().as_bytes()).unwrap();
    let root = Shown::certificate(root, &place.authority.key_pem());
    assert_eq!(refused(&place, root), Stranger::WrongPurpose);
}

#[test]
fn a_certificate_of_ours_signs_no_other() {
    let place = Place::new();
    let issued = place.issued();
    let key = KeyPair::from_pem(&issued.key_pem).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&issued.certificate_pem, key).unwrap();
    let forged_key = KeyPair::generate().unwrap();
    let forged = Odd::new()
        .names(&["sublet:operator:root"])
        .0
        .signed_by(&forged_key, &issuer);
    let shown = Shown::chain(
        vec![
            forged.unwrap().der().clone(),
            CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).unwrap(),
        ],
        &forged_key.serialize_pem(),
    );
    assert_eq!(refused(&place, shown), Stranger::UnknownAuthority);
}

#[test]
fn an_authority_below_the_authority_makes_nobody() {
    let place = Place::new();
    let key = KeyPair::generate().unwrap();
    let below = Odd::new().with(|params| {
        params
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, "below");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let root = KeyPair::from_pem(&place.authority.key_pem()).unwrap();
    let root = rcgen::Issuer::from_ca_cert_pem(place.authority.certificate_pem(), root).unwrap();
    let between = below.0.signed_by(&key, &root).unwrap();
    let issuer = rcgen::Issuer::new(below.0, key);
    let forged_key = KeyPair::generate().unwrap();
    let forged = Odd::new().0.signed_by(&forged_key, &issuer).unwrap();
    let chain = vec![forged.der().clone(), between.der().clone()];
    let shown = Shown::chain(chain, &forged_key.serialize_pem());
    assert_eq!(refused(&place, shown), Stranger::UnknownAuthority);
}

#[test]
fn a_certificate_has_one_name_and_that_is_an_identity() {
    let place = Place::new();
    let ours = |odd: Odd| refused(&place, odd.signed_by(&place.authority));
    for uri in [
        "sublet:user:Ada",
        "sublet:user:ada:",
        "https://example.org",
        "sublet:root:ada",
    ] {
        assert_eq!(
            ours(Odd::new().names(&[uri])),
            Stranger::NoIdentity,
            "{uri}"
        );
    }
    let dns = SanType::DnsName("ada.example.org".try_into().unwrap());
    let mail = SanType::Rfc822Name("sublet:user:ada".try_into().unwrap());
    for other in [dns, mail] {
        let alone = Odd::new().with(|params| params.subject_alt_names = vec![other.clone()]);
        assert_eq!(ours(alone), Stranger::NoIdentity);
        let besides = Odd::new().with(|params| params.subject_alt_names.push(other.clone()));
        assert_eq!(ours(besides), Stranger::SeveralIdentities);
    }
    for uris in [
        ["sublet:user:ada", "sublet:user:ada"],
        ["sublet:user:ada", "sublet:operator:ada"],
        ["sublet:user:ada", "https://example.org"],
    ] {
        assert_eq!(
            ours(Odd::new().names(&uris)),
            Stranger::SeveralIdentities,
            "{uris:?}"
        );
    }
}

#[test]
fn a_serial_number_that_is_none_of_ours_names_no_certificate() {
    let place = Place::new();
    for number in [vec![1], vec![0x40; 17], vec![0x3f; 16]] {
        let odd = Odd::new().with(|params| params.serial_number = Some(number.clone().into()));
        let shown = odd.signed_by(&place.authority);
        assert_eq!(refused(&place, shown), Stranger::Malformed, "{number:?}");
    }
}

#[test]
fn whatever_is_not_tls_is_told_from_what_is_old() {
    let place = Place::new();
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: node.example.org\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        &[0; 64],
        &[0xff; 64],
    ] {
        assert_eq!(refused_bytes(&place, bytes), Stranger::NotTls, "{bytes:?}");
    }
    let mut old = rustls_client_of(&[&version::TLS12]);
    let mut hello = Vec::new();
    old.write_tls(&mut hello).unwrap();
    assert_eq!(refused_bytes(&place, &hello), Stranger::OldTls);
}

fn rustls_client_of(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ClientConnection {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    rustls::ClientConnection::new(config.into(), SERVER.try_into().unwrap()).unwrap()
}

#[test]
fn who_goes_before_the_end_is_gone_and_who_turns_away_says_why() {
    let place = Place::new();
    for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset] {
        assert_eq!(Stranger::from_handshake(&kind.into()), Stranger::Gone);
        let told = io::Error::new(kind, "tls handshake eof");
        assert_eq!(Stranger::from_handshake(&told), Stranger::Gone);
    }
    // It believes another authority than the one that this server is of.
    let elsewhere = Place::new();
    let met = meet(
        client(&elsewhere.credential(elsewhere.issued())),
        &place.server(),
    );
    let turned_away = Stranger::from_tls(&met.refused());
    assert_eq!(turned_away, Stranger::TurnedAway { said: "UnknownCA" });
    let mut other = client(&place.credential(place.issued()));
    other.alpn_protocols = vec![b"smtp".to_vec()];
    let stranger = Stranger::from_tls(&meet(other, &place.server()).refused());
    assert_eq!(stranger.reason(), "protocol");
}
