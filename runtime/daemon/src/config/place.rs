//! Places in a document, as its author sees them: line, column, and the line with carets below.

use std::ops::Range;

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: u32,
    /// The character in the line, counted from 1.
    pub column: u32,
    /// The line with carets under the place.
    pub excerpt: String,
}

impl Place {
    /// The place of these bytes. A range over several lines is shown as far as the first goes.
    pub(super) fn of(document: &str, bytes: &Range<usize>) -> Self {
        let start = floor(document, bytes.start);
        let end = floor(document, bytes.end).max(start);
        let line_start = document[..start].rfind('\n').map_or(0, |before| before + 1);
        let rest = &document[line_start..];
        let text = rest.split(['\n', '\r']).next().unwrap_or_default();
        let line = 1 + document[..start].matches('\n').count();
        let before = document[line_start..start].chars().count();
        let left = text.chars().count().saturating_sub(before);
        let width = document[start..end].chars().count().min(left).max(1);
        let margin = " ".repeat(line.to_string().len());
        // A tab stays a tab, so that the caret stands below its character at any width.
        let indent: String = text.chars().take(before).map(blank).collect();
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
            excerpt: format!(
                "{margin} |\n{line} | {text}\n{margin} | {indent}{}",
                "^".repeat(width)
            ),
        }
    }

    /// The place of a byte within a text that the document quotes: with everything after it that belongs to the same
    /// name or number. Where escapes make text and document differ, that of the quoted text.
    pub(super) fn within(
        document: &str,
        quoted: &Range<usize>,
        text: &str,
        position: usize,
    ) -> Self {
        let raw = document.get(quoted.clone()).unwrap_or_default();
        let position = floor(text, position);
        let word = text[position..]
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_'))
            .unwrap_or(text.len() - position)
            .max(1);
        match raw.find(text) {
            Some(begins) => {
                let start = quoted.start + begins + position;
                Self::of(document, &(start..start + word))
            }
            None => Self::of(document, quoted),
        }
    }
}

fn blank(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}

/// The beginning of the character that this byte belongs to.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_place() {
        let document = "a = 1\nentry = 'node.memry > 2GiB'\n";
        let quoted = document.find('\'').unwrap()..document.len() - 1;
        let place = Place::within(document, &quoted, "node.memry > 2GiB", 0);
        assert_eq!((place.line, place.column), (2, 10));
        assert_eq!(
            place.excerpt,
            "  |\n2 | entry = 'node.memry > 2GiB'\n  |          ^^^^^^^^^^"
        );
    }

    #[test]
    fn a_text_with_escapes_is_shown_as_a_whole() {
        let document = r#"entry = "node.host == \"a\"""#;
        let quoted = 8..document.len();
        let place = Place::within(document, &quoted, r#"node.host == "a""#, 13);
        assert_eq!(place.column, 9);
    }

    #[test]
    fn no_place_is_outside_of_the_document() {
        for (document, bytes) in [
            ("", 0..0),
            ("", 5..9),
            ("ä", 1..9),
            ("a\r\nb", 3..4),
            ("a\n", 2..2),
        ] {
            let place = Place::of(document, &bytes);
            assert!(place.excerpt.ends_with('^'), "{document:?}: {place:?}");
        }
        assert!(Place::of("\tä b", &(4..5)).excerpt.ends_with("| \t  ^"));
    }
}
