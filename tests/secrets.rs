//! Keys and secrets are where they are kept, and in no other byte that is written.
//!
//! Each server of this suite is searched for its keys when its test is over, see `harness/secrets.rs`. Here one tells all it
//! ever could tell, and each thing is done that has to do with a key.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Remote, Secrets, Server, Sublet, core};

/// What a user tells a job in confidence: it is in the record, for them and for operators, and in nothing else.
const CONFIDED: &str = "canary-7f1c9e52-of-the-environment";

/// Runs a command that tells each step of its own, and writes down what it said.
struct Clerk(PathBuf);

impl Clerk {
    fn note(&self, command: Sublet, arguments: &[&str]) {
        let output = command.env("SUBLET_LOG", "trace").args(arguments).run();
        let before = fs::read_to_string(&self.0).unwrap_or_default();
        fs::write(&self.0, format!("{before}{output:?}\n")).unwrap();
    }
}

#[test]
fn no_key_and_no_secret_is_in_any_other_byte_that_is_written() {
    let server = Server::that_tells_everything();
    let clerk = Clerk(server.home.data.join("said"));
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let job = confide(&server, &ada);
    clerk.note(ada.command(), &["logs", &job]);
    clerk.note(bob.command(), &["status", &job]);
    let credential = ada.file.to_str().unwrap();
    for arguments in [&["login", credential][..], &["whoami"], &["certs", "renew"]] {
        clerk.note(Sublet::at(&ada.home), arguments);
    }
    operate(&server, &clerk);
    clerk.note(bob.command(), &["whoami"]);
    let metrics = server.request("GET", "/metrics", b"").text();
    fs::write(server.home.data.join("metrics"), metrics).unwrap();
    server.kill9();
    let server = server.restart();

    let root = server.home.data.parent().unwrap();
    let secrets = Secrets::kept_below(&[root]);
    // Six forms of each: two authorities, two keys of ada's, one of bob's.
    assert!(
        secrets.len() >= 30,
        "only {} secrets are known",
        secrets.len()
    );
    assert_eq!(secrets.found_below(root), [""; 0].map(PathBuf::from));
    confided_is_in_the_record_only(root, &server.data_directory());
}

fn confide(server: &Server, ada: &Remote) -> String {
    let confided = format!("CONFIDED={CONFIDED}");
    let job = ada.submit(&core("probe"), &["--env", &confided], "print hello");
    server.wait(&job);
    job
}

/// All that an operator does with keys and users, and what shows most.
fn operate(server: &Server, clerk: &Clerk) {
    let backup = server.home.data.join("all.backup");
    let backup = backup.to_str().unwrap();
    for arguments in [
        &["certs", "rotate"][..],
        &["users", "list"],
        &["users", "suspend", "bob"],
        &["audit", "list"],
        &["admin", "config", "show"],
        &["admin", "backup", "create", backup],
        &["admin", "backup", "verify", backup],
        &["doctor"],
    ] {
        clerk.note(server.command(), arguments);
    }
}

fn confided_is_in_the_record_only(root: &Path, data: &Path) {
    let mut confided = Secrets::kept_below(&[]);
    confided.add(CONFIDED);
    let found = confided.found_below(root);
    assert!(!found.is_empty(), "the search finds nothing at all");
    let is_record =
        |path: &Path| path.parent() == Some(data) && path.to_string_lossy().contains("sublet.db");
    for path in found {
        assert!(
            is_record(&path),
            "{} tells what was confided",
            path.display()
        );
    }
}
