//! Keys and secrets are where they are kept, and in no other byte that is written.
//!
//! Each server of this suite is searched for its keys when its test is over, see `harness/secrets.rs`. Here one tells all it
//! ever could tell, and each thing is done that has to do with a key.

use std::fs;
use std::path::Path;

use crate::harness::{Output, Secrets, Server, Sublet, core};

/// What a user tells a job in confidence: it is in the record, for them and for operators, and in nothing else.
const CONFIDED: &str = "canary-7f1c9e52-of-the-environment";

#[test]
fn no_key_and_no_secret_is_in_any_other_byte_that_is_written() {
    let server = Server::that_tells_everything();
    let said = server.home.data.join("said");
    let note = |output: Output| {
        let text = format!("{output:?}\n");
        let before = fs::read_to_string(&said).unwrap_or_default();
        fs::write(&said, before + &text).unwrap();
    };
    let (ada, bob) = (server.add_user("ada", &[]), server.add_user("bob", &[]));
    let as_ada = |arguments: &[&str]| {
        note(
            ada.command()
                .env("SUBLET_LOG", "trace")
                .args(arguments)
                .run(),
        )
    };
    let operate = |arguments: &[&str]| {
        note(
            server
                .command()
                .env("SUBLET_LOG", "trace")
                .args(arguments)
                .run(),
        )
    };

    let confided = format!("CONFIDED={CONFIDED}");
    let job = ada.submit(&core("probe"), &["--env", &confided], "print hello");
    server.wait(&job);
    note(bob.command().args(["status", &job]).run());
    as_ada(&["logs", &job]);
    let credential = ada.file.to_str().unwrap();
    note(
        Sublet::at(&ada.home)
            .env("SUBLET_LOG", "trace")
            .args(["login", credential])
            .run(),
    );
    for arguments in [&["whoami"][..], &["certs", "renew"]] {
        note(
            Sublet::at(&ada.home)
                .env("SUBLET_LOG", "trace")
                .args(arguments)
                .run(),
        );
    }
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
        operate(arguments);
    }
    note(bob.command().args(["whoami"]).run());
    let metrics = server.request("GET", "/metrics", b"").text();
    fs::write(server.home.data.join("metrics"), metrics).unwrap();
    server.kill9();
    let server = server.restart();

    let root = server.home.data.parent().unwrap();
    let secrets = Secrets::kept_below(&[root]);
    // Six forms of: two authorities, ada's two keys, bob's.
    assert!(
        secrets.len() >= 30,
        "only {} secrets are known",
        secrets.len()
    );
    assert_eq!(
        secrets.found_below(root),
        [""; 0].map(std::path::PathBuf::from)
    );
    confided_is_in_the_record_only(root, &server.data_directory());
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
