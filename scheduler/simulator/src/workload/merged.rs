//! Several sequences of deeds as one.

use std::iter::Peekable;

use super::{Deed, Deeds};

/// Several sequences as one, by instant; of equal instants the earlier sequence comes first.
struct Merged(Vec<Peekable<Deeds>>);

pub(super) fn merge(sequences: Vec<Deeds>) -> Deeds {
    Box::new(Merged(
        sequences.into_iter().map(Iterator::peekable).collect(),
    ))
}

impl Iterator for Merged {
    type Item = Deed;

    fn next(&mut self) -> Option<Deed> {
        let next = |sequence: &mut Peekable<Deeds>| sequence.peek().map(|deed| deed.at_us);
        let earliest = (0..self.0.len())
            .filter_map(|at| Some((next(&mut self.0[at])?, at)))
            .min()?;
        self.0[earliest.1].next()
    }
}
