//! An ordered set that answers three questions in as many steps as it is deep: which key is the n-th, how many keys come
//! before a border, and which is the first whose value suits. For that each part of the tree carries how many keys are in
//! it and the sum of their values.
//!
//! It is a treap: a search tree by key and a heap by a rank that is spread evenly from a counter, which keeps it shallow
//! whatever the order of insertion. No answer depends on the ranks. It knows nothing of what its keys mean.

use alloc::boxed::Box;
use core::cmp::Ordering;

/// Keys in order, each with a value.
#[derive(Clone, Debug)]
pub(crate) struct Tree<K, V> {
    root: Link<K, V>,
    inserted: u64,
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

type Link<K, V> = Option<Box<Node<K, V>>>;

#[derive(Clone, Debug)]
struct Node<K, V> {
    key: K,
    value: V,
    rank: u64,
    /// Keys in this part of the tree.
    count: u64,
    /// The values of this part of the tree together.
    sum: V,
    left: Link<K, V>,
    right: Link<K, V>,
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self {
            root: None,
            inserted: 0,
        }
    }
}

impl<K: Ord + Copy, V: Summary> Tree<K, V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    pub(crate) fn len(&self) -> u64 {
        count(&self.root)
    }

    /// Adds a key that is not in it.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.inserted += 1;
        let node = Box::new(Node {
            key,
            value,
            rank: spread(self.inserted),
            count: 1,
            sum: value,
            left: None,
            right: None,
        });
        self.root = Some(put(self.root.take(), node));
    }

    /// Takes a key out. Answers whether it was in.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        take(&mut self.root, key)
    }

    /// The first key whose value suits, of those after one key or of all. A sum must suit exactly when a part of it does.
    pub(crate) fn first_after(&self, after: Option<&K>, suits: impl Fn(V) -> bool) -> Option<K> {
        first_after(&self.root, after, &suits)
    }

    /// The key that has `before` keys before it.
    pub(crate) fn nth(&self, mut before: u64) -> Option<K> {
        let mut node = self.root.as_deref()?;
        loop {
            let left = count(&node.left);
            match before.cmp(&left) {
                Ordering::Less => node = node.left.as_deref()?,
                Ordering::Equal => return Some(node.key),
                Ordering::Greater => {
                    before -= left + 1;
                    node = node.right.as_deref()?;
                }
            }
        }
    }

    /// How many keys come before a border: `is_before` holds for them and for none after the first for which it does not.
    pub(crate) fn count_before(&self, is_before: impl Fn(&K) -> bool) -> u64 {
        let mut before = 0;
        let mut next = self.root.as_deref();
        while let Some(node) = next {
            if is_before(&node.key) {
                before += count(&node.left) + 1;
                next = node.right.as_deref();
            } else {
                next = node.left.as_deref();
            }
        }
        before
    }
}

impl<K, V: Summary> Node<K, V> {
    /// Works out again what it says of its part of the tree.
    fn refresh(&mut self) {
        self.count = count(&self.left) + 1 + count(&self.right);
        self.sum = self.value;
        for below in [&self.left, &self.right].into_iter().flatten() {
            self.sum = self.sum.with(below.sum);
        }
    }
}

fn count<K, V>(link: &Link<K, V>) -> u64 {
    link.as_deref().map_or(0, |node| node.count)
}

fn first_after<K: Ord + Copy, V: Summary>(
    link: &Link<K, V>,
    after: Option<&K>,
    suits: &impl Fn(V) -> bool,
) -> Option<K> {
    let top = link.as_deref().filter(|top| suits(top.sum))?;
    if after.is_some_and(|after| top.key <= *after) {
        return first_after(&top.right, after, suits);
    }
    first_after(&top.left, after, suits).or_else(|| {
        if suits(top.value) {
            Some(top.key)
        } else {
            first_after(&top.right, None, suits)
        }
    })
}

fn put<K: Ord, V: Summary>(link: Link<K, V>, mut node: Box<Node<K, V>>) -> Box<Node<K, V>> {
    let Some(mut top) = link else { return node };
    if node.rank > top.rank {
        (node.left, node.right) = split(Some(top), &node.key);
        node.refresh();
        return node;
    }
    if node.key < top.key {
        top.left = Some(put(top.left.take(), node));
    } else {
        top.right = Some(put(top.right.take(), node));
    }
    top.refresh();
    top
}

fn take<K: Ord, V: Summary>(link: &mut Link<K, V>, key: &K) -> bool {
    let Some(top) = link else { return false };
    let was_in = match key.cmp(&top.key) {
        Ordering::Less => take(&mut top.left, key),
        Ordering::Greater => take(&mut top.right, key),
        Ordering::Equal => {
            *link = join(top.left.take(), top.right.take());
            return true;
        }
    };
    top.refresh();
    was_in
}

/// The keys before `key`, and the others.
fn split<K: Ord, V: Summary>(link: Link<K, V>, key: &K) -> (Link<K, V>, Link<K, V>) {
    let Some(mut top) = link else {
        return (None, None);
    };
    if top.key < *key {
        let (before, after) = split(top.right.take(), key);
        top.right = before;
        top.refresh();
        (Some(top), after)
    } else {
        let (before, after) = split(top.left.take(), key);
        top.left = after;
        top.refresh();
        (before, Some(top))
    }
}

/// One tree of two, when each key of the left one comes before each of the right one.
fn join<K, V: Summary>(left: Link<K, V>, right: Link<K, V>) -> Link<K, V> {
    let (mut left, mut right) = match (left, right) {
        (None, one) | (one, None) => return one,
        (Some(left), Some(right)) => (left, right),
    };
    if left.rank > right.rank {
        left.right = join(left.right.take(), Some(right));
        left.refresh();
        Some(left)
    } else {
        right.left = join(Some(left), right.left.take());
        right.refresh();
        Some(right)
    }
}

/// Numbers without a pattern from 1, 2, 3, …: an invertible mix of multiplications and shifts, so none comes twice.
const fn spread(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}
