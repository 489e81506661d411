//! Text that a guest made, made safe to show: on one line, without control characters, of bounded length.

/// The longest piece of a guest's text that is shown.
const PIECE_CHARS_MAX: usize = 200;

/// `text`, escaped and bounded.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(PIECE_CHARS_MAX) {
        match character {
            // Escapes control characters and those that turn the direction of writing.
            _ if is_plain(character) => shown.push(character),
            _ => shown.extend(character.escape_default()),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

fn is_plain(character: char) -> bool {
    let turns_direction = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !turns_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_plain_text_alone() {
        assert_eq!(shown("rb-js-abi-host größer"), "rb-js-abi-host größer");
    }

    #[test]
    fn escapes_what_could_steer_a_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
    }

    #[test]
    fn bounds_the_length() {
        assert_eq!(shown(&"x".repeat(500)).chars().count(), PIECE_CHARS_MAX + 1);
    }
}
