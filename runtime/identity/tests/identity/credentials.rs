//! Credential files: what is in one, and what is none.

use std::sync::LazyLock;

use proptest::prelude::*;
use sublet_identity::{BadCredential, Credential};

use crate::support::{DAY, Place, YEAR, ada, around, authority, client, credential, meet, serial};

/// A place, and the text of ada's credential for it.
static HERS: LazyLock<(Place, String)> = LazyLock::new(|| {
    let place = Place::new();
    let text = place.credential(place.issued()).to_text();
    (place, text)
});

fn refused(text: &str) -> String {
    Credential::from_text(text).unwrap_err().to_string()
}

/// The text with one field replaced by another line.
fn with(field: &str, line: &str) -> String {
    let mut table: toml::Table = HERS.1.parse().unwrap();
    table.remove(field).expect("there is such a field");
    format!("{line}\n{}", toml::to_string(&table).unwrap())
}

#[test]
fn a_credential_is_read_as_it_was_written_and_works() {
    let (place, text) = &*HERS;
    let hers = Credential::from_text(text).unwrap();
    assert_eq!(hers.to_text(), *text);
    assert_eq!(hers.servers(), ["https://node.example.org:7070"]);
    assert_eq!((hers.subject(), hers.serial()), (&ada(), serial(3)));
    assert_eq!(hers.validity(), around(DAY, YEAR));
    assert_eq!(hers.roots_pem(), [place.root()]);
    meet(client(&hers), &place.server()).server.unwrap();
}

#[test]
fn a_human_reads_who_it_is_where_it_leads_and_until_when() {
    let (top, rest) = HERS.1.split_once("certificate = ").unwrap();
    assert_eq!(
        top,
        format!(
            "# A credential of Sublet: whoever has this file is user ada to the servers below. Keep it to yourself.\n\
             # `sublet login FILE` takes it in.\n\n\
             servers = [\"https://node.example.org:7070\"]\nuser = \"ada\"\nrole = \"user\"\n\
             serial = \"{}\"\nnot_after = \"2028-01-15T08:00:00Z\"\n",
            serial(3)
        )
    );
    assert!(rest.contains("\n-----BEGIN PRIVATE KEY-----\n"), "{rest}");
}

#[test]
fn there_is_room_for_the_root_that_comes_next() {
    let (place, _) = &*HERS;
    let roots = [place.root(), authority(7).certificate_pem().to_owned()];
    let both = credential(place.issued(), &roots);
    let again = Credential::from_text(&both.to_text()).unwrap();
    assert_eq!(again, both);
    assert_eq!(again.roots_pem(), roots);
}

#[test]
fn each_field_is_wanted_and_no_other_is() {
    let names = [
        "servers",
        "user",
        "role",
        "serial",
        "not_after",
        "certificate",
        "key",
        "roots",
    ];
    for name in names {
        let expected = format!("the credential file has no `{name}`; was it cut short?");
        assert_eq!(refused(&with(name, "")), expected);
        let wrong = refused(&with(name, &format!("{name} = 7")));
        assert!(
            wrong.contains(&format!("`{name}` of the credential file is not a")),
            "{wrong}"
        );
        assert!(refused(&with(name, &format!("{name} = [7]"))).contains(name));
    }
    assert_eq!(
        refused(&format!("colour = \"blue\"\n{}", HERS.1)),
        "the credential file has a field `colour` that is not known; a credential has servers, user, role, serial, \
         not_after, certificate, key, roots"
    );
    assert_eq!(
        refused(""),
        "the credential file has no `servers`; was it cut short?"
    );
}

#[test]
fn what_a_file_says_of_itself_is_what_its_certificate_says() {
    for (field, line) in [
        ("user", "user = \"bob\""),
        ("role", "role = \"operator\""),
        ("serial", "serial = \"40000000000000000000000000000000\""),
        ("not_after", "not_after = \"2099-01-01T00:00:00Z\""),
    ] {
        let message = refused(&with(field, line));
        let expected =
            format!("`{field}` of the credential file is not what its certificate says, which is ");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn certificate_key_and_roots_belong_together() {
    let (place, _) = &*HERS;
    let other = place.issued();
    let block = |field: &str, text: &str| with(field, &format!("{field} = '''\n{text}'''"));
    assert_eq!(
        refused(&block("key", &other.key_pem)),
        "`key` does not belong to its certificate; each is from another pair"
    );
    assert!(refused(&block("key", &other.certificate_pem)).contains("`key` is not a private key"));
    assert!(
        refused(&block("certificate", &other.key_pem))
            .contains("`certificate` is not a certificate")
    );
    let two = format!("{}{}", other.certificate_pem, other.certificate_pem);
    assert!(refused(&block("certificate", &two)).contains("`certificate` is not one certificate"));
    let server = block("certificate", &place.identity.certificates_pem);
    assert_eq!(
        refused(&server),
        "`certificate` of the credential file is no client's: there is no identity in the certificate"
    );
    let roots = |roots: &[&str]| {
        let line = toml::Value::from(
            roots
                .iter()
                .map(|root| (*root).to_owned())
                .collect::<Vec<_>>(),
        );
        refused(&with("roots", &format!("roots = {line}")))
    };
    assert_eq!(roots(&[]), "TLS trusts 1 to 4 authorities, these are 0");
    assert_eq!(
        roots(&[&*place.root(); 5]),
        "TLS trusts 1 to 4 authorities, these are 5"
    );
    assert!(roots(&["nothing"]).contains("a root certificate is not a certificate"));
    assert!(roots(&[&other.certificate_pem]).contains("a root certificate is not an authority"));
}

#[test]
fn servers_are_few_and_each_is_an_address() {
    let servers = |line: &str| refused(&with("servers", &format!("servers = {line}")));
    assert_eq!(
        servers("[]"),
        "a credential has 1 to 8 `servers`, this one has 0"
    );
    let nine = format!("[{}]", ["\"https://localhost\""; 9].join(", "));
    assert_eq!(
        servers(&nine),
        "a credential has 1 to 8 `servers`, this one has 9"
    );
    assert_eq!(
        servers("[\"https://localhost\", \"http://localhost\"]"),
        "address 2 of `servers` is not like https://node.example.org:7070"
    );
}

#[test]
fn a_credential_is_renewed_for_the_same_somebody_alone() {
    let (place, text) = &*HERS;
    let hers = Credential::from_text(text).unwrap();
    let mut bob = ada();
    bob.user = "bob".parse().unwrap();
    let his = place
        .authority
        .issue_client(&bob, serial(4), around(DAY, YEAR))
        .unwrap();
    let refused = hers.renewed(his, vec![place.root()]).unwrap_err();
    assert!(
        matches!(refused, BadCredential::Disagrees { field: "user", .. }),
        "{refused}"
    );
}

#[test]
fn a_text_of_any_length_costs_no_more_than_the_longest_credential() {
    let long = format!("{}\n# {}", HERS.1, "x".repeat(Credential::BYTES_MAX));
    assert!(matches!(
        Credential::from_text(&long),
        Err(BadCredential::TooLong { limit: 65_536, .. })
    ));
    let fits = format!(
        "{}# {}",
        HERS.1,
        "x".repeat(Credential::BYTES_MAX - HERS.1.len() - 2)
    );
    Credential::from_text(&fits).unwrap();
}

/// Any eleven letters of the key in a row, wherever a message might repeat them.
fn shows_the_key(message: &str) -> bool {
    let (_, key) = HERS.1.split_once("key = ").unwrap();
    let lines = key.lines().take_while(|line| !line.contains("END"));
    let letters: String = lines
        .skip_while(|line| line.contains("BEGIN") || line.len() < 8)
        .collect();
    let letters: Vec<char> = letters.chars().collect();
    assert!(letters.len() > 100);
    letters
        .windows(11)
        .any(|window| message.contains(&window.iter().collect::<String>()))
}

#[test]
fn no_message_shows_the_key_wherever_it_stands() {
    let key = HERS.1.split_once("key = ").unwrap().1;
    let letters = key.lines().find(|line| line.len() > 40).unwrap();
    assert!(shows_the_key(letters));
    for text in [
        format!("{letters} = 1"),
        letters.to_owned(),
        format!("\"{letters}\" = 1\n{}", HERS.1),
        format!("user = {letters}"),
        format!("user = \"{letters}"),
        with("user", &format!("user = \"{letters}\"")),
        with("servers", &format!("servers = \"{letters}\"")),
        with("servers", &format!("servers = [\"https://{letters}\"]")),
        with("roots", &format!("roots = [\"{letters}\"]")),
        with("key", &format!("key = \"{letters}\"")),
    ] {
        let error = Credential::from_text(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shows_the_key(&shown), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_file_is_refused_or_says_the_same(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<Option<u8>>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = HERS.1.clone().into_bytes();
        for (place, byte) in places {
            let at = place.index(bytes.len());
            match byte {
                Some(byte) => bytes[at] = byte,
                None => drop(bytes.remove(at)),
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let text = String::from_utf8_lossy(&bytes);
        match Credential::from_text(&text) {
            Ok(read) => {
                prop_assert_eq!(read.subject(), &ada());
                prop_assert_eq!(read.serial(), serial(3));
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shows_the_key(&shown), "{}", shown);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([a-z]{1,9} ?= ?[\\[\"']{0,3}[ -~]{0,9}[\\]\"']{0,3}\n){0,6}") {
        prop_assert!(Credential::from_text(&text).is_err());
    }
}
