//! Bytes that are nearly right: they get further into a parser than those that are wrong at once.

use sublet_simulator::random::Random;

/// Longest input: parsers with a limit have it in the text of their refusal, and their own test.
const BYTES_MAX: usize = 128 << 10;
/// Where counting goes wrong.
const NUMBERS: &[u64] = &[
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// One of the corpus with a few edits; `words` mean something to who reads it.
pub(super) fn mutated<C: AsRef<[u8]>>(
    random: &mut Random,
    corpus: &[C],
    words: &[&str],
) -> Vec<u8> {
    let mut bytes = one_of(random, corpus).as_ref().to_vec();
    let most = 1 + random.below(6);
    for _ in 0..=random.below(most) {
        edit(random, &mut bytes, corpus, words);
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// Bytes that are nothing, at most so many.
pub(super) fn noise(random: &mut Random, most: u64) -> Vec<u8> {
    let length = random.below(most + 1);
    (0..length).map(|_| byte(random)).collect()
}

/// One of the list, which has one.
pub(super) fn one_of<'a, T>(random: &mut Random, list: &'a [T]) -> &'a T {
    &list[below(random, list.len())]
}

fn edit<C: AsRef<[u8]>>(random: &mut Random, bytes: &mut Vec<u8>, corpus: &[C], words: &[&str]) {
    let at = below(random, bytes.len() + 1);
    match random.below(9) {
        0 => change(bytes, at, |byte| byte ^ (1 << random.below(8))),
        1 => change(bytes, at, |_| byte(random)),
        2 => insert(bytes, at, &noise(random, 16)),
        3 => drop(bytes.drain(piece(random, at, bytes.len()))),
        4 => {
            let copied = bytes[piece(random, at, bytes.len())].to_vec();
            insert(bytes, below(random, bytes.len() + 1), &copied);
        }
        5 => {
            let other = one_of(random, corpus).as_ref();
            let from = below(random, other.len() + 1);
            insert(bytes, at, &other[piece(random, from, other.len())]);
        }
        6 if !words.is_empty() => insert(bytes, at, one_of(random, words).as_bytes()),
        7 => write_number(random, bytes, at),
        _ => bytes.truncate(at),
    }
}

/// In the forms in which lengths are written: so many bytes of either order, seven bits at a time, or as a text.
fn write_number(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let number = random.pick(NUMBERS);
    let size = 1 << random.below(4);
    match random.below(4) {
        0 => overwrite(bytes, at, &number.to_le_bytes()[..size]),
        1 => overwrite(bytes, at, &number.to_be_bytes()[8 - size..]),
        2 => overwrite(bytes, at, &seven_bits_at_a_time(number)),
        _ => insert(bytes, at, number.to_string().as_bytes()),
    }
}

fn seven_bits_at_a_time(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn change(bytes: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = to(*byte);
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, more: &[u8]) {
    bytes.splice(at..at, more.iter().copied());
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    bytes[at..]
        .iter_mut()
        .zip(with)
        .for_each(|(byte, with)| *byte = *with);
}

/// Some bytes from a place on, rarely many.
fn piece(random: &mut Random, from: usize, length: usize) -> std::ops::Range<usize> {
    let most = random.pick(&[4, 64, usize::MAX]);
    let count = below(random, (length - from).min(most) + 1);
    from..from + count
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap()
}

fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(u64::try_from(bound).unwrap())).unwrap()
}

#[test]
fn edits_are_many_and_bounded_and_the_same_for_a_seed() {
    let corpus = ["a small text of the corpus"];
    let made = |seed| mutated(&mut Random::new(seed), &corpus, &["word"]);
    let all: std::collections::BTreeSet<_> = (0..1_000).map(made).collect();
    assert!(all.len() > 700, "only {} of 1,000 differ", all.len());
    assert!(all.iter().all(|bytes| bytes.len() <= BYTES_MAX));
    assert_eq!(made(7), made(7));
    assert_eq!(seven_bits_at_a_time(300), [0xac, 2]);
}
