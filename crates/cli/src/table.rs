//! Tables for people.

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table};

/// A table without rules, fitted to the terminal, columns of numbers to the right.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
    let mut numeric = vec![true; header.len()];
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            numeric[column] &= cell.is_empty() || is_number(cell);
        }
        table.add_row(row.iter().map(|cell| visible(cell, &[])));
    }
    for (column, numeric) in numeric.into_iter().enumerate().skip(1) {
        if let Some(column) = table.column_mut(column)
            && numeric
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `text` with control characters written out, but for those `allowed`: a file's name must not move the cursor of whoever
/// reads what was found of it.
pub(crate) fn visible(text: &str, allowed: &[char]) -> String {
    let mut seen = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() && !allowed.contains(&letter) {
            seen.extend(letter.escape_default());
        } else {
            seen.push(letter);
        }
    }
    seen
}

fn is_number(cell: &str) -> bool {
    cell.trim_end_matches('%').parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_do_not_move_the_cursor() {
        let row = vec!["a.gif\r b.gif  real\u{1b}[8m\n".to_owned(), "fake".to_owned()];
        let shown = table(&["", "judgement"], [row]).to_string();
        assert!(shown.contains(r"a.gif\r b.gif  real\u{1b}[8m\n"), "{shown}");
        assert_eq!(shown.lines().count(), 2);
    }
}
