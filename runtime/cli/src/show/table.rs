//! Tables without borders, and the two-column pages that show one thing.

use comfy_table::{ContentArrangement, Table, presets};

/// Spaces between two columns.
const GAP: u16 = 2;

/// What stands where there is nothing.
pub(crate) const ABSENT: &str = "-";

/// Rows under their headings; no text at all without rows.
pub(crate) fn rows(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = empty();
    table.set_header(headings.iter().copied());
    table.add_rows(
        rows.into_iter()
            .map(|row| row.into_iter().map(|cell| plain(&cell)).collect::<Vec<_>>()),
    );
    if table.row_count() == 0 {
        String::new()
    } else {
        text(table)
    }
}

/// Rows without headings.
pub(crate) fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = empty();
    table.add_rows(
        rows.into_iter()
            .map(|row| row.into_iter().map(|cell| plain(&cell)).collect::<Vec<_>>()),
    );
    text(table)
}

/// Names and what belongs to them; a name without a value is left out.
pub(crate) fn page<'a>(facts: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut table = empty();
    for (name, value) in facts {
        if let Some(value) = value {
            table.add_row([name.to_owned(), plain(&value)]);
        }
    }
    text(table)
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn text(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table.trim_fmt()
}

/// The first line of a text that may have more; what follows does not fit a cell.
pub(crate) fn first_line(text: Option<&str>) -> String {
    text.and_then(|text| text.lines().next())
        .unwrap_or_default()
        .to_owned()
}

/// Lines with two spaces before each.
pub(crate) fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Labels in a row.
pub(crate) fn labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let pairs: Vec<String> = labels
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(" ")
}

/// Text that cannot move the cursor or break a row, whoever wrote it.
pub(crate) fn plain(text: &str) -> String {
    let escaped = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_headings_and_no_borders() {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = rows(
            &["ID", "NAME"],
            [cells(["#412", "render"]), cells(["#7", "x\x1b[2J\ny"])],
        );
        assert_eq!(text, "ID    NAME\n#412  render\n#7    x\\u{1b}[2J\\ny");
    }

    #[test]
    fn an_empty_table_is_nothing() {
        assert_eq!(rows(&["ID"], []), "");
    }

    #[test]
    fn a_page_leaves_out_what_is_absent() {
        let text = page([
            ("id", Some("job_1".to_owned())),
            ("name", None),
            ("state", Some("queued".to_owned())),
        ]);
        assert_eq!(text, "id     job_1\nstate  queued");
    }
}
