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
        table.add_row(row);
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

fn is_number(cell: &str) -> bool {
    cell.trim_end_matches('%').parse::<f64>().is_ok()
}
