//! A rule as it is written: names are not looked up and types not known yet.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// A piece of a rule and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    /// In bytes of the source, surrounding parentheses included.
    pub(crate) span: Range<usize>,
    /// Nodes from here to the deepest leaf, both included.
    pub(crate) height: usize,
    pub(crate) shape: Shape,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Literal(Literal),
    Path(Path),
    Has(Path),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// At least two.
    Product(Vec<Node>),
    /// At least two; the first is added.
    Sum(Vec<(Sign, Node)>),
    Compare(Comparison, Box<Node>, Box<Node>),
    InList(Box<Node>, Vec<Item>),
    InPath(Box<Node>, Path, Range<usize>),
    /// At least two.
    All(Vec<Node>),
    /// At least two.
    Any(Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Amount(Decimal, Unit),
    Text(String),
    Truth(bool),
}

/// A literal in a list.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) literal: Literal,
    pub(crate) span: Range<usize>,
}

/// What an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Number,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Duration,
}

/// `digits` divided by ten as often as `scale` says: fractions are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) digits: i128,
    pub(crate) scale: u32,
}

/// `node.labels.size`: the object, the name, and the label where there is one.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) object: Word,
    pub(crate) name: Word,
    pub(crate) label: Option<Word>,
}

#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

impl Path {
    pub(crate) fn span(&self) -> Range<usize> {
        let last = self.label.as_ref().unwrap_or(&self.name);
        self.object.span.start..last.span.end
    }
}

impl Decimal {
    /// The same number with as few digits as it needs.
    pub(crate) const fn shortened(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl Comparison {
    /// Whether it holds between two that stand in this order.
    pub(crate) fn accepts(self, order: core::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The one that holds exactly where this does not.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The one that holds when both sides change places.
    pub(crate) const fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::Unequal => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
