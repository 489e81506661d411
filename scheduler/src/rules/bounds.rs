//! How large a rule may be. Rules are written by operators, but the daemon parses what it is sent: each bound keeps
//! parsing, checking and evaluating short whatever the text is.

/// Bytes of source, comments included. Stops a text that is long only to be long.
pub const SOURCE_BYTES_MAX: usize = 4096;

/// Nodes of syntax: literals, paths, operators. It is the cost of a rule, so it bounds the time of one evaluation.
pub const NODES_MAX: u32 = 256;

/// How deep parentheses and operators nest. It bounds the recursion of the parser and the stack of the evaluation.
pub const DEPTH_MAX: usize = 32;

/// Literals in one list after `in`. A list is searched from its start.
pub const LIST_MAX: usize = 64;

/// Digits after the point of one number. More would only move the overflow check closer.
pub const DECIMALS_MAX: u32 = 9;

/// Clauses into which a rule, or a pair of rules, may unfold before the static checks answer "not decided".
pub const CLAUSES_MAX: usize = 1024;

/// Steps of one static check: domains that are looked at or copied, in clauses that turn out empty too. 1,024 clauses
/// can be tried against 1,024 others, and that would take seconds.
pub(crate) const STEPS_MAX: usize = 65_536;

/// Worlds of boundary values that are tried to settle a clause which intervals alone cannot settle.
pub(crate) const GRID_MAX: usize = 256;

/// Clauses for which worlds are looked for. A rule has many ways to hold, and the first nearly always shows it.
pub(crate) const WAYS_TRIED_MAX: usize = 8;

/// No intermediate amount of a rule leaves `-AMOUNT_MAX..=AMOUNT_MAX`: differences and products with a slope still
/// fit the 128 bits they are computed in.
pub(crate) const AMOUNT_MAX: i128 = 1 << 100;
