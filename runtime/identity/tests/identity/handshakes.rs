//! Handshakes that come to something, and what they agree on.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{HandshakeKind, ProtocolVersion};
use sublet_identity::{Identified, identify};

use crate::support::{DAY, Place, YEAR, ada, around, client, meet, serial};

#[test]
fn who_has_a_certificate_comes_in_and_is_who_it_says() {
    let place = Place::new();
    let met = meet(client(&place.credential(place.issued())), &place.server());
    met.client.unwrap();
    let server = met.server.unwrap();
    assert_eq!(server.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(
        identify(&server.peer_certificates().unwrap()[0]).unwrap(),
        Identified {
            subject: ada(),
            serial: serial(3),
            validity: around(DAY, YEAR),
        }
    );
}

#[test]
fn both_sides_speak_the_better_http_that_both_know() {
    let place = Place::new();
    for (offered, spoken) in [
        (vec![], None),
        (vec!["http/1.1"], Some("http/1.1")),
        (vec!["h2"], Some("h2")),
        (vec!["http/1.1", "h2"], Some("h2")),
    ] {
        let mut client = client(&place.credential(place.issued()));
        assert_eq!(client.alpn_protocols, [&b"h2"[..], b"http/1.1"]);
        client.alpn_protocols = offered
            .iter()
            .map(|word| word.as_bytes().to_vec())
            .collect();
        let server = meet(client, &place.server()).server.unwrap();
        assert_eq!(server.alpn_protocol(), spoken.map(str::as_bytes));
    }
}

#[test]
fn no_session_is_resumed_even_for_a_client_that_would() {
    let place = Place::new();
    let server = place.server();
    let mut client = client(&place.credential(place.issued()));
    client.resumption = Resumption::in_memory_sessions(8);
    let client = Arc::new(client);
    for _ in 0..3 {
        let met = meet(client.clone(), &server);
        assert_eq!(
            met.server.unwrap().handshake_kind(),
            Some(HandshakeKind::Full)
        );
        let client = met.client.unwrap();
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(client.tls13_tickets_received(), 0);
    }
}
