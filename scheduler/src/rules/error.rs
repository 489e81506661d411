//! A refusal: where in the text, and for which reason.

use core::fmt;

use super::reason::Reason;

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Bytes before the place in question.
    pub position: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: Reason,
}

impl RuleError {
    pub(crate) fn at(source: &str, position: usize, reason: Reason) -> Self {
        let before = &source.as_bytes()[..position.min(source.len())];
        let line_start = before.iter().rposition(|&byte| byte == b'\n');
        let start = line_start.map_or(0, |newline| newline + 1);
        let starts_character = |byte: &&u8| (**byte & 0xc0) != 0x80;
        Self {
            position,
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: before[start..].iter().filter(starts_character).count() + 1,
            reason,
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            reason,
            ..
        } = self;
        write!(f, "line {line}, column {column}: {reason}")
    }
}

impl core::error::Error for RuleError {}
