//! What may be wrong with a pattern, in words that say what to write instead.

use thiserror::Error;

/// A pattern that is none: which, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("egress pattern {pattern:?}, at character {position}: {problem}")]
pub struct PatternError {
    /// The pattern as it was written, cut where it is absurdly long.
    pub pattern: String,
    /// The first character that is wrong; the first of all is 1.
    pub position: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What may be wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Nothing says which ports.
    #[error(
        "the port is missing; write HOST:PORT, such as example.org:443, or HOST:* for all ports"
    )]
    NoPort,
    /// Not a port, a range or `*`.
    #[error("this is not a port; write 1 to 65535, a range such as 8000-8999, or *")]
    NotAPort,
    /// A range that is empty.
    #[error("the range of ports ends before it begins; write the smaller number first")]
    PortsReversed,
    /// Neither a name nor an address.
    #[error(
        "this is neither a name nor an address; write a name such as example.org, an address such as 8.8.8.8 or [2606:4700::1], or a range such as 8.8.8.0/24"
    )]
    NotAHost,
    /// A name in another script.
    #[error("names are written in ASCII; write the form that begins with xn--")]
    NotAscii,
    /// A name that never leaves the network.
    #[error(
        "this name stays inside the user's network and needs no rule; remove it, or write a name with a dot"
    )]
    Internal,
    /// A `*` within a name.
    #[error("* stands alone or for the first labels of a name; write *:443 or *.example.org:443")]
    MisplacedStar,
    /// An IPv6 address whose port cannot be told apart.
    #[error("an IPv6 address stands in brackets; write [2606:4700::1]:443")]
    NoBrackets,
    /// A bracket without its partner.
    #[error("the bracket is not closed; write [2606:4700::1]:443")]
    OpenBracket,
    /// IPv4 in the clothes of IPv6.
    #[error("this is an IPv4 address in IPv6 notation; write it as IPv4")]
    Mapped,
    /// A range with too many bits, or none that are a number.
    #[error("this is not a length of a range; write 0 to 32 for IPv4, 0 to 128 for IPv6")]
    NotALength,
    /// A range that begins elsewhere than it says.
    #[error(
        "the address has bits beyond the length of its range; write the first address of the range"
    )]
    NotTheFirst,
    /// A job that wants to open what only the operator can.
    #[error(
        "only a rule of the operator can open protected ranges; remove protected: and ask the operator"
    )]
    MarkOfOperator,
    /// A mark on something whose addresses are not known.
    #[error(
        "only addresses and ranges can be opened with protected:; write the range that the name is in"
    )]
    MarkOnName,
    /// Longer than any name can be.
    #[error("the pattern is longer than 300 characters; write a name of at most 253")]
    TooLong,
    /// More of them than are kept.
    #[error("there are more than 1024 patterns; use ranges or *. for several")]
    TooMany,
}
