//! Keys: private, whole, and refused where others could have read them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use sublet_store::DataDirectory;

#[test]
fn a_key_is_kept_whole_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path()).unwrap();
    let keys = directory.keys().unwrap();
    assert_eq!(keys.read("server.key").unwrap(), None);
    keys.write("server.key", "one").unwrap();
    keys.write("server.key", "two").unwrap();
    assert_eq!(keys.read("server.key").unwrap().as_deref(), Some("two"));
    assert_eq!(keys.names().unwrap(), ["server.key"]);
    let path = folder.path().join("keys/server.key");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    keys.remove("server.key").unwrap();
    keys.remove("server.key").unwrap();
    assert_eq!(keys.read("server.key").unwrap(), None);
}

#[test]
fn a_key_that_others_may_read_or_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path()).unwrap();
    let keys = directory.keys().unwrap();
    keys.write("server.key", "one").unwrap();
    let path = folder.path().join("keys/server.key");
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refused = format!("{:?}", keys.read("server.key").unwrap_err());
        assert!(refused.contains("chmod 600"), "{refused}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, vec![b'x'; 65 << 10]).unwrap();
    let refused = format!("{:?}", keys.read("server.key").unwrap_err());
    assert!(refused.contains("larger"), "{refused}");
}
