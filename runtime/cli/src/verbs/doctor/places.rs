//! The data directory: its disk, who may read what is in it, and how long its authorities last.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sublet_daemon::config::Size;
use sublet_identity::Authority;

use super::Finding;

/// What others than the owner might do with what is theirs alone.
const OTHERS: u32 = 0o077;
/// What others might change.
const OTHERS_WRITE: u32 = 0o022;
/// What is the server's alone, below the data directory.
const PRIVATE: [&str; 6] = ["keys", "users", "logs", "tmp", "sublet.db", "lock"];
/// File systems on which locks and shared memory of the database do not hold.
const REMOTE: [&str; 8] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "ceph",
    "fuse.sshfs",
    "glusterfs",
];
/// An authority that ends so soon is to be replaced.
const SOON_S: i64 = 30 * 24 * 60 * 60;

pub(super) fn findings(data: &Path, reserve: Size) -> Vec<Finding> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    vec![
        disk(data, reserve),
        file_system(data, &mounts),
        permissions(data),
        certificate(data, Timestamp::now()),
    ]
}

/// The nearest folder that exists: the server makes the rest.
fn existing(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|one| one.exists());
    let found = found.unwrap_or_else(|| Path::new("/"));
    found.canonicalize().unwrap_or_else(|_| found.to_owned())
}

fn disk(data: &Path, reserve: Size) -> Finding {
    let path = existing(data);
    let space = match rustix::fs::statvfs(&path) {
        Ok(space) => space,
        Err(error) => return Finding::unknown("disk", format!("{}: {error}", path.display())),
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let detail = format!(
        "{} free in {}, the reserve is {reserve}",
        Size::mib(free >> 20),
        path.display()
    );
    if free >= reserve.as_bytes() {
        Finding::yes("disk", detail).promised()
    } else {
        Finding::no("disk", detail)
            .promised()
            .help("submissions are refused: free some space")
    }
}

fn file_system(data: &Path, mounts: &str) -> Finding {
    let path = existing(data);
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let point = words.next()?.replace("\\040", " ");
            Some((point, words.next()?)).filter(|(point, _)| path.starts_with(point))
        })
        .max_by_key(|(point, _)| point.len());
    match kind {
        None => Finding::unknown("file system", "/proc/self/mounts does not tell"),
        Some((_, kind)) if REMOTE.contains(&kind) => Finding::no(
            "file system",
            format!("{kind}: locks and the database need a local one"),
        )
        .promised()
        .help("choose --data-dir on a local disk"),
        Some((_, "tmpfs")) => Finding::no(
            "file system",
            "tmpfs: everything is gone after a restart of the host",
        )
        .help("choose --data-dir on a disk"),
        Some((_, kind)) => Finding::yes("file system", kind),
    }
}

/// Whether others than the owner could read keys, records or output, or put something in their place.
fn permissions(data: &Path) -> Finding {
    let name = "permissions";
    let shown = data.display();
    let metadata = match fs::metadata(data) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::unknown(
                name,
                format!("there is no {shown} yet, the first start makes it"),
            );
        }
        Err(error) => return Finding::unknown(name, format!("{shown}: {error}")),
    };
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != own && own != 0 {
        return Finding::unknown(
            name,
            format!("{shown} belongs to uid {owner}, and we are uid {own}"),
        )
        .help("run `sublet doctor` as the account of the server");
    }
    let mut open: Vec<PathBuf> = Vec::new();
    if metadata.permissions().mode() & OTHERS_WRITE != 0 {
        open.push(data.to_owned());
    }
    let keys = fs::read_dir(data.join("keys"))
        .into_iter()
        .flatten()
        .flatten();
    let private = PRIVATE.iter().map(|name| data.join(name));
    let each = private.chain(keys.map(|entry| entry.path()));
    open.extend(each.filter(|path| {
        fs::metadata(path).is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
    }));
    match open.first() {
        None => {
            Finding::yes(name, format!("what is in {shown} is for its account alone")).promised()
        }
        Some(first) => Finding::no(
            name,
            format!("others may use {} ({} in all)", first.display(), open.len()),
        )
        .promised()
        .help(format!("chmod go-rwx {}", first.display())),
    }
}

fn certificate(data: &Path, now: Timestamp) -> Finding {
    let name = "certificates";
    let ends = match ends(&data.join("keys")) {
        Ok(ends) => ends,
        Err(problem) => return Finding::unknown(name, problem),
    };
    let Some(end) = ends.into_iter().min() else {
        return Finding::unknown(name, "there is no authority yet, the first start makes it");
    };
    let detail = format!("the oldest authority is good until {end}");
    let left = end.as_second() - now.as_second();
    if left <= 0 {
        Finding::no(name, format!("the oldest authority ended at {end}"))
            .promised()
            .help("`sublet certs rotate`, issue credentials anew, then `sublet certs retire`")
    } else if left < SOON_S {
        Finding::no(name, detail)
            .help("`sublet certs rotate`, and have everybody renew before that")
    } else {
        Finding::yes(name, detail).promised()
    }
}

/// When each of the authorities ends.
fn ends(keys: &Path) -> Result<Vec<Timestamp>, String> {
    let entries = match fs::read_dir(keys) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", keys.display())),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let certificates = paths.filter(|path| path.extension().is_some_and(|end| end == "pem"));
    certificates.map(|path| end_of(&path)).collect()
}

fn end_of(certificate: &Path) -> Result<Timestamp, String> {
    let shown = certificate.display();
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let key = read(&certificate.with_extension("key"))?;
    let authority = Authority::from_pem(&read(certificate)?, &key);
    let authority = authority.map_err(|error| format!("{shown}: {error}"))?;
    let seconds = authority.validity().not_after.0;
    let seconds = i64::try_from(seconds).map_err(|_| format!("{shown} has no end"))?;
    Timestamp::from_second(seconds).map_err(|error| format!("{shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use sublet_identity::{Serial, UnixSeconds, Validity};

    use super::super::Holds;
    use super::*;

    const DAY_S: u64 = 24 * 60 * 60;

    #[test]
    fn the_longest_mount_point_decides() {
        let mounts = "/dev/sda / ext4 rw 0 0\nserver:/x / nfsish rw 0 0\n";
        assert_eq!(
            file_system(Path::new("/"), "/dev/sda / ext4 rw 0 0").holds,
            Holds::Yes
        );
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        let with = |kind: &str| format!("{mounts}x {} {kind} rw 0 0\n", place.display());
        let below = place.join("not/yet");
        assert!(file_system(&below, &with("nfs4")).is_broken());
        assert_eq!(file_system(&below, &with("xfs")).detail, "xfs");
        let lost = file_system(&below, &with("tmpfs"));
        assert!(lost.holds == Holds::No && !lost.is_broken());
        assert_eq!(file_system(&below, "").holds, Holds::Unknown);
    }

    #[test]
    fn what_others_may_use_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert_eq!(permissions(&data).holds, Holds::Unknown);
        let keys = data.join("keys");
        fs::create_dir_all(&keys).unwrap();
        let key = keys.join("authority-1.key");
        fs::write(&key, "").unwrap();
        let mode =
            |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        for (path, private) in [(&data, 0o755), (&keys, 0o700), (&key, 0o600)] {
            mode(path, private);
        }
        assert_eq!(permissions(&data).holds, Holds::Yes);
        for (path, open, private) in [
            (&data, 0o775, 0o755),
            (&keys, 0o750, 0o700),
            (&key, 0o604, 0o600),
        ] {
            mode(path, open);
            let finding = permissions(&data);
            assert!(finding.is_broken(), "{finding:?}");
            assert!(
                finding.detail.contains(&format!("{} (1", path.display())),
                "{finding:?}"
            );
            mode(path, private);
        }
    }

    #[test]
    fn the_end_of_the_oldest_authority_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let now = Timestamp::now();
        assert_eq!(certificate(folder.path(), now).holds, Holds::Unknown);
        fs::create_dir(&keys).unwrap();
        let begin = u64::try_from(now.as_second()).unwrap();
        for (number, days) in [(1, 100), (2, 1000)] {
            let validity = Validity {
                not_before: UnixSeconds(begin),
                not_after: UnixSeconds(begin + days * DAY_S),
            };
            let authority = Authority::generate(Serial::from_random([7; 16]), validity).unwrap();
            let file = |end: &str| keys.join(format!("authority-{number}.{end}"));
            fs::write(file("pem"), authority.certificate_pem()).unwrap();
            fs::write(file("key"), authority.key_pem()).unwrap();
        }
        let after = |days: u64| {
            let second = i64::try_from(begin + days * DAY_S).unwrap();
            certificate(folder.path(), Timestamp::from_second(second).unwrap())
        };
        assert_eq!(after(69).holds, Holds::Yes);
        assert!(after(71).holds == Holds::No && !after(71).is_broken());
        assert!(after(100).is_broken());
    }

    #[test]
    fn a_disk_below_its_reserve_is_a_broken_promise() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(disk(folder.path(), Size::bytes(0)).holds, Holds::Yes);
        assert!(disk(folder.path(), Size::bytes(u64::MAX)).is_broken());
    }
}
