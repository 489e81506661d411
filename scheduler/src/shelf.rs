//! A map by number, for things that are numbered one after the other: jobs, users, nodes, sub-clusters. A look costs as
//! many steps as the highest number has digits to the base 64, which is two for four thousand nodes and four for sixteen
//! million jobs, and compares nothing.
//!
//! ```text
//!   4711 = 1·64² + 9·64 + 39       board of boards ─[1]─► board of boards ─[9]─► board of values ─[39]─► the value
//! ```
//!
//! Boards are as long as their last place that was ever taken, and are taken down when the last thing on them is: what it
//! takes in memory grows with what is on it, as long as numbers that are there together lie close together. Numbers that
//! lie far apart are found as well; each costs a board of its own then.
//!
//! It must not know what the numbers mean. Like any ordered map it goes through its values by number.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem;
use core::ops::Index;

mod numbered;

use numbered::Numbered;

/// Values by the number of their key.
#[derive(Clone, Debug)]
pub(crate) struct Shelf<K, V> {
    top: Board<V>,
    /// Bits of a number below the digit that is a place on the top board: 0, when that is one of values.
    shift: u32,
    len: usize,
    keys: PhantomData<K>,
}

#[derive(Clone, Debug)]
enum Board<V> {
    OfBoards(Vec<Option<Box<Self>>>),
    OfValues(Vec<Option<V>>),
}

/// Digits are this many bits.
const DIGIT_BITS: u32 = 6;
const DIGIT: u64 = (1 << DIGIT_BITS) - 1;

impl<K: Numbered, V> Shelf<K, V> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let number = key.number();
        if !self.reaches(number) {
            return None;
        }
        let (mut board, mut shift) = (&self.top, self.shift);
        loop {
            match board {
                Board::OfBoards(boards) => board = boards.get(place(number, shift))?.as_deref()?,
                Board::OfValues(values) => return values.get(place(number, 0))?.as_ref(),
            }
            shift = shift.wrapping_sub(DIGIT_BITS);
        }
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let number = key.number();
        if !self.reaches(number) {
            return None;
        }
        let (mut board, mut shift) = (&mut self.top, self.shift);
        loop {
            match board {
                Board::OfBoards(boards) => {
                    board = boards.get_mut(place(number, shift))?.as_deref_mut()?;
                }
                Board::OfValues(values) => return values.get_mut(place(number, 0))?.as_mut(),
            }
            shift = shift.wrapping_sub(DIGIT_BITS);
        }
    }

    /// The value of a key, which is made if there is none.
    pub(crate) fn get_or_insert_with(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let place = Self::place_for(&mut self.top, &mut self.shift, key.number());
        if place.is_none() {
            self.len += 1;
        }
        place.get_or_insert_with(new)
    }

    /// Puts a value there. Answers the one that was there before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let place = Self::place_for(&mut self.top, &mut self.shift, key.number());
        let before = place.replace(value);
        if before.is_none() {
            self.len += 1;
        }
        before
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let number = key.number();
        if !self.reaches(number) {
            return None;
        }
        let value = self.top.take(number, self.shift)?;
        self.len -= 1;
        Some(value)
    }

    /// All of them, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let all = self.top.iter(0);
        all.map(|(number, value)| (K::of_number(number), value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        let all = self.top.iter_mut(0);
        all.map(|(number, value)| (K::of_number(number), value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        self.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// Whether a number has no more digits than there are boards above each other.
    fn reaches(&self, number: u64) -> bool {
        beyond(number, self.shift) == 0
    }

    /// Where the value of a number lies or is to lie.
    fn place_for<'a>(top: &'a mut Board<V>, shift: &mut u32, number: u64) -> &'a mut Option<V> {
        while beyond(number, *shift) > 0 {
            let below = mem::replace(top, Board::OfBoards(Vec::new()));
            *top = Board::OfBoards(Vec::from([Some(Box::new(below))]));
            *shift += DIGIT_BITS;
        }
        let (mut board, mut shift) = (top, *shift);
        loop {
            match board {
                Board::OfBoards(boards) => {
                    let below = at(boards, place(number, shift));
                    shift -= DIGIT_BITS;
                    board = below.get_or_insert_with(|| Box::new(Board::empty(shift)));
                }
                Board::OfValues(values) => return at(values, place(number, 0)),
            }
        }
    }
}

impl<V> Board<V> {
    const fn empty(shift: u32) -> Self {
        if shift == 0 {
            Self::OfValues(Vec::new())
        } else {
            Self::OfBoards(Vec::new())
        }
    }

    /// Takes out a value, and with it the boards on which it was the last one. Places at the end that are empty go too, so
    /// that a board without places has nothing on it.
    fn take(&mut self, number: u64, shift: u32) -> Option<V> {
        match self {
            Self::OfBoards(boards) => {
                let below = boards.get_mut(place(number, shift))?;
                let board = below.as_deref_mut()?;
                let value = board.take(number, shift - DIGIT_BITS);
                if board.is_empty() {
                    *below = None;
                    cut(boards);
                }
                value
            }
            Self::OfValues(values) => {
                let value = values.get_mut(place(number, 0))?.take();
                cut(values);
                value
            }
        }
    }

    const fn is_empty(&self) -> bool {
        match self {
            Self::OfBoards(boards) => boards.is_empty(),
            Self::OfValues(values) => values.is_empty(),
        }
    }

    /// What lies on it, with numbers of which `above` are the first digits.
    fn iter(&self, above: u64) -> Box<dyn Iterator<Item = (u64, &V)> + '_> {
        match self {
            Self::OfBoards(boards) => Box::new(with_numbers(above, boards.iter()).flat_map(
                |(digits, below)| below.iter().flat_map(move |board| board.iter(digits)),
            )),
            Self::OfValues(values) => Box::new(
                with_numbers(above, values.iter())
                    .filter_map(|(number, value)| Some((number, value.as_ref()?))),
            ),
        }
    }

    fn iter_mut(&mut self, above: u64) -> Box<dyn Iterator<Item = (u64, &mut V)> + '_> {
        match self {
            Self::OfBoards(boards) => Box::new(with_numbers(above, boards.iter_mut()).flat_map(
                |(digits, below)| {
                    below
                        .iter_mut()
                        .flat_map(move |board| board.iter_mut(digits))
                },
            )),
            Self::OfValues(values) => Box::new(
                with_numbers(above, values.iter_mut())
                    .filter_map(|(number, value)| Some((number, value.as_mut()?))),
            ),
        }
    }
}

/// The digits of a number above the one that is a place on a board.
const fn beyond(number: u64, shift: u32) -> u64 {
    number.wrapping_shr(shift) >> DIGIT_BITS
}

/// The place of a number on a board.
const fn place(number: u64, shift: u32) -> usize {
    (number.wrapping_shr(shift) & DIGIT) as usize
}

/// A place, and all before it.
fn at<T>(places: &mut Vec<Option<T>>, place: usize) -> &mut Option<T> {
    if place >= places.len() {
        places.resize_with(place + 1, || None);
    }
    &mut places[place]
}

/// Leaves out the empty places at the end.
fn cut<T>(places: &mut Vec<Option<T>>) {
    while places.pop_if(|last| last.is_none()).is_some() {}
}

fn with_numbers<T>(above: u64, places: impl Iterator<Item = T>) -> impl Iterator<Item = (u64, T)> {
    let first = above << DIGIT_BITS;
    (first..=first | DIGIT).zip(places)
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self {
            top: Board::OfValues(Vec::new()),
            shift: 0,
            len: 0,
            keys: PhantomData,
        }
    }
}

impl<K: Numbered, V> Index<&K> for Shelf<K, V> {
    type Output = V;

    /// # Panics
    /// If nothing lies there.
    fn index(&self, key: &K) -> &V {
        self.get(key)
            .expect("whoever asks by name knows it is there")
    }
}

#[cfg(test)]
mod tests;
