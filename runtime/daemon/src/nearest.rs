//! Names that somebody may have meant. It knows how names are misspelt, and how readers of text tell of unknown ones.

/// How far a name may be from a known one to be offered in its place: 0 is nothing alike, 1 the same.
const ALIKE_ENOUGH: f64 = 0.7;

/// Takes "unknown field `a`, expected one of `b`, `c`" apart; the same for the variants of a word.
pub(crate) fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    let (_, rest) = message
        .split_once("unknown field `")
        .or_else(|| message.split_once("unknown variant `"))?;
    let (unknown, rest) = rest.split_once('`')?;
    Some((unknown, rest.split('`').skip(1).step_by(2).collect()))
}

/// The name most like an unknown one, if any is like it at all.
pub(crate) fn nearest<'a>(unknown: &str, known: Vec<&'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(alike, _)| *alike >= ALIKE_ENOUGH)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, unknown_name};

    #[test]
    fn a_misspelt_field_is_offered_its_nearest_name() {
        let message = "unknown field `memory_byte`, expected one of `cpu_millis`, `memory_bytes` at line 1 column 4";
        let (unknown, known) = unknown_name(message).unwrap();
        assert_eq!(
            (unknown, known.as_slice()),
            ("memory_byte", &["cpu_millis", "memory_bytes"][..])
        );
        assert_eq!(nearest(unknown, known), Some("memory_bytes"));
        assert_eq!(nearest("zebra", vec!["cpu_millis"]), None);
    }
}
