//! An ordered set that answers three questions in as many steps as it is deep: which key is the n-th, how many keys come
//! before a border, and which is the first whose timeout is short enough. For that each part of the tree carries how many
//! keys are in it and the least of their timeouts.
//!
//! It is a treap: a search tree by key and a heap by a rank that is spread evenly from a counter, which keeps it shallow
//! whatever the order of insertion. No answer depends on the ranks. It knows nothing of what its keys mean.

use alloc::boxed::Box;
use core::cmp::Ordering;

/// Keys in order, each with a timeout.
#[derive(Debug)]
pub(crate) struct Tree<K> {
    root: Link<K>,
    inserted: u64,
}

type Link<K> = Option<Box<Node<K>>>;

#[derive(Debug)]
struct Node<K> {
    key: K,
    timeout_ms: u64,
    rank: u64,
    /// Keys in this part of the tree.
    count: u64,
    /// The least timeout in this part of the tree.
    least_ms: u64,
    left: Link<K>,
    right: Link<K>,
}

impl<K> Default for Tree<K> {
    fn default() -> Self {
        Self {
            root: None,
            inserted: 0,
        }
    }
}

impl<K: Ord + Copy> Tree<K> {
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    pub(crate) fn len(&self) -> u64 {
        count(&self.root)
    }

    /// Adds a key that is not in it.
    pub(crate) fn insert(&mut self, key: K, timeout_ms: u64) {
        self.inserted += 1;
        let node = Box::new(Node {
            key,
            timeout_ms,
            rank: spread(self.inserted),
            count: 1,
            least_ms: timeout_ms,
            left: None,
            right: None,
        });
        self.root = Some(put(self.root.take(), node));
    }

    /// Takes a key out. Answers whether it was in.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        take(&mut self.root, key)
    }

    /// The first key with at most that timeout.
    pub(crate) fn first_within(&self, timeout_ms: u64) -> Option<K> {
        let mut node = self
            .root
            .as_deref()
            .filter(|node| node.least_ms <= timeout_ms)?;
        loop {
            let left = node.left.as_deref();
            if let Some(left) = left.filter(|left| left.least_ms <= timeout_ms) {
                node = left;
            } else if node.timeout_ms <= timeout_ms {
                return Some(node.key);
            } else {
                node = node.right.as_deref()?;
            }
        }
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

impl<K> Node<K> {
    /// Works out again what it says of its part of the tree.
    fn refresh(&mut self) {
        self.count = count(&self.left) + 1 + count(&self.right);
        let below = least(&self.left).min(least(&self.right));
        self.least_ms = self.timeout_ms.min(below);
    }
}

fn count<K>(link: &Link<K>) -> u64 {
    link.as_deref().map_or(0, |node| node.count)
}

fn least<K>(link: &Link<K>) -> u64 {
    link.as_deref().map_or(u64::MAX, |node| node.least_ms)
}

fn put<K: Ord>(link: Link<K>, mut node: Box<Node<K>>) -> Box<Node<K>> {
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

fn take<K: Ord>(link: &mut Link<K>, key: &K) -> bool {
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
fn split<K: Ord>(link: Link<K>, key: &K) -> (Link<K>, Link<K>) {
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
fn join<K>(left: Link<K>, right: Link<K>) -> Link<K> {
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
