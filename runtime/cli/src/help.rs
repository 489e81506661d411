//! The pages of `sublet help TOPIC`: text files beside this one, and the page of every error code.

use sublet_api::Code;

/// Columns of a page.
const WIDTH: usize = 80;
/// How alike a misspelt word must be to be taken for a known one.
const LIKENESS_MIN: f64 = 0.75;

/// The topics, each with its page.
pub(crate) const TOPICS: &[(&str, &str)] = &[
    ("rules", include_str!("help/rules.txt")),
    ("loads", include_str!("help/loads.txt")),
    ("exit-codes", include_str!("help/exit-codes.txt")),
    ("selectors", include_str!("help/selectors.txt")),
    ("limits", include_str!("help/limits.txt")),
    ("networking", include_str!("help/networking.txt")),
    ("output", include_str!("help/output.txt")),
    ("environment", include_str!("help/environment.txt")),
    ("errors", include_str!("help/errors.txt")),
];

/// The page of a topic or of an error code, if this is one.
pub(crate) fn page(word: &str) -> Option<String> {
    if let Some(code) = Code::parse(word) {
        return Some(of_code(code));
    }
    let (name, page) = TOPICS.iter().find(|(name, _)| *name == word)?;
    match *name {
        "errors" => Some(format!("{page}\n{}", all_codes())),
        _ => Some((*page).to_owned()),
    }
}

fn of_code(code: Code) -> String {
    format!("{code}  {}\n\n{}", code.title(), wrapped(code.page()))
}

fn all_codes() -> String {
    Code::ALL
        .iter()
        .map(|code| format!("  {code}  {}\n", code.title()))
        .collect()
}

/// Text in lines of at most [`WIDTH`] columns.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

/// The name most like a misspelt word, if any is like it at all.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (name, strsim::jaro(word, name)))
        .filter(|(_, likeness)| *likeness > LIKENESS_MIN)
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page() {
        for code in Code::ALL {
            let page = page(&code.to_string()).unwrap();
            assert!(
                page.starts_with(&format!("{code}  {}\n\n", code.title())),
                "{page}"
            );
            assert!(
                page.lines().all(|line| line.chars().count() <= WIDTH),
                "{page}"
            );
            assert!(page.lines().count() >= 3, "{page}");
        }
    }

    #[test]
    fn every_topic_has_a_page_that_fits_a_terminal() {
        for (name, text) in TOPICS {
            assert!(
                page(name)
                    .unwrap()
                    .starts_with(text.lines().next().unwrap())
            );
            assert!(text.lines().count() >= 3, "{name}");
            assert!(
                text.lines().all(|line| line.chars().count() <= WIDTH),
                "{name}"
            );
        }
    }

    #[test]
    fn the_page_of_exit_codes_has_every_code() {
        let page = page("exit-codes").unwrap();
        for code in [
            "0", "1-123", "2", "4", "5", "6", "7", "124", "125", "126", "127", "130", "134", "137",
            "143", "152", "153", "159",
        ] {
            assert!(
                page.lines()
                    .any(|line| line.trim_start().starts_with(&format!("{code} "))),
                "{code}"
            );
        }
    }
}
