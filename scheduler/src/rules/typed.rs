//! A rule after its check: names are attributes, amounts on both sides of a comparison have one scale, and the types
//! leave no operation that could go wrong.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::attribute::{Attribute, Object};
use super::syntax::Comparison;

/// A part of a rule that is true or false, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) span: Range<usize>,
    pub(crate) test: Test,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Constant(bool),
    /// An attribute that is itself true or false.
    Truth(Attribute),
    /// Whether the label is there.
    Has(Label),
    /// Two amounts of one unit and scale.
    Compare(Comparison, Amount, Amount),
    /// The amount is one of these, which have its scale.
    OneOf(Amount, Vec<i128>),
    Text(Likeness, TextSource, TextSource),
    TextOneOf(TextSource, Vec<String>),
    /// The text is among the imports of the job.
    Imported(TextSource),
    /// Both sides are true, or both are false; or the contrary of it.
    Same(Likeness, Box<Clause>, Box<Clause>),
    Not(Box<Clause>),
    All(Vec<Clause>),
    Any(Vec<Clause>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    Equal,
    Unequal,
}

/// Integer arithmetic; it was checked that no result leaves the bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Amount {
    Constant(i128),
    Attribute(Attribute),
    Negated(Box<Self>),
    Plus(Box<Self>, Box<Self>),
    Minus(Box<Self>, Box<Self>),
    Times(Box<Self>, Box<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    pub(crate) object: Object,
    pub(crate) name: String,
}

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TextSource {
    Literal(String),
    Attribute(Attribute),
    Label(Label),
}

/// Something that is read by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Read {
    Attribute(Attribute),
    Label(Label),
}

impl Label {
    pub(crate) const fn attribute(&self) -> Attribute {
        match self.object {
            Object::Node => Attribute::NodeLabel,
            Object::Job => Attribute::JobLabel,
            // A sub-cluster has no labels in the schema, so the only other object is the user.
            Object::User | Object::Subcluster => Attribute::UserLabel,
        }
    }
}

impl Clause {
    /// Calls `seen` with everything that is read, in the order of the text.
    pub(crate) fn visit_reads(&self, seen: &mut dyn FnMut(Read)) {
        match &self.test {
            Test::Constant(_) => {}
            Test::Truth(attribute) => seen(Read::Attribute(*attribute)),
            Test::Has(label) => seen(Read::Label(label.clone())),
            Test::Compare(_, left, right) => {
                left.visit_reads(seen);
                right.visit_reads(seen);
            }
            Test::OneOf(amount, _) => amount.visit_reads(seen),
            Test::Text(_, left, right) => {
                left.visit_reads(seen);
                right.visit_reads(seen);
            }
            Test::TextOneOf(text, _) => text.visit_reads(seen),
            Test::Imported(text) => {
                text.visit_reads(seen);
                seen(Read::Attribute(Attribute::JobImports));
            }
            Test::Same(_, left, right) => {
                left.visit_reads(seen);
                right.visit_reads(seen);
            }
            Test::Not(inner) => inner.visit_reads(seen),
            Test::All(terms) | Test::Any(terms) => {
                terms.iter().for_each(|term| term.visit_reads(seen));
            }
        }
    }

    /// What is read, each once, in the order of the text.
    pub(crate) fn reads(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        self.visit_reads(&mut |read| {
            if !reads.contains(&read) {
                reads.push(read);
            }
        });
        reads
    }
}

impl Amount {
    fn visit_reads(&self, seen: &mut dyn FnMut(Read)) {
        match self {
            Self::Constant(_) => {}
            Self::Attribute(attribute) => seen(Read::Attribute(*attribute)),
            Self::Negated(inner) => inner.visit_reads(seen),
            Self::Plus(left, right) | Self::Minus(left, right) | Self::Times(left, right) => {
                left.visit_reads(seen);
                right.visit_reads(seen);
            }
        }
    }
}

impl TextSource {
    fn visit_reads(&self, seen: &mut dyn FnMut(Read)) {
        match self {
            Self::Literal(_) => {}
            Self::Attribute(attribute) => seen(Read::Attribute(*attribute)),
            Self::Label(label) => seen(Read::Label(label.clone())),
        }
    }
}

impl Read {
    pub(crate) const fn attribute(&self) -> Attribute {
        match self {
            Self::Attribute(attribute) => *attribute,
            Self::Label(label) => label.attribute(),
        }
    }
}
