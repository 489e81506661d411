//! Names, pairs, ranges and paths as they stand on the command line. Nothing is looked up here: a parsed flag is only
//! a promise of form.

use std::path::PathBuf;

use sublet_api::{After, When};

use crate::selector::JobSelector;

/// Longest name of a job, module or tag.
const NAME_BYTES_MAX: usize = 64;
/// Longest idempotency key.
const KEY_BYTES_MAX: usize = 255;
/// Longest name of an environment variable or label, longest value of a label.
const PAIR_BYTES_MAX: usize = 256;
/// Longest value of an environment variable.
const VALUE_BYTES_MAX: usize = 64 << 10;
/// Longest path in a guest.
const GUEST_PATH_BYTES_MAX: usize = 1_024;

/// `--env K[=V]`: without a value, the one that the command itself has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// `--in PATH[:GUEST]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputPath {
    pub(crate) host: PathBuf,
    pub(crate) guest: Option<String>,
}

/// `--dir HOST::GUEST[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DirectoryGrant {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) read_only: bool,
}

pub(crate) fn job_name(text: &str) -> Result<String, String> {
    named(text, char::is_ascii_alphanumeric, "letters, digits")
}

pub(crate) fn module_name(text: &str) -> Result<String, String> {
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit();
    named(text, allowed, "small letters, digits")
}

fn named(text: &str, allowed: impl Fn(&char) -> bool, which: &str) -> Result<String, String> {
    let fits = |c: char| allowed(&c) || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.chars().all(fits) {
        return Err(format!(
            "allowed are 1 to {NAME_BYTES_MAX} {which}, `.`, `_` and `-`"
        ));
    }
    Ok(text.to_owned())
}

pub(crate) fn idempotency_key(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > KEY_BYTES_MAX || !text.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(format!(
            "allowed are 1 to {KEY_BYTES_MAX} visible ASCII characters"
        ));
    }
    Ok(text.to_owned())
}

pub(crate) fn variable(text: &str) -> Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    if name.is_empty() || name.len() > PAIR_BYTES_MAX {
        return Err(format!(
            "write NAME or NAME=VALUE, with a name of 1 to {PAIR_BYTES_MAX} bytes"
        ));
    }
    if name.starts_with("SUBLET_") {
        return Err("names that begin with SUBLET_ are set by Sublet itself".to_owned());
    }
    if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
        return Err(format!(
            "a value may have {VALUE_BYTES_MAX} bytes; pass large data with --input or --in"
        ));
    }
    Ok(Variable {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    })
}

pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    let fits = |part: &str| part.len() <= PAIR_BYTES_MAX;
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && fits(key) && fits(value) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err(format!(
            "write KEY=VALUE, each of at most {PAIR_BYTES_MAX} bytes"
        )),
    }
}

/// `nodes label NODE K=V K-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelChange {
    Set(String, String),
    Remove(String),
}

pub(crate) fn label_change(text: &str) -> Result<LabelChange, String> {
    if text.contains('=') {
        return label(text).map(|(key, value)| LabelChange::Set(key, value));
    }
    match text.strip_suffix('-') {
        Some(key) if !key.is_empty() && key.len() <= PAIR_BYTES_MAX => {
            Ok(LabelChange::Remove(key.to_owned()))
        }
        _ => Err("write KEY=VALUE to set a label, KEY- to take it away".to_owned()),
    }
}

/// The name of a sub-cluster, a node or a class.
pub(crate) fn plain_name(text: &str) -> Result<String, String> {
    named(text, char::is_ascii_alphanumeric, "letters, digits")
}

/// `--user NAME`, or `*` for everybody.
pub(crate) fn user(text: &str) -> Result<String, String> {
    match text {
        "*" => Ok(text.to_owned()),
        name => plain_name(name),
    }
}

/// `--reason TEXT`.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > PAIR_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(format!(
            "write a reason of 1 to {PAIR_BYTES_MAX} bytes on one line"
        ));
    }
    Ok(text.to_owned())
}

/// `--after JOB[:success|failure|always]`.
pub(crate) fn after(text: &str) -> Result<After, String> {
    let (job, when) = match text.split_once(':') {
        None => (text, When::Success),
        Some((job, "success")) => (job, When::Success),
        Some((job, "failure")) => (job, When::Failure),
        Some((job, "always")) => (job, When::Always),
        Some((_, other)) => {
            return Err(format!(
                "`{other}` is no way to end; write JOB, JOB:success, JOB:failure or JOB:always"
            ));
        }
    };
    let job: JobSelector = job.parse()?;
    Ok(After {
        job: job.to_string(),
        when,
    })
}

/// `--array A-B`, both ends included.
pub(crate) fn range(text: &str) -> Result<(u32, u32), String> {
    let ends = text
        .split_once('-')
        .and_then(|(first, last)| Some((number(first)?, number(last)?)));
    match ends {
        Some((first, last)) if first <= last => Ok((first, last)),
        Some((first, last)) => Err(format!(
            "the first index, {first}, is after the last, {last}"
        )),
        None => Err(format!(
            "write FIRST-LAST, such as 0-99, both at most {}",
            u32::MAX
        )),
    }
}

/// Digits only: a sign or a space is a slip.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

pub(crate) fn input_path(text: &str) -> Result<InputPath, String> {
    // A guest path is absolute, so the last `:/` is where it begins; other colons belong to the host's path.
    let (host, guest) = match text.rfind(":/") {
        Some(colon) => (&text[..colon], Some(guest_path(&text[colon + 1..])?)),
        None => (text, None),
    };
    if host.is_empty() {
        return Err("write PATH or PATH:GUEST, such as data:/in".to_owned());
    }
    Ok(InputPath {
        host: PathBuf::from(host),
        guest,
    })
}

pub(crate) fn directory_grant(text: &str) -> Result<DirectoryGrant, String> {
    let form = || "write HOST::GUEST or HOST::GUEST:ro, such as data::/data:ro".to_owned();
    let (host, rest) = text.split_once("::").ok_or_else(form)?;
    let (guest, read_only) = match rest.strip_suffix(":ro") {
        Some(guest) => (guest, true),
        None => (rest, false),
    };
    if host.is_empty() {
        return Err(form());
    }
    Ok(DirectoryGrant {
        host: PathBuf::from(host),
        guest: guest_path(guest)?,
        read_only,
    })
}

/// An absolute path in the guest, without a slash at its end.
fn guest_path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let inside = path.strip_prefix('/').unwrap_or_default();
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if path.len() > GUEST_PATH_BYTES_MAX || !inside.split('/').all(plain) {
        return Err(format!(
            "`{text}` is not a guest path: it begins with `/`, has no `.` or `..` and at most {GUEST_PATH_BYTES_MAX} bytes"
        ));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "Render-2.0_x", &"n".repeat(64)] {
            assert_eq!(job_name(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "ä", "a/b", "a\n", &"n".repeat(65)] {
            assert!(job_name(bad).is_err(), "{bad}");
        }
        assert!(module_name("Render").is_err());
        assert!(module_name("render").is_ok());
    }

    #[test]
    fn variables() {
        let pair = |name: &str, value: Option<&str>| {
            Ok(Variable {
                name: name.to_owned(),
                value: value.map(str::to_owned),
            })
        };
        assert_eq!(variable("A=b=c"), pair("A", Some("b=c")));
        assert_eq!(variable("A="), pair("A", Some("")));
        assert_eq!(variable("HOME"), pair("HOME", None));
        for bad in [
            "",
            "=x",
            "SUBLET_TASK_INDEX=1",
            &"N".repeat(300),
            &format!("A={}", "v".repeat(200_000)),
        ] {
            assert!(variable(bad).is_err());
        }
    }

    #[test]
    fn ranges() {
        for (text, expected) in [
            ("0-99", Some((0, 99))),
            ("7-7", Some((7, 7))),
            ("0-4294967295", Some((0, u32::MAX))),
            ("0-4294967296", None),
            ("9-1", None),
            ("5", None),
            ("-5", None),
            ("5-", None),
            ("1-2-3", None),
            ("+1-2", None),
            ("a-b", None),
            ("", None),
        ] {
            assert_eq!(range(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn inputs() {
        for (text, host, guest) in [
            ("data", "data", None),
            ("data:/in/x", "data", Some("/in/x")),
            ("/a:b/c", "/a:b/c", None),
            ("/a:/b:/in/", "/a:/b", Some("/in")),
        ] {
            let path = input_path(text).unwrap();
            assert_eq!(
                (path.host.to_str(), path.guest.as_deref()),
                (Some(host), guest),
                "{text}"
            );
        }
        for bad in [
            "",
            ":/in",
            "data:/",
            "data:/in/../etc",
            "data:/./in",
            "data://in",
        ] {
            assert!(input_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn directories() {
        for (text, host, guest, read_only) in [
            ("data::/data", "data", "/data", false),
            ("/srv/data::/d:ro", "/srv/data", "/d", true),
            (".::/work", ".", "/work", false),
        ] {
            let grant = directory_grant(text).unwrap();
            assert_eq!(
                (grant.host.to_str(), grant.guest.as_str(), grant.read_only),
                (Some(host), guest, read_only)
            );
        }
        for bad in [
            "data",
            "data:/data",
            "::/data",
            "data::",
            "data::data",
            "data::/a/../b",
            "data::/a:rw/..",
        ] {
            assert!(directory_grant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn changes_of_labels() {
        let set = LabelChange::Set("size".to_owned(), "large-".to_owned());
        assert_eq!(label_change("size=large-"), Ok(set));
        let remove = LabelChange::Remove("size".to_owned());
        assert_eq!(label_change("size-"), Ok(remove));
        for bad in ["", "-", "size", "=x", &format!("{}-", "k".repeat(300))] {
            assert!(label_change(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dependencies() {
        for (text, expected) in [
            ("#412", Some(("#412", When::Success))),
            ("last:success", Some(("last", When::Success))),
            ("-2:failure", Some(("-2", When::Failure))),
            ("night.run:always", Some(("night.run", When::Always))),
            ("412:", None),
            ("412:ever", None),
            (":always", None),
            ("412/3", None),
            ("", None),
        ] {
            let parsed = after(text).ok();
            let seen = parsed
                .as_ref()
                .map(|after| (after.job.as_str(), after.when));
            assert_eq!(seen, expected, "{text}");
        }
    }

    #[test]
    fn reasons() {
        assert_eq!(reason(" new disk ").as_deref(), Ok("new disk"));
        for bad in ["", "  ", "a\nb", &"r".repeat(257)] {
            assert!(reason(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn labels_and_keys() {
        assert_eq!(label("team=a=b"), Ok(("team".to_owned(), "a=b".to_owned())));
        for bad in ["", "team", "=x", &format!("k={}", "v".repeat(300))] {
            assert!(label(bad).is_err());
        }
        assert!(idempotency_key("nightly-2026").is_ok());
        for bad in ["", "a b", "ä", &"k".repeat(256)] {
            assert!(idempotency_key(bad).is_err());
        }
    }
}
