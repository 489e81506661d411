//! The many names that people have for a job or a module, turned into the one that is meant.

use sublet_api::Code;
use sublet_store::{JobSelector, JobSummary, ModuleName, ModuleRow, ModuleSelector, Whose};

use super::caller::Caller;
use super::problem::{Answer, ApiError};
use crate::convert;

/// The job that the text means: its id or a unique prefix of it, its number, `last`, `-2`, or its name.
pub(super) async fn job(caller: &Caller, text: &str) -> Answer<JobSummary> {
    let selector = parse(text)?;
    // Numbers, names and places in a list are each user's own; an id is one job's, whoever has it.
    let whose = match selector {
        JobSelector::Id(_) => caller.reached(),
        JobSelector::Newest(_) | JobSelector::Number(_) | JobSelector::Name(_) => caller.own(),
    };
    let mut found = caller
        .read(move |reader| reader.find_jobs(whose, &selector))
        .await?;
    match found.len() {
        0 => Err(
            ApiError::new(Code::JobNotFound, format!("no job matches `{text}`"))
                .with_help("`sublet jobs list` shows your jobs"),
        ),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let list: Vec<_> = found
                .iter()
                .map(|job| format!("{} (#{})", convert::job_id(job.public_id), job.number))
                .collect();
            Err(ApiError::new(
                Code::Ambiguous,
                format!("`{text}` matches several jobs: {}", list.join(", ")),
            )
            .with_help("give more characters of the id"))
        }
    }
}

/// The module that the text means: a digest, a unique prefix of one, `name` or `name@tag`.
pub(super) async fn module(caller: &Caller, reference: &str) -> Answer<ModuleRow> {
    module_of(caller, caller.own(), reference).await
}

/// The same among the modules of others. Where several users have one and the same, it is one.
pub(super) async fn module_of(caller: &Caller, whose: Whose, reference: &str) -> Answer<ModuleRow> {
    let (name, tag) = match reference.split_once('@') {
        Some((name, tag)) => (name, Some(tag.to_owned())),
        None => (reference, None),
    };
    let named = ModuleSelector::Name(ModuleName {
        name: name.to_owned(),
        tag,
    });
    let mut found = modules_of(caller, whose, named).await?;
    if found.is_empty()
        && let Ok(prefix) = reference.trim_start_matches("sha256:").parse()
    {
        found = modules_of(caller, whose, ModuleSelector::Digest(prefix)).await?;
    }
    found.sort_by_key(|row| row.digest);
    found.dedup_by_key(|row| row.digest);
    match found.len() {
        0 => Err(ApiError::new(
            Code::ModuleNotFound,
            format!("no module matches `{reference}`"),
        )
        .with_help(
            "`sublet modules list` shows your modules, `sublet modules push FILE` uploads one",
        )),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let list: Vec<_> = found.iter().map(|row| row.digest.to_string()).collect();
            Err(ApiError::new(
                Code::Ambiguous,
                format!("`{reference}` matches several modules: {}", list.join(", ")),
            ))
        }
    }
}

/// All modules that a selector may mean.
pub(super) async fn modules(caller: &Caller, selector: ModuleSelector) -> Answer<Vec<ModuleRow>> {
    modules_of(caller, caller.own(), selector).await
}

async fn modules_of(
    caller: &Caller,
    whose: Whose,
    selector: ModuleSelector,
) -> Answer<Vec<ModuleRow>> {
    Ok(caller
        .read(move |reader| reader.find_modules(whose, &selector))
        .await?)
}

fn parse(text: &str) -> Answer<JobSelector> {
    let number = text.strip_prefix('#').unwrap_or(text);
    if text == "last" {
        return Ok(JobSelector::Newest(0));
    }
    if let Some(back) = text
        .strip_prefix('-')
        .and_then(|back| back.parse::<u32>().ok())
    {
        return back.checked_sub(1).map(JobSelector::Newest).ok_or_else(|| {
            ApiError::new(
                Code::RequestMalformed,
                "`-0` is no job: `last` and `-1` are the newest",
            )
        });
    }
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.parse().map(JobSelector::Number).map_err(|_| {
            ApiError::new(
                Code::RequestMalformed,
                format!("`{text}` is not the number of a job"),
            )
        });
    }
    // Ids begin with a time, and so for a long while with 0; names may not begin with a digit.
    let looks_like_id = text.starts_with("job_") || text.starts_with('0');
    match text.strip_prefix("job_").unwrap_or(text).parse() {
        Ok(prefix) if looks_like_id => Ok(JobSelector::Id(prefix)),
        _ => Ok(JobSelector::Name(text.to_owned())),
    }
}
