//! A table in plain text: the first column to the left, the others to the right, as wide as their widest cell.

/// The lines of a table, each with its line end.
#[must_use]
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]);
        cells
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for row in [&head].into_iter().chain(rows) {
        text.push_str(line(row, &widths).trim_end());
        text.push('\n');
    }
    text
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate();
    let padded = cells.map(|(column, (cell, &width))| {
        if column == 0 {
            format!("{cell:<width$}")
        } else {
            format!("  {cell:>width$}")
        }
    });
    padded.collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |name: &str, wait: &str| vec![name.to_owned(), wait.to_owned()];
        let text = table(
            &["user", "wait"],
            &[row("anna", "5 µs"), row("bo", "12.5 ms")],
        );
        assert_eq!(text, "user     wait\nanna     5 µs\nbo    12.5 ms\n");
    }
}
