//! The rule language: what a rule may say, whether it makes sense, whether it holds, and why.
//!
//! A strict, typed subset of CEL with units. A rule is checked when it is written, so that an evaluation is total,
//! bounded, without allocation and without an error case; it is explained afterwards with the values it read.
//!
//! ```text
//!   text ──lexer──► tokens ──parser──► syntax ──check──► typed clause ──program──► evaluate, explain, next_change
//!                                                            │
//!                                                            └──clauses──► verdict, pair: what can never, always, both
//! ```
//!
//! It must not know who asks: what follows from a rule is decided elsewhere.
//!
//! **Numbers** are integers in steps of the last decimal that occurs: `node.cpu * 0.25 > 1` compares hundred-thousandths,
//! in 128 bits. So order and equality are exact, and there is no rounding anywhere. The ranges of the schema stand in
//! `attribute`; facts beyond them are taken as the nearest end.
//!
//! **Absent.** Every comparison with a label that is not there is false, `!=` included, and so is every comparison with
//! something of an object that was not given; `!` before it makes that true, as before anything false.

mod attribute;
mod attribute_set;
mod bounds;
mod error;
mod facts;
mod reason;
mod schema;

mod check;
mod lexer;
mod measured;
mod names;
pub(crate) mod nearest;
mod parser;
mod syntax;
mod typed;

mod evaluate;
mod explain;
mod next_change;
mod program;
mod wording;

mod clauses;
mod domain;
mod linear;
mod pair;
mod sample;
mod verdict;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use attribute::{Attribute, Object, Pace};
pub use attribute_set::AttributeSet;
pub use bounds::{CLAUSES_MAX, DECIMALS_MAX, DEPTH_MAX, LIST_MAX, NODES_MAX, SOURCE_BYTES_MAX};
pub use error::RuleError;
pub use explain::{Explanation, Reading};
pub use facts::{Facts, JobFacts, NodeFacts, SubclusterFacts, UserFacts};
pub use pair::{Hysteresis, Overlap, PairCheck, Remedy, check_overlap, check_pair};
pub use reason::Reason;
pub use sample::Example;
pub use verdict::Note;

use crate::quantity::UnixMillis;
use program::Program;
use typed::{Clause, Read};

/// What a rule is for, and with that what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// Whether a node may join a sub-cluster; sees node and sub-cluster.
    Entry,
    /// Whether a node has to leave its sub-cluster; sees node and sub-cluster.
    Exit,
    /// Whether a sub-cluster takes a job; sees job, user and sub-cluster.
    Accept,
    /// Whether a route applies to a job; sees job and user.
    Route,
    /// Whether a job is of a class; sees job and user.
    Class,
}

/// A rule that was parsed, checked and compiled. Two are equal when kind and text are.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: RuleKind,
    text: String,
    cost: u32,
    reads: AttributeSet,
    notes: Vec<Note>,
    clause: Clause,
    program: Program,
}

impl Rule {
    /// Takes a text for a rule, or says what is wrong with it and where.
    ///
    /// # Errors
    /// The first thing that is wrong: a bound that is passed, the grammar, a name, a type, an overflow, or a rule that
    /// can never or always hold and should not.
    pub fn parse(kind: RuleKind, text: &str) -> Result<Self, RuleError> {
        let (syntax, cost) = parser::parse(text)?;
        let clause = check::check(text, kind, &syntax)?;
        let reads = clause.reads();
        Ok(Self {
            kind,
            text: text.into(),
            cost,
            notes: verdict::judge(text, kind, &clause)?,
            reads: reads.iter().map(Read::attribute).collect(),
            program: Program::of(&clause),
            clause,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> RuleKind {
        self.kind
    }

    /// Literals, names and operators in it: what one evaluation costs at most.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// The attributes it reads: a change of any other cannot change its answer.
    #[must_use]
    pub const fn reads(&self) -> AttributeSet {
        self.reads
    }

    /// What is worth saying about it: that it catches all, that it never holds, what was not decided.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Whether it holds for these facts. Total: no error, no allocation, no panic.
    #[must_use]
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.program.holds(facts)
    }

    /// Whether it holds, the clause that settled it, and what that read.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>) -> Explanation {
        explain::explain(self, facts)
    }

    /// The next instant after `facts.now` at which a comparison with an aging attribute may flip while all else stays
    /// as it is; nothing when time alone changes nothing any more.
    #[must_use]
    pub fn next_change(&self, facts: &Facts<'_>) -> Option<UnixMillis> {
        next_change::next_change(&self.clause, facts)
    }

    pub(crate) const fn clause(&self) -> &Clause {
        &self.clause
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}

impl Eq for Rule {}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Accept => "accept",
            Self::Route => "route",
            Self::Class => "class",
        })
    }
}
