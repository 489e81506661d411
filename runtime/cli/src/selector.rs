//! How a job is named on the command line: `JOB` or `JOB/TASK`.
//!
//! What a name means is the server's to say; here only its form is checked, so that it is one segment of a path.

use std::fmt;
use std::str::FromStr;

/// Longest selector: a full id is 30 bytes, a name at most 64.
const BYTES_MAX: usize = 64;

/// A job: its id, a unique prefix of it, its number (`412` or `#412`), its name, `last`, or `-2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobSelector(String);

/// A job, or one task of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskSelector {
    pub(crate) job: JobSelector,
    pub(crate) task: Option<u32>,
}

impl JobSelector {
    /// The job of this id, as a server told it.
    pub(crate) fn of_id(id: &str) -> Self {
        Self(id.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobSelector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.strip_prefix('#').unwrap_or(text);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if plain.is_empty()
            || matches!(plain, "." | "..")
            || text.len() > BYTES_MAX
            || !plain.chars().all(fits)
        {
            return Err("a job is an id, a prefix of one, a number such as 412, a name, `last` or -2; see `sublet help selectors`".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for TaskSelector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((job, index)) = text.split_once('/') else {
            return Ok(Self {
                job: text.parse()?,
                task: None,
            });
        };
        let digits = !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit());
        match index.parse() {
            Ok(task) if digits => Ok(Self {
                job: job.parse()?,
                task: Some(task),
            }),
            _ => Err(format!(
                "`{index}` is not the index of a task; write JOB/17, at most {}",
                u32::MAX
            )),
        }
    }
}

impl fmt::Display for JobSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_and_tasks() {
        for (text, expected) in [
            ("job_01KAF3", Some(("job_01KAF3", None))),
            ("#412", Some(("#412", None))),
            ("412/17", Some(("412", Some(17)))),
            ("#412/0", Some(("#412", Some(0)))),
            ("last", Some(("last", None))),
            ("-2", Some(("-2", None))),
            (
                "night.run-2/4294967295",
                Some(("night.run-2", Some(u32::MAX))),
            ),
            ("412/4294967296", None),
            ("412/", None),
            ("412/-1", None),
            ("412/+1", None),
            ("412/1/2", None),
            ("/17", None),
            ("", None),
            ("#", None),
            ("..", None),
            ("a b", None),
            ("ä", None),
        ] {
            let parsed: Option<TaskSelector> = text.parse().ok();
            let seen = parsed
                .as_ref()
                .map(|selector| (selector.job.as_str(), selector.task));
            assert_eq!(seen, expected, "{text}");
        }
        assert!("j".repeat(65).parse::<JobSelector>().is_err());
    }
}
