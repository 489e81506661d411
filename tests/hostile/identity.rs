//! Identity: certificates that are over, foreign, forged, revoked or somebody else's, and callers without one.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::time_provider::DefaultTimeProvider;
use sublet_identity::{
    Authority, Credential, Role, Serial, Subject, UnixSeconds, Validity, client_config,
};

use crate::harness::{Connection, DEADLINE, address_of, eventually};
use crate::siege::{Counter, Ground, Siege, besiege};

static GROUND: Ground = Ground::new("");

/// How often each is tried: a mistake that shows once in a while would show.
const TIMES: usize = 15;
const HOUR: i64 = 3_600;

/// From so many seconds from now until so many.
fn validity(from: i64, until: i64) -> Validity {
    let now = u64::try_from(jiff::Timestamp::now().as_second()).expect("it is after 1970");
    let at = |seconds: i64| UnixSeconds(now.saturating_add_signed(seconds));
    Validity {
        not_before: at(from),
        not_after: at(until),
    }
}

fn subject(name: &str, role: Role) -> Subject {
    let user = name.parse().expect("a name");
    Subject { user, role }
}

/// How somebody comes with a certificate that this authority issued, to the server of the siege.
fn issued(siege: &Siege, authority: &Authority, who: &Subject, valid: Validity) -> ClientConfig {
    let good = siege.attacker.credential();
    let certificate = authority.issue_client(who, Serial::from_random([9; 16]), valid);
    let (servers, roots) = (good.servers().to_vec(), good.roots_pem().to_vec());
    let credential = Credential::new(servers, certificate.unwrap(), roots).unwrap();
    client_config(&credential, Arc::new(DefaultTimeProvider)).unwrap()
}

/// Comes with this again and again, and is never let in.
#[track_caller]
fn is_not_let_in(siege: &Siege, config: &ClientConfig) {
    let address = address_of(&siege.attacker.credential());
    for _ in 0..TIMES {
        let connection = Connection::open(&address, config.clone());
        assert!(!connection.gets_in());
    }
}

#[test]
fn certificates_that_are_over_or_not_yet_begun_open_nothing() {
    let counters = ["expired", "not-yet-valid"].map(Counter::not_let_in);
    besiege(&GROUND, &counters, |siege| {
        let ours = siege.server.authority();
        let attacker = subject("attacker", Role::User);
        for valid in [validity(-2 * HOUR, -HOUR), validity(HOUR, 2 * HOUR)] {
            is_not_let_in(siege, &issued(siege, &ours, &attacker, valid));
        }
    });
}

#[test]
fn another_authority_is_believed_nothing_whatever_it_says() {
    besiege(
        &GROUND,
        &[Counter::not_let_in("unknown-authority")],
        |siege| {
            let theirs = Authority::generate(Serial::from_random([7; 16]), validity(-60, HOUR));
            let theirs = theirs.unwrap();
            for (name, role) in [
                ("attacker", Role::User),
                ("neighbour", Role::User),
                ("root", Role::Operator),
            ] {
                let config = issued(siege, &theirs, &subject(name, role), validity(-60, HOUR));
                is_not_let_in(siege, &config);
            }
        },
    );
}

#[test]
fn a_certificate_of_ours_for_nobody_is_one_of_nobody() {
    besiege(&GROUND, &[Counter::not_let_in("no-such-user")], |siege| {
        let ours = siege.server.authority();
        let nobody = subject("nobody-of-that-name", Role::Operator);
        is_not_let_in(siege, &issued(siege, &ours, &nobody, validity(-60, HOUR)));
    });
}

#[test]
fn who_shows_no_certificate_or_speaks_no_tls_is_not_heard() {
    let counters = ["no-certificate", "not-tls"].map(Counter::not_let_in);
    besiege(&GROUND, &counters, |siege| {
        let good = siege.attacker.credential();
        let mut bare = client_config(&good, Arc::new(DefaultTimeProvider)).unwrap();
        bare.client_auth_cert_resolver = Arc::new(NoCertificate);
        is_not_let_in(siege, &bare);
        let address = address_of(&good);
        for _ in 0..TIMES {
            let mut plain = TcpStream::connect(&address).unwrap();
            plain.write_all(b"GET /v1/whoami HTTP/1.1\r\n\r\n").unwrap();
        }
        let not_tls = counters[1];
        eventually(DEADLINE, "they are counted", || {
            (siege.count(not_tls) > 0).then_some(())
        });
    });
}

/// Has nothing to show.
#[derive(Debug)]
struct NoCertificate;

impl rustls::client::ResolvesClientCert for NoCertificate {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[test]
fn a_revoked_certificate_is_refused_at_the_door_and_on_connections_that_are_open() {
    let counters = [Counter::not_let_in("revoked"), Counter::refusal("S0111")];
    besiege(&GROUND, &counters, |siege| {
        let file = siege.server.home.data.join("revoked.credential");
        let issue = siege
            .server
            .command()
            .args(["certs", "issue", "attacker", "--out"]);
        issue.arg(&file).run().code(0);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let credential = Credential::from_text(&text).unwrap();
        let config = client_config(&credential, Arc::new(DefaultTimeProvider)).unwrap();
        let address = address_of(&credential);
        let mut open: Vec<_> = (0..TIMES)
            .map(|_| Connection::open(&address, config.clone()))
            .collect();
        for connection in &mut open {
            assert_eq!(connection.request("GET", "/v1/whoami", b"").status, 200);
        }
        let serial = credential.serial().to_string();
        let revoke = ["certs", "revoke", &serial, "--reason", "lost"];
        siege.server.sublet(&revoke).code(0);
        for connection in &mut open {
            let refused = connection.request("GET", "/v1/whoami", b"").problem();
            assert_eq!(refused["code"], "S0111", "{refused:#}");
        }
        is_not_let_in(siege, &config);
    });
}

#[test]
fn words_about_oneself_in_a_request_are_not_believed() {
    besiege(&GROUND, &[Counter::refusal("S0110")], |siege| {
        let mut connection = siege.attacker.connect();
        for header in [
            "x-user: neighbour",
            "x-forwarded-user: root",
            "authorization: Basic cm9vdDpyb290",
            "cookie: user=root",
            "x-role: operator",
        ] {
            let request =
                format!("GET /v1/admin/config HTTP/1.1\r\nhost: sublet\r\n{header}\r\n\r\n");
            connection.send(request.as_bytes()).unwrap();
            let refused = connection.answer().unwrap().problem();
            assert_eq!(refused["code"], "S0110", "{header}");
            let request = format!("GET /v1/whoami HTTP/1.1\r\nhost: sublet\r\n{header}\r\n\r\n");
            connection.send(request.as_bytes()).unwrap();
            assert_eq!(connection.answer().unwrap().json()["user"], "attacker");
        }
    });
}
