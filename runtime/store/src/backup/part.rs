//! What a backup can have, by its path: nothing else goes in, and nothing else comes out.

use crate::Digest;

use super::{BackupRefusal, shown};

pub(super) const DATABASE: &str = "sublet.db";
pub(super) const KEYS: &str = "keys";

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Database,
    /// A key, or a folder of them.
    Key,
    Module,
    /// An input, or something in one.
    Input,
    Log,
    /// An artifact of a job, or a folder of them.
    Output,
}

const PATH_BYTES_MAX: usize = 1_200;
const NAME_BYTES_MAX: usize = 255;
const DEPTH_MAX: usize = 72;

impl Part {
    /// What lies at the path of an entry, and the path as text.
    pub(super) fn at(raw: &[u8]) -> Result<(Self, &str), BackupRefusal> {
        let foreign = || BackupRefusal::Foreign { entry: shown(raw) };
        let text = std::str::from_utf8(raw).map_err(|_| foreign())?;
        let part = plain(text).and_then(|names| Self::of(&names));
        part.map(|part| (part, text)).ok_or_else(foreign)
    }

    fn of(names: &[&str]) -> Option<Self> {
        match names {
            [DATABASE] => Some(Self::Database),
            [KEYS, _, ..] => Some(Self::Key),
            ["users", user, "modules", file] if is_number(user) && is_digest(file, ".wasm") => {
                Some(Self::Module)
            }
            ["users", user, "work", "inputs", file]
                if is_number(user) && is_digest(file, ".blob") =>
            {
                Some(Self::Input)
            }
            ["users", user, "work", "inputs", tree, ..]
                if is_number(user) && is_digest(tree, "") =>
            {
                Some(Self::Input)
            }
            ["logs", job, file]
                if is_number(job) && file.strip_suffix(".log").is_some_and(is_number) =>
            {
                Some(Self::Log)
            }
            ["outputs", job, attempt] if is_number(job) && is_attempt(attempt) => {
                Some(Self::Output)
            }
            ["outputs", job, attempt, place]
                if is_number(job) && is_attempt(attempt) && is_number(place) =>
            {
                Some(Self::Output)
            }
            _ => None,
        }
    }

    /// The mode of a file there.
    pub(super) const fn file_mode(self) -> u32 {
        match self {
            Self::Input => 0o444,
            Self::Database | Self::Key | Self::Module | Self::Log | Self::Output => 0o600,
        }
    }

    /// The mode of a folder there, where there may be one.
    pub(super) const fn folder_mode(self) -> Option<u32> {
        match self {
            Self::Input => Some(0o555),
            Self::Key | Self::Output => Some(0o700),
            Self::Database | Self::Module | Self::Log => None,
        }
    }
}

/// The names of a path that says what it is without detours.
fn plain(path: &str) -> Option<Vec<&str>> {
    let names: Vec<&str> = path.split('/').collect();
    let fits = |name: &&str| {
        !matches!(*name, "" | "." | "..") && name.len() <= NAME_BYTES_MAX && !name.contains('\0')
    };
    let is_plain =
        path.len() <= PATH_BYTES_MAX && names.len() <= DEPTH_MAX && names.iter().all(fits);
    is_plain.then_some(names)
}

fn is_number(name: &str) -> bool {
    name.parse::<u64>()
        .is_ok_and(|number| number.to_string() == name)
}

fn is_attempt(name: &str) -> bool {
    name.split_once('-')
        .is_some_and(|(task, number)| is_number(task) && is_number(number))
}

fn is_digest(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending)
        .and_then(|digits| digits.parse::<Digest>().ok().zip(Some(digits)))
        .is_some_and(|(digest, digits)| digest.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use super::Part;

    fn check(path: &str, expected: Option<Part>) {
        let found = Part::at(path.as_bytes()).ok().map(|(part, _)| part);
        assert_eq!(found, expected, "{path:?}");
    }

    #[test]
    fn what_a_backup_has_is_known_by_its_path() {
        let digest = "ab".repeat(32);
        check("sublet.db", Some(Part::Database));
        check("keys/ca.key", Some(Part::Key));
        check(
            &format!("users/1/modules/{digest}.wasm"),
            Some(Part::Module),
        );
        check(
            &format!("users/1/work/inputs/{digest}.blob"),
            Some(Part::Input),
        );
        check(&format!("users/1/work/inputs/{digest}"), Some(Part::Input));
        check(
            &format!("users/1/work/inputs/{digest}/a/b"),
            Some(Part::Input),
        );
        check("logs/7/1.log", Some(Part::Log));
        check("outputs/7/0-1", Some(Part::Output));
        check("outputs/7/0-1/12", Some(Part::Output));
    }

    #[test]
    fn nothing_else_is_taken() {
        let digest = "ab".repeat(32);
        for path in [
            "",
            "/sublet.db",
            "./sublet.db",
            "sublet.db/",
            "sublet.db-wal",
            "lock",
            "keys",
            "keys/../sublet.db",
            "keys//ca.key",
            "keys/a\0b",
            "../outside",
            "logs/7/../../outside",
            "logs/07/1.log",
            "logs/7/1.log/x",
            "outputs/7",
            "outputs/7/0",
            "outputs/7/0-01/1",
            "outputs/7/0-1/1/2",
            "outputs/7/0-1/../../../sublet.db",
            "tmp/1",
            "users/1/artifacts/x.cwasm",
            &format!("users/x/modules/{digest}.wasm"),
            &format!("users/1/modules/{}.wasm", digest.to_uppercase()),
            &format!("users/1/work/inputs/{digest}/../../../../x"),
            &format!("users/1/work/inputs/{digest}/{}", "x".repeat(256)),
            &format!("users/1/work/inputs/{digest}/{}", "x/".repeat(80)),
            "users/1/work/inputs/short/x",
        ] {
            check(path, None);
        }
        assert!(Part::at(b"keys/\xff").is_err());
    }
}
