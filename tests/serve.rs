//! Starting a server: what it needs, what it refuses, and whom it lets in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::{Home, Server, Sublet, skip_loudly};

/// An account that owns nothing here.
const NOBODY: u32 = 65_534;

#[test]
fn a_configuration_that_is_wrong_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::below(directory.path());
    let file = directory.path().join("config.toml");
    for (text, words) in [
        ("data_dir = ", &["line 1"][..]),
        ("data_dirr = \"x\"", &["line 1", "data_dirr", "data_dir"]),
        ("data_dir = 7", &["line 1"]),
        ("[pool]\nreserve = { cpuu = 1 }", &["line 2", "cpuu", "cpu"]),
        ("[pool]\nreserve = { cpu = -1 }", &["line 2"]),
        ("[pool]\nreserve = { cpu = 100000 }", &["line 2"]),
        (
            "[pool]\nreserve = { memory = \"lots\" }",
            &["line 2", "lots"],
        ),
        ("[pool]\nreserve = { memory = \"1EiB\" }", &["reserve"]),
        (
            "[[subcluster]]\nname = \"\"\nslot = { cpu = 1, memory = \"1MiB\" }",
            &["name"],
        ),
        (
            "[[subcluster]]\nslot = { cpu = 1, memory = \"1MiB\" }",
            &["name"],
        ),
        (
            "[[subcluster]]\nname = \"a\"\nslot = { cpu = 0, memory = \"1MiB\" }",
            &["line 3"],
        ),
        (
            "[[subcluster]]\nname = \"a\"\nslot = { cpu = 4000, memory = \"1MiB\" }",
            &["a", "4000"],
        ),
        (
            "[defaults]\njob = { timeout = \"soon\" }",
            &["line 2", "soon"],
        ),
        (
            "[service]\ndrain = { grace = \"forever\" }",
            &["line 2", "forever"],
        ),
        ("\u{0}", &["line 1"]),
    ] {
        fs::write(&file, text).unwrap();
        let serve = Sublet::at(&home).arg("serve").arg("--config").arg(&file);
        let output = serve.run().code(1);
        assert!(output.stderr.contains("S0704"), "{text}: {output:?}");
        for word in words {
            assert!(
                output.stderr.contains(word),
                "{text}: no {word} in {output:?}"
            );
        }
    }
    fs::write(&file, b"\xff\xfe").unwrap();
    let serve = Sublet::at(&home).arg("serve").arg("--config").arg(&file);
    serve.run().code(1).says(&["S0704"]);
    let missing = directory.path().join("missing.toml");
    let serve = Sublet::at(&home).arg("serve").arg("--config").arg(&missing);
    serve.run().code(1).says(&["S0704", "missing.toml"]);
}

#[test]
fn a_data_directory_that_cannot_be_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::below(directory.path());
    let file = directory.path().join("file");
    fs::write(&file, "precious").unwrap();
    for place in [file.as_path(), Path::new("/proc/no-such-place")] {
        let serve = Sublet::at(&home).args(["serve", "--data-dir"]).arg(place);
        let output = serve.run();
        assert!(matches!(output.code, Some(1..)), "{output:?}");
        assert!(output.stderr.starts_with("error[S07"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn a_file_in_the_place_of_the_socket_stays() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::below(directory.path());
    let file = directory.path().join("notes");
    fs::write(&file, "precious").unwrap();
    let serve = Sublet::at(&home).args(["serve", "--socket"]).arg(&file);
    let output = serve.run();
    assert!(matches!(output.code, Some(1..)), "{output:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn others_can_neither_reach_the_socket_nor_read_the_data() {
    let server = Server::start();
    server.submit(&[], "exit 0");
    let others = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    let socket = server.socket();
    assert_eq!(others(&socket), 0);
    assert_eq!(others(socket.parent().unwrap()), 0);
    assert_eq!(others(&server.data_directory()), 0);
}

#[test]
fn another_account_is_refused_even_where_it_reaches_the_socket_unless_it_was_added() {
    if !rustix::process::geteuid().is_root() {
        return skip_loudly("only root can become somebody else");
    }
    let server = Server::listening(1);
    let socket = server.socket();
    let above = socket
        .ancestors()
        .take_while(|path| path.starts_with("/tmp") && *path != Path::new("/tmp"));
    for path in above {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }
    let url = format!("unix:{}", socket.display());
    let as_nobody = |arguments: &[&str]| {
        let command = server.command().user(NOBODY).env("SUBLET_URL", &url);
        command.args(arguments).run()
    };
    as_nobody(&["pool", "show"]).code(4).says(&["S0107"]);
    server.sublet(&["pool", "show"]).code(0);
    // An account of this host is the user of its name, if there is one, and no operator.
    server.add_user("nobody", &[]);
    let whoami = as_nobody(&["whoami"]).code(0);
    assert!(whoami.stdout.contains("nobody"), "{whoami:?}");
    as_nobody(&["certs", "rotate"]).code(4).says(&["S0110"]);
}
