//! A set of attributes, one bit each: whether a change concerns a rule is one `and`.

use core::fmt;

use super::attribute::Attribute;

/// A set of attributes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AttributeSet(u64);

const _: () = assert!(Attribute::COUNT <= u64::BITS);

impl AttributeSet {
    /// The set without members.
    pub const EMPTY: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub const fn of(members: &[Attribute]) -> Self {
        let mut set = Self::EMPTY;
        let mut index = 0;
        while index < members.len() {
            set = set.with(members[index]);
            index += 1;
        }
        set
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, attribute: Attribute) -> Self {
        Self(self.0 | 1 << attribute as u32)
    }

    /// Adds one.
    pub const fn insert(&mut self, attribute: Attribute) {
        *self = self.with(attribute);
    }

    /// Whether it is a member.
    #[must_use]
    pub const fn contains(self, attribute: Attribute) -> bool {
        self.intersects(Self::EMPTY.with(attribute))
    }

    /// What is in one of the two, or in both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether they share a member.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it has no member.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the schema.
    pub fn iter(self) -> impl Iterator<Item = Attribute> {
        Attribute::all().filter(move |&attribute| self.contains(attribute))
    }
}

impl FromIterator<Attribute> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Attribute>>(members: I) -> Self {
        members.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for AttributeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
