//! Numbers as people read them.

/// Units of time from the shortest on: how many microseconds, and the word.
const UNITS: [(u64, &str); 6] = [
    (1, "µs"),
    (1_000, "ms"),
    (1_000_000, "s"),
    (60_000_000, "min"),
    (3_600_000_000, "h"),
    (86_400_000_000, "d"),
];

/// The unit in which a length is at least 1, if there is one.
#[must_use]
pub(super) fn unit_for(us: u64) -> (u64, &'static str) {
    let fitting = UNITS.iter().rev().find(|(length, _)| *length <= us);
    *fitting.unwrap_or(&UNITS[0])
}

/// A length of time with three digits: `0 µs`, `12.5 ms`, `3.25 h`.
#[must_use]
pub(super) fn time(us: u64) -> String {
    let (length, unit) = unit_for(us);
    format!("{} {unit}", three_digits(us as f64 / length as f64))
}

/// A part of 1 as a percentage with one digit after the point.
#[must_use]
pub(super) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// A whole number with its thousands apart.
#[must_use]
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut apart = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

/// Three digits that count, without zeros behind the point.
pub(super) fn three_digits(number: f64) -> String {
    let decimals = match number.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.decimals$}");
    if decimals == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{percent, thousands, time};

    #[test]
    fn times_have_three_digits_and_a_fitting_unit() {
        let cases = [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_000, "1 ms"),
            (12_340, "12.3 ms"),
            (59_999_000, "60 s"),
            (90_000_000, "1.5 min"),
            (5_400_000_000, "1.5 h"),
            (200 * 86_400_000_000, "200 d"),
        ];
        for (us, text) in cases {
            assert_eq!(time(us), text);
        }
    }

    #[test]
    fn thousands_are_apart() {
        let texts = [0, 999, 1_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(0.1234), "12.3 %");
    }
}
