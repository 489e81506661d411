//! What is asked with each request on a connection that is open already.

use sublet_identity::{Stranger, UnixSeconds, identify};

use crate::support::{DAY, NOW, Place, YEAR, around, client, meet, serial};

#[test]
fn a_connection_does_not_outlive_its_certificate() {
    let place = Place::new();
    let server = meet(client(&place.credential(place.issued())), &place.server())
        .server
        .unwrap();
    let her = identify(&server.peer_certificates().unwrap()[0]).unwrap();
    let check = |now| her.check(UnixSeconds(now), &*place.revoked);
    let validity = around(DAY, YEAR);
    assert_eq!(check(NOW), Ok(()));
    assert_eq!(check(NOW - DAY), Ok(()));
    assert_eq!(check(NOW + YEAR), Ok(()));
    let (serial, not_after) = (serial(3), validity.not_after);
    assert_eq!(
        check(NOW + YEAR + 1),
        Err(Stranger::Expired { serial, not_after })
    );
    let not_before = validity.not_before;
    assert_eq!(
        check(NOW - DAY - 1),
        Err(Stranger::NotYetValid { serial, not_before })
    );
    assert!(her.is_valid_at(UnixSeconds(NOW + YEAR)));
    assert!(!her.is_valid_at(UnixSeconds(NOW + YEAR + 1)));
    place.revoked.add(serial);
    assert_eq!(check(NOW), Err(Stranger::Revoked { serial }));
}
