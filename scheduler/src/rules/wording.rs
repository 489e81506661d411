//! Values as a rule would write them, in the largest unit that shows them exactly.

use alloc::format;
use alloc::string::{String, ToString};

use super::attribute::{Attribute, Sort};

/// The amount, in thousandths, bytes or milliseconds as its attribute has it.
pub(crate) fn amount(attribute: Attribute, amount: i128) -> String {
    match attribute.sort() {
        Sort::Thousandths => thousandths(amount),
        Sort::Bytes => in_units(
            amount,
            &[
                (1 << 40, "TiB"),
                (1 << 30, "GiB"),
                (1 << 20, "MiB"),
                (1 << 10, "KiB"),
                (1, "B"),
            ],
        ),
        Sort::Duration => in_units(
            amount,
            &[
                (86_400_000, "d"),
                (3_600_000, "h"),
                (60_000, "m"),
                (1_000, "s"),
                (1, "ms"),
            ],
        ),
        Sort::Truth => (amount != 0).to_string(),
        Sort::Count
        | Sort::Priority
        | Sort::Text
        | Sort::Word(_)
        | Sort::Labels
        | Sort::TextSet => amount.to_string(),
    }
}

/// The text in quotes.
pub(crate) fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for one in text.chars() {
        if matches!(one, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(one);
    }
    quoted.push('"');
    quoted
}

fn in_units(amount: i128, units: &[(i128, &str)]) -> String {
    let exact = |(size, _): &&(i128, &str)| amount != 0 && amount % size == 0;
    let smallest = units.last().map_or("", |(_, name)| name);
    match units.iter().find(exact) {
        Some((size, name)) => format!("{}{name}", amount / size),
        None => format!("{amount}{smallest}"),
    }
}

fn thousandths(amount: i128) -> String {
    let (whole, rest) = (amount / 1000, amount % 1000);
    let decimals = format!("{whole}.{rest:03}");
    let short = decimals.trim_end_matches('0').trim_end_matches('.');
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_the_largest_exact_unit() {
        let cases = [
            (Attribute::NodeCpu, 2_000, "2"),
            (Attribute::NodeCpu, 1_250, "1.25"),
            (Attribute::NodeLoad, 0, "0"),
            (Attribute::NodeLoad, 951, "0.951"),
            (Attribute::NodeLoad, 10_000, "10"),
            (Attribute::NodeMemory, 0, "0B"),
            (Attribute::NodeMemory, 4 << 30, "4GiB"),
            (Attribute::NodeMemory, 1537, "1537B"),
            (Attribute::SubIdle, 600_000, "10m"),
            (Attribute::SubIdle, 600_001, "600001ms"),
            (Attribute::NodePriority, -7, "-7"),
            (Attribute::NodeHealthy, 1, "true"),
        ];
        for (attribute, raw, shown) in cases {
            assert_eq!(amount(attribute, raw), shown);
        }
        assert_eq!(text(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
