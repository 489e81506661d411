//! Several patterns: what the operator allows, and what a job asks for.

use std::net::IpAddr;

use super::pattern::Pattern;
use super::problem::{PatternError, Problem};

/// Patterns of one side. Each connection asks all of them, so their number has a bound.
const PATTERNS_MAX: usize = 1_024;

/// What the operator allows a user. Nothing by default; `*:*` is everything that is not protected. Only these rules can
/// open protected ranges, each by itself: `protected:10.1.0.0/16:5432`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorRules(Rules);

impl OperatorRules {
    /// Reads patterns.
    ///
    /// # Errors
    ///
    /// The first that is none.
    pub fn parse<T: AsRef<str>>(
        patterns: impl IntoIterator<Item = T>,
    ) -> Result<Self, PatternError> {
        Rules::parse(patterns).map(Self)
    }

    /// The patterns as they were written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.texts()
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0
    }
}

/// What a job asks for. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRules(Rules);

impl JobRules {
    /// Reads patterns.
    ///
    /// # Errors
    ///
    /// The first that is none, or that tries to open protected ranges.
    pub fn parse<T: AsRef<str>>(
        patterns: impl IntoIterator<Item = T>,
    ) -> Result<Self, PatternError> {
        let rules = Rules::parse(patterns)?;
        match rules.0.iter().find(|pattern| pattern.marked) {
            Some(pattern) => Err(PatternError {
                pattern: pattern.text.clone(),
                position: 1,
                problem: Problem::MarkOfOperator,
            }),
            None => Ok(Self(rules)),
        }
    }

    /// The patterns as they were written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.0.texts()
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0
    }
}

/// Patterns, any of which may allow something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules(Vec<Pattern>);

impl Rules {
    fn parse<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, PatternError> {
        let mut rules = Vec::new();
        for text in patterns {
            let pattern = Pattern::parse(text.as_ref())?;
            if rules.len() >= PATTERNS_MAX {
                return Err(PatternError {
                    pattern: pattern.text,
                    position: 1,
                    problem: Problem::TooMany,
                });
            }
            rules.push(pattern);
        }
        Ok(Self(rules))
    }

    /// Whether a name is allowed on some port.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.knows(name))
    }

    /// Whether a name is allowed on a port.
    pub(super) fn allows_name(&self, name: &str, port: u16) -> bool {
        self.0.iter().any(|pattern| pattern.allows_name(name, port))
    }

    /// Whether an address that is not protected is allowed on a port.
    pub(super) fn allows_address(&self, ip: IpAddr, port: u16) -> bool {
        self.allows(ip, port, false)
    }

    /// Whether an address is allowed on a port, by a rule that means it.
    pub(super) fn allows(&self, ip: IpAddr, port: u16, protected: bool) -> bool {
        let allows = |pattern: &Pattern| pattern.allows_address(ip, port, protected);
        self.0.iter().any(allows)
    }

    /// Whether a marked rule opens an address on a port.
    pub(super) fn opens(&self, ip: IpAddr, port: u16) -> bool {
        let opens = |pattern: &Pattern| pattern.marked && pattern.allows_address(ip, port, true);
        self.0.iter().any(opens)
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| pattern.text.as_str())
    }
}
