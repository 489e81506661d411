//! What a request may say: every field has its bounds, each with a name, and the error says which was asked for and which
//! is allowed.

mod job;
mod network;

use sublet_api::Code;
use sublet_store::OutcomeKind;

use super::problem::{Answer, ApiError};
use crate::nearest::nearest;

pub(super) use job::{labels, spec};

/// Items on one page of a list.
const PAGE_MAX: u32 = 1_000;
const PAGE_DEFAULT: u32 = 100;
/// Bytes of a name that people give: shown in tables, part of host names later.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of an operator's reason: it is shown wherever the thing is.
const REASON_BYTES_MAX: u64 = 256;
/// Thirty days.
const GRACE_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;
/// Bytes of a label's key, and of its value.
const LABEL_BYTES_MAX: usize = 256;

/// How tasks end, in the words of every list.
pub(super) const OUTCOMES: [(&str, OutcomeKind); 6] = [
    ("succeeded", OutcomeKind::Succeeded),
    ("failed", OutcomeKind::Failed),
    ("trapped", OutcomeKind::Trapped),
    ("limit_exceeded", OutcomeKind::LimitExceeded),
    ("cancelled", OutcomeKind::Cancelled),
    ("lost", OutcomeKind::Lost),
];

/// One of the words that a filter knows; for another one, all of them and the nearest.
pub(super) fn one_of<T: Copy>(field: &str, asked: &str, known: &[(&str, T)]) -> Answer<T> {
    if let Some((_, meant)) = known.iter().find(|(word, _)| *word == asked) {
        return Ok(*meant);
    }
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    let shown = asked.escape_debug();
    let error = ApiError::new(
        Code::OutOfRange,
        format!("`{shown}` is no {field}: {}", words.join(", ")),
    )
    .at(field, None, None);
    Err(match nearest(asked, words) {
        Some(nearest) => error.with_help(format!("did you mean `{nearest}`?")),
        None => error,
    })
}

/// How many items a page is to have.
pub(super) fn page_limit(asked: Option<u32>) -> Answer<u32> {
    let asked = asked.unwrap_or(PAGE_DEFAULT);
    within("limit", asked.into(), 1, PAGE_MAX.into())?;
    Ok(asked)
}

/// Where a former page of a list ended, for lists that are counted.
pub(super) fn cursor(text: &str) -> Answer<u64> {
    text.parse().map_err(|_| no_cursor(text))
}

/// What is said of a cursor that no list of ours gave out.
pub(super) fn no_cursor(text: &str) -> ApiError {
    ApiError::new(
        Code::RequestMalformed,
        format!("`{}` is not a cursor of this list", text.escape_debug()),
    )
}

/// Where this page ended, when there may be another one.
pub(super) fn next_cursor<T>(
    limit: u32,
    items: &[T],
    number: impl Fn(&T) -> u64,
) -> Option<String> {
    let is_full = items.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = items.last().filter(|_| is_full)?;
    Some(number(last).to_string())
}

/// Why an operator wants something, in words that others read.
pub(super) fn reason(text: &str) -> Answer<()> {
    within("/reason", text.len() as u64, 1, REASON_BYTES_MAX)?;
    if text.chars().any(char::is_control) {
        return Err(ApiError::new(
            Code::OutOfRange,
            "the reason has control characters: write one line of text",
        )
        .at("/reason", None, None));
    }
    Ok(())
}

/// How long the work on a node that is drained may go on.
pub(super) fn grace(asked_ms: Option<u64>) -> Answer<()> {
    within("/grace_ms", asked_ms.unwrap_or_default(), 0, GRACE_MS_MAX)
}

/// A filter `key=value`.
pub(super) fn label(text: &str) -> Answer<(String, String)> {
    let (key, value) = text.split_once('=').ok_or_else(|| {
        ApiError::new(
            Code::RequestMalformed,
            format!("`{text}` is not a label: write key=value"),
        )
        .at("label", None, None)
    })?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A name or a tag of a module.
pub(super) fn module_word(field: &str, text: &str) -> Answer<()> {
    word(field, text, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
    })
}

/// A name of a job. It may not look like a number, an id or a place in a list, which select jobs as well.
fn job_name(text: &str) -> Answer<()> {
    word("/name", text, |byte| {
        byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
    })?;
    let taken = text == "last" || text == "all" || text.starts_with("job_");
    let begins_well = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if taken || !begins_well {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!("`{text}` cannot be a name: begin with a letter, and not with `job_`; `last` and `all` are taken"),
        )
        .at("/name", None, None));
    }
    Ok(())
}

fn word(field: &str, text: &str, allowed: impl Fn(u8) -> bool) -> Answer<()> {
    length(field, text.len(), NAME_BYTES_MAX)?;
    if text.is_empty() || !text.bytes().all(allowed) {
        return Err(ApiError::new(
            Code::OutOfRange,
            format!(
                "{} is `{}`: letters, digits, `.`, `_` and `-` are allowed",
                shown(field),
                text.escape_debug()
            ),
        )
        .at(field, None, None));
    }
    Ok(())
}

fn length(field: &str, asked: usize, most: usize) -> Answer<()> {
    if asked <= most {
        return Ok(());
    }
    let (asked, most) = (
        u64::try_from(asked).unwrap_or(u64::MAX),
        u64::try_from(most).unwrap_or(u64::MAX),
    );
    Err(ApiError::new(
        Code::OutOfRange,
        format!("{} is {asked} long, the limit is {most}", shown(field)),
    )
    .at(field, Some(most), Some(asked)))
}

fn within(field: &str, asked: u64, least: u64, most: u64) -> Answer<()> {
    if (least..=most).contains(&asked) {
        return Ok(());
    }
    let limit = if asked < least { least } else { most };
    Err(ApiError::new(
        Code::OutOfRange,
        format!("{} is {asked}, allowed is {least} to {most}", shown(field)),
    )
    .at(field, Some(limit), Some(asked)))
}

/// A JSON pointer as people say it.
fn shown(field: &str) -> String {
    field.trim_start_matches('/').replace('/', ".")
}
