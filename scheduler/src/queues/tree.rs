//! An ordered set that answers three questions in as many steps as it is deep: which key is the n-th, how many keys come
//! before a border, and which is the first whose value suits. For that each part of the tree carries how many keys are in
//! it and the sum of their values.
//!
//! It is a B-tree: keys lie beside each other in leaves, a few dozen to each, so that most of what is asked is answered
//! from one or two of them. It knows nothing of what its keys mean.

use alloc::vec::Vec;
use core::mem;

/// Keys in order, each with a value.
#[derive(Clone, Debug)]
pub(crate) struct Tree<K, V> {
    top: Node<K, V>,
    count: u64,
}

/// What can be summed up so that the sum tells whether any part of it suits.
pub(crate) trait Summary: Copy {
    /// What two parts come to, in whatever order.
    fn with(self, other: Self) -> Self;
}

/// For keys that are only counted.
impl Summary for () {
    fn with(self, (): Self) -> Self {}
}

#[derive(Clone, Debug)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    Branch(Vec<Part<K, V>>),
}

/// A part of the tree below a branch, with at least one key in it.
#[derive(Clone, Debug)]
struct Part<K, V> {
    /// No key in it comes before this one.
    from: K,
    count: u64,
    /// The values of its keys together.
    sum: V,
    node: Node<K, V>,
}

/// So many entries a node has at most. With more, changing one would cost more than finding it.
const ENTRIES_MAX: usize = 32;
/// Neighbours that have so many together become one.
const ENTRIES_OF_TWO: usize = ENTRIES_MAX / 2;

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self {
            top: Node::Leaf(Vec::new()),
            count: 0,
        }
    }
}

impl<K: Ord + Copy, V: Summary> Tree<K, V> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) const fn len(&self) -> u64 {
        self.count
    }

    /// Adds a key that is not in it.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.count += 1;
        if let Some(right) = self.top.insert(key, value) {
            let left = mem::replace(&mut self.top, Node::Leaf(Vec::new()));
            self.top = Node::Branch(Vec::from([Part::of(left), Part::of(right)]));
        }
    }

    /// Takes a key out. Answers whether it was in.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        let was_in = self.top.remove(key);
        self.count -= u64::from(was_in);
        if let Node::Branch(parts) = &mut self.top
            && parts.len() <= 1
        {
            let only = parts.pop().map(|part| part.node);
            self.top = only.unwrap_or_else(|| Node::Leaf(Vec::new()));
        }
        was_in
    }

    /// The first key whose value suits, of those after one key or of all. A sum must suit exactly when a part of it does.
    pub(crate) fn first_after(&self, after: Option<&K>, suits: impl Fn(V) -> bool) -> Option<K> {
        self.top.first_after(after, &suits)
    }

    /// The key that has `before` keys before it.
    pub(crate) fn nth(&self, mut before: u64) -> Option<K> {
        let mut node = &self.top;
        loop {
            match node {
                Node::Leaf(keys) => return keys.get(usize::try_from(before).ok()?).map(key_of),
                Node::Branch(parts) => {
                    let mut parts = parts.iter();
                    node = &parts.find(|part| is_within(&mut before, part.count))?.node;
                }
            }
        }
    }

    /// How many keys come before a border: `is_before` holds for them and for none after the first for which it does not.
    pub(crate) fn count_before(&self, is_before: impl Fn(&K) -> bool) -> u64 {
        let mut before = 0;
        let mut node = &self.top;
        loop {
            match node {
                Node::Leaf(keys) => {
                    return before + keys.partition_point(|(key, _)| is_before(key)) as u64;
                }
                Node::Branch(parts) => {
                    let border = parts.partition_point(|part| is_before(&part.from));
                    let around = border.saturating_sub(1);
                    before += parts[..around].iter().map(|part| part.count).sum::<u64>();
                    node = &parts[around].node;
                }
            }
        }
    }
}

impl<K: Ord + Copy, V: Summary> Node<K, V> {
    /// Adds a key. Answers the right half of what it had, when it had too much.
    fn insert(&mut self, key: K, value: V) -> Option<Self> {
        match self {
            Self::Leaf(keys) => {
                let place = keys.partition_point(|(other, _)| *other < key);
                keys.insert(place, (key, value));
                split(keys, place).map(Self::Leaf)
            }
            Self::Branch(parts) => {
                let place = place_of(parts, &key);
                let part = &mut parts[place];
                part.from = part.from.min(key);
                part.count += 1;
                part.sum = part.sum.with(value);
                let right = Part::of(part.node.insert(key, value)?);
                part.refresh();
                parts.insert(place + 1, right);
                split(parts, place + 1).map(Self::Branch)
            }
        }
    }

    fn remove(&mut self, key: &K) -> bool {
        match self {
            Self::Leaf(keys) => {
                let place = keys.binary_search_by(|(other, _)| other.cmp(key));
                place.map(|place| keys.remove(place)).is_ok()
            }
            Self::Branch(parts) => {
                let place = place_of(parts, key);
                let part = &mut parts[place];
                if !part.node.remove(key) {
                    return false;
                }
                if part.node.len() == 0 {
                    parts.remove(place);
                } else {
                    part.refresh();
                    unite(parts, place);
                }
                true
            }
        }
    }

    fn first_after(&self, after: Option<&K>, suits: &impl Fn(V) -> bool) -> Option<K> {
        match self {
            Self::Leaf(keys) => {
                let from = after.map_or(0, |after| keys.partition_point(|(key, _)| key <= after));
                let first = keys[from..].iter().find(|&&(_, value)| suits(value));
                first.map(key_of)
            }
            Self::Branch(parts) => {
                // Only the first of these parts may have keys that come too early.
                let from = after.map_or(0, |after| place_of(parts, after));
                let suiting = parts[from..].iter().filter(|part| suits(part.sum));
                let mut firsts = suiting.map(|part| part.node.first_after(after, suits));
                firsts.find_map(|first| first)
            }
        }
    }

    /// Keys or parts that it has itself.
    const fn len(&self) -> usize {
        match self {
            Self::Leaf(keys) => keys.len(),
            Self::Branch(parts) => parts.len(),
        }
    }
}

impl<K: Ord + Copy, V: Summary> Part<K, V> {
    /// # Panics
    /// If the node is empty: of nothing there is no sum.
    fn of(node: Node<K, V>) -> Self {
        let (from, count, sum) = account_of(&node);
        Self {
            from,
            count,
            sum,
            node,
        }
    }

    /// Works out again what it says of its node.
    fn refresh(&mut self) {
        (self.from, self.count, self.sum) = account_of(&self.node);
    }
}

/// What a part says of its node: where it begins, how many keys there are, and what their values come to.
fn account_of<K: Copy, V: Summary>(node: &Node<K, V>) -> (K, u64, V) {
    let account = match node {
        Node::Leaf(keys) => keys.split_first().map(|(&(from, first), others)| {
            let values = others.iter().map(|&(_, value)| value);
            (from, keys.len() as u64, values.fold(first, V::with))
        }),
        Node::Branch(parts) => parts.split_first().map(|(first, others)| {
            let sums = others.iter().map(|part| part.sum);
            let count = parts.iter().map(|part| part.count).sum();
            (first.from, count, sums.fold(first.sum, V::with))
        }),
    };
    account.expect("no part of a tree is empty")
}

/// The part in which a key lies, if it lies in any.
fn place_of<K: Ord, V>(parts: &[Part<K, V>], key: &K) -> usize {
    let after = parts.partition_point(|part| part.from <= *key);
    after.saturating_sub(1)
}

/// Takes the right half out of a list that is too long. What grows at its end stays full on the left: nothing comes there
/// any more.
fn split<T>(entries: &mut Vec<T>, added_at: usize) -> Option<Vec<T>> {
    if entries.len() <= ENTRIES_MAX {
        return None;
    }
    let is_at_the_end = added_at + 1 == entries.len();
    let left = if is_at_the_end {
        added_at
    } else {
        ENTRIES_MAX / 2
    };
    Some(entries.split_off(left))
}

/// Makes one part of two neighbours, when little is left of them.
fn unite<K: Ord + Copy, V: Summary>(parts: &mut Vec<Part<K, V>>, place: usize) {
    let left = place.min(parts.len().saturating_sub(2));
    let Some([one, other]) = parts.get_mut(left..left + 2) else {
        return;
    };
    if one.node.len() + other.node.len() > ENTRIES_OF_TWO {
        return;
    }
    match (&mut one.node, &mut other.node) {
        (Node::Leaf(keys), Node::Leaf(more)) => keys.append(more),
        (Node::Branch(parts), Node::Branch(more)) => parts.append(more),
        (Node::Leaf(_), Node::Branch(_)) | (Node::Branch(_), Node::Leaf(_)) => return,
    }
    one.refresh();
    parts.remove(left + 1);
}

/// Whether the place that has so many before it is among the next; if not, they are before it.
fn is_within(before: &mut u64, next: u64) -> bool {
    match before.checked_sub(next) {
        Some(left) => {
            *before = left;
            false
        }
        None => true,
    }
}

fn key_of<K: Copy, V>((key, _): &(K, V)) -> K {
    *key
}
