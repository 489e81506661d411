//! The port part of a pattern.

use super::problem::Problem;

/// Ports from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    first: u16,
    last: u16,
}

impl Ports {
    /// Reads `443`, `8000-8999` or `*`.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if text == "*" {
            return Ok(Self {
                first: 1,
                last: u16::MAX,
            });
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(Problem::PortsReversed);
        }
        Ok(Self { first, last })
    }

    /// Whether a port is one of these.
    pub(super) fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

fn port(text: &str) -> Result<u16, Problem> {
    // Without a sign, which `parse` would take.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(Problem::NotAPort),
    }
}
