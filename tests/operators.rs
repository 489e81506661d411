//! What operators configure, install and read.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{DEADLINE, Home, Server, Sublet, eventually, repository, skip_loudly};

#[test]
fn a_configuration_is_checked_with_line_caret_and_the_nearest_key() {
    let root = tempfile::tempdir().unwrap();
    let home = Home::below(root.path());
    let file = root.path().join("config.toml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        Sublet::at(&home)
            .args(["admin", "config", "check"])
            .arg(&file)
            .run()
    };
    let name = file.to_str().unwrap();
    let refused = check("data_dir = '/x'\n[service]\ndrian = { grace = '1m' }\n").code(1);
    refused.says(&["S0704", name, "line 3", "^^^^^", "`drain`"]);
    check("[pool]\nreserve = { memory = \"900TiB\" }\n")
        .code(1)
        .says(&["900TiB"]);
    check("[[subcluster]]\nname = 'a'\nslot = { cpu = 900, memory = '1MiB' }\n")
        .code(1)
        .says(&["sub-cluster a"]);
    let fine = check("[service.drain]\ngrace = '1m'\n").code(0);
    assert!(fine.stdout.contains("is fine"), "{fine:?}");
    let missing = Sublet::at(&home)
        .args(["admin", "config", "check", "/no/such/file"])
        .run();
    missing.code(1).says(&["/no/such/file"]);
    let example = Sublet::at(&home)
        .args(["admin", "config", "example"])
        .run()
        .code(0);
    check(&example.stdout).code(0);
}

#[test]
fn the_configuration_in_force_says_where_each_value_comes_from() {
    let server = Server::configured("[service.drain]\ngrace = \"3m\"\n");
    let page = server.json(&["admin", "config", "show"]);
    let of = |key: &str| {
        let items = page["items"].as_array().unwrap();
        let found = items.iter().find(|one| one["key"] == key).unwrap();
        (
            found["value"].as_str().unwrap().to_owned(),
            found["origin"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        of("service.drain.grace"),
        ("3m".to_owned(), "file".to_owned())
    );
    assert_eq!(
        of("defaults.job.timeout"),
        ("30s".to_owned(), "default".to_owned())
    );
    let data = server.data_directory().display().to_string();
    assert_eq!(of("data_dir"), (data, "default".to_owned()));
    let dev = Server::start_with(&["--dev"]);
    let page = dev.json(&["admin", "config", "show"]);
    assert_eq!(page["items"][0]["origin"], "flag", "{page:#}");
    let text = dev.sublet(&["admin", "config", "show"]).code(0);
    assert!(text.stdout.starts_with("KEY"), "{text:?}");
}

#[test]
fn another_configuration_comes_to_hold_as_a_whole_or_not_at_all() {
    let server = Server::configured("[defaults.job]\ntimeout = \"40s\"\n");
    let timeout = || {
        let job = server.submit(&[], "exit 0");
        server.wait(&job)["limits"]["timeout_ms"].clone()
    };
    let reload = |text: &str| {
        server.reconfigure(text);
        server.sublet(&["admin", "config", "reload"])
    };
    assert_eq!(timeout(), 40_000);
    let table = reload("[defaults.job]\ntimeout = \"50s\"\n").code(0);
    assert!(table.stdout.contains("defaults.job.timeout"), "{table:?}");
    assert_eq!(timeout(), 50_000);
    // What cannot be changed now changes nothing of what could be.
    let both = "[defaults.job]\ntimeout = \"60s\"\n[service.networks]\nprepared = 7\n";
    reload(both)
        .code(6)
        .says(&["S0613", "service.networks.prepared"]);
    let wrong = "[defaults.job]\ntimeout = \"60s\"\n[servise]\n";
    reload(wrong).code(6).says(&["S0613", "servise", "line 3"]);
    assert_eq!(timeout(), 50_000);
    let page = server.json(&["admin", "config", "show"]);
    let items = page["items"].as_array().unwrap();
    let shown = items
        .iter()
        .find(|one| one["key"] == "defaults.job.timeout");
    assert_eq!(shown.unwrap()["value"], "50s");
    // Quotas hold at once, for jobs that wait as well.
    reload("[defaults.quota]\nsubmits_per_s = 1\n").code(0);
    let whoami = server.json(&["whoami"]);
    assert_eq!(whoami["quota"]["submits_per_s"], 1);
    let audit = server.json(&["audit", "list"]);
    let entry = &audit["items"][0];
    assert_eq!(entry["action"], "admin.config.reload");
    assert!(
        entry["object"].as_str().unwrap().contains("submits_per_s"),
        "{entry}"
    );
    // The signal does the same.
    server.reconfigure("[defaults.quota]\nsubmits_per_s = 99\n");
    server.process().signal(Signal::HUP);
    eventually(DEADLINE, "the signal is heard", || {
        let quota = &server.json(&["whoami"])["quota"];
        (quota["submits_per_s"] == 99).then_some(())
    });
}

#[test]
fn there_is_a_page_of_the_manual_for_each_command() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("share/man/man1");
    Sublet::alone().arg("man").arg(&folder).run().code(0);
    for name in [
        "sublet.1",
        "sublet-run.1",
        "sublet-jobs-list.1",
        "sublet-admin-config-check.1",
    ] {
        let page = fs::read_to_string(folder.join(name)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{name}: {page}");
    }
    assert!(!folder.join("sublet-worker.1").exists());
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    Sublet::alone()
        .arg("man")
        .arg(&file)
        .run()
        .code(1)
        .says(&["S0707"]);
}

#[test]
fn the_service_manager_is_told_when_the_server_is_ready_and_when_it_stops() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let home = Home::below(root.path());
    let server = Sublet::at(&home)
        .arg("serve")
        .env("NOTIFY_SOCKET", path.to_str().unwrap());
    let server = server.start();
    let heard = |word: &str| {
        eventually(DEADLINE, word, || {
            let mut bytes = [0; 4_096];
            let count = manager.recv(&mut bytes).ok()?;
            String::from_utf8_lossy(&bytes[..count])
                .lines()
                .any(|line| line == word)
                .then_some(())
        });
    };
    heard("READY=1");
    Sublet::at(&home).args(["pool", "show"]).run().code(0);
    server.process().signal(Signal::TERM);
    heard("STOPPING=1");
    server.wait().code(0);
}

#[test]
fn the_unit_in_the_documents_is_one() {
    let text = fs::read_to_string(repository().join("docs/sublet.service")).unwrap();
    for line in [
        "Type=notify",
        "KillMode=mixed",
        "LimitNICE=20",
        "UMask=0077",
    ] {
        assert!(text.lines().any(|one| one == line), "no {line}");
    }
    let walls_workers_cannot_have = ["MemoryDenyWriteExecute=yes", "SystemCallFilter=~@resources"];
    for line in walls_workers_cannot_have {
        assert!(!text.lines().any(|one| one == line), "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("sublet.service");
    let here = text.replace("/usr/local/bin/sublet", env!("CARGO_BIN_EXE_sublet"));
    fs::write(&unit, here).unwrap();
    let verify = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output();
    let Ok(output) = verify else {
        return skip_loudly("there is no systemd-analyze");
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("sublet.service"))
        .collect();
    assert!(ours.is_empty() && output.status.success(), "{said}");
}
