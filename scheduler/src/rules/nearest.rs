//! Which known name was probably meant: the one with the fewest letters added, dropped, changed or swapped.

use alloc::vec;
use alloc::vec::Vec;

/// Longer words are compared by their beginning, so that the cost does not grow with what was sent.
const LETTERS_MAX: usize = 32;

/// The candidate that is nearest to `found`; of two equally near the first.
pub(crate) fn nearest<'a>(
    found: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates.min_by_key(|candidate| distance(found, candidate))
}

/// How many edits lead from one to the other; two neighbours that changed places are one edit.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(LETTERS_MAX).collect();
    let to: Vec<char> = to.chars().take(LETTERS_MAX).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut least = changed.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped =
                row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            current.push(least);
        }
        before_last = last;
        last = current;
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        let cases = [
            ("", "", 0),
            ("cpu", "cpu", 0),
            ("cup", "cpu", 1),
            ("cp", "cpu", 1),
            ("cpus", "cpu", 1),
            ("memroy", "memory", 1),
            ("", "idle", 4),
            ("load", "idle", 4),
        ];
        for (from, to, edits) in cases {
            assert_eq!(distance(from, to), edits, "{from:?} to {to:?}");
        }
    }
}
