//! Certificates with bytes that nobody wrote: refused, and nothing panics.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sublet_identity::{Stranger, identify};

use crate::shown::Shown;
use crate::support::{Place, ada, meet, serial};

struct Made {
    place: Place,
    server: Arc<ServerConfig>,
    der: Vec<u8>,
    key: String,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let place = Place::new();
    let hers = place.issued();
    let der = CertificateDer::from_pem_slice(hers.certificate_pem.as_bytes()).unwrap();
    Made {
        server: place.server(),
        der: der.to_vec(),
        key: hers.key_pem,
        place,
    }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_certificate_with_one_other_bit_lets_nobody_in(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut der = MADE.der.clone();
        let at = at.index(der.len());
        der[at] ^= 1_u8 << bit;
        let shown = Shown::certificate(der.into(), &MADE.key);
        let error = meet(MADE.place.client_showing(shown), &MADE.server).refused();
        prop_assert_ne!(Stranger::from_tls(&error).reason(), "protocol");
    }

    #[test]
    fn bytes_are_somebody_or_nobody(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in any::<prop::sample::Index>()) {
        prop_assert!(identify(&bytes.into()).is_err());
        let der = &MADE.der[..cut.index(MADE.der.len())];
        prop_assert!(identify(&der.into()).is_err());
        let longer = [&MADE.der[..], &[0]].concat();
        prop_assert_eq!(identify(&longer.into()), Err(Stranger::Malformed));
    }
}

#[test]
fn the_whole_certificate_is_somebody() {
    let her = identify(&MADE.der.clone().into()).unwrap();
    assert_eq!((her.subject, her.serial), (ada(), serial(3)));
}
