//! Certificates, keys and who they are about: read as they were written, or not at all.

use std::str::from_utf8;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sublet_identity::{
    Authority, Credential, Role, Serial, Subject, UnixSeconds, UserName, Validity, identify,
};
use sublet_simulator::random::Random;

use super::campaign::Campaign;
use super::mutation::mutated;

const WORDS: &[&str] = &[
    "sublet:user:ada",
    "sublet:operator:",
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n",
    "\u{0}",
    "\u{82}",
    "\"\"\"",
    " = ",
    "[",
];

struct House {
    authority: Authority,
    /// The certificate of a user, as text and as bytes, and the key to it.
    pem: String,
    der: Vec<u8>,
    key: String,
}

impl House {
    fn new() -> Self {
        let validity = Validity {
            not_before: UnixSeconds(1_700_000_000),
            not_after: UnixSeconds(1_900_000_000),
        };
        let serial = |number: u8| Serial::from_random([number; 16]);
        let authority = Authority::generate(serial(1), validity).unwrap();
        let subject = Subject {
            user: "ada".parse().unwrap(),
            role: Role::User,
        };
        let issued = authority
            .issue_client(&subject, serial(2), validity)
            .unwrap();
        let der = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).unwrap();
        Self {
            authority,
            der: der.to_vec(),
            pem: issued.certificate_pem,
            key: issued.key_pem,
        }
    }
}

#[test]
fn a_certificate_is_about_somebody_or_nobody() {
    let House { authority, der, .. } = House::new();
    let root = CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap();
    let corpus = [der, root.to_vec()];
    let certificates = Campaign {
        name: "certificates",
        cases: 20_000,
    };
    certificates.play(
        |random| mutated(random, &corpus, WORDS),
        |der| match identify(&der.to_vec().into()) {
            // Who is read is somebody who could have been written.
            Ok(found) => {
                let uri = found.subject.to_uri();
                assert_eq!(Subject::from_uri(&uri).unwrap(), found.subject);
                assert!(der.windows(uri.len()).any(|part| part == uri.as_bytes()));
            }
            Err(stranger) => assert!(!stranger.to_string().is_empty()),
        },
    );
}

#[test]
fn texts_with_keys_are_read_or_refused_and_never_shown() {
    let House {
        authority,
        pem,
        key,
        ..
    } = House::new();
    let root = authority.certificate_pem().to_owned();
    let secret = key.lines().nth(1).unwrap().to_owned();
    let credential = format!(
        "server = \"https://127.0.0.1:1\"\nservers = [\"https://127.0.0.1:1\"]\ncertificate = \"\"\"{pem}\"\"\"\nkey = \"\"\"{key}\"\"\"\nroots = [\"\"\"{root}\"\"\"]\n"
    );
    let corpus = [root.clone(), authority.key_pem(), key, pem, credential];
    let texts = Campaign {
        name: "keys",
        cases: 1_500,
    };
    let make = |random: &mut Random| mutated(random, &corpus, WORDS);
    texts.play(make, |bytes| {
        let Ok(text) = from_utf8(bytes) else {
            return;
        };
        let said = [
            Authority::from_pem(text, &authority.key_pem())
                .map_err(|error| error.to_string())
                .err(),
            Authority::from_pem(&root, text)
                .map_err(|error| error.to_string())
                .err(),
            Credential::from_text(text)
                .map_err(|error| error.to_string())
                .err(),
        ];
        for said in said.into_iter().flatten() {
            assert!(!said.is_empty());
            assert!(!said.contains(&secret[..16]), "a key is shown: {said}");
        }
    });
}

#[test]
fn names_of_people_are_exact() {
    let corpus = [
        "sublet:user:ada",
        "sublet:operator:a.b-c_d",
        "ada",
        "41020304050607080910111213141516",
    ];
    let names = Campaign {
        name: "names",
        cases: 50_000,
    };
    names.play(
        |random| mutated(random, &corpus, &["user", ":", ".", "-", "é", "%61", "A"]),
        |bytes| {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(subject) = Subject::from_uri(&text) {
                assert_eq!(subject.to_uri(), text);
            }
            if let Ok(name) = text.parse::<UserName>() {
                assert_eq!(name.as_str(), text);
            }
            if let Ok(serial) = text.parse::<Serial>() {
                assert_eq!(serial.to_string(), text);
            }
        },
    );
}
