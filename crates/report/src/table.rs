//! Tables that scroll sideways by themselves, so that a phone's page does not.

use maud::{Markup, html};

use crate::part::marked;

/// One cell of a table's body.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Words, which may wrap.
    Words(String),
    /// A number, in one line.
    Number(String),
    /// A number that stands out, for what the reader came for.
    Chief(String),
    /// Nothing was measured.
    Empty,
}

/// A table; the first cell of each row is its heading.
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Cell>)>,
}

impl Table {
    pub(crate) fn markup(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.caption) {
                table {
                    caption { span { (self.caption) } }
                    thead { tr { @for column in &self.columns { th scope="col" { (column) } } } }
                    tbody {
                        @for (heading, cells) in &self.rows {
                            tr {
                                th scope="row" { (heading) }
                                @for cell in cells {
                                    @match cell {
                                        Cell::Words(words) => td { (marked(words)) },
                                        Cell::Number(number) => td.number { (number) },
                                        Cell::Chief(number) => td.number.chief { (number) },
                                        Cell::Empty => td.number { span.nothing title="not measured" { "–" } },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Names and values, one pair a line.
pub(crate) fn pairs(rows: &[(&str, String)]) -> Markup {
    html! {
        dl { @for (name, value) in rows { div { dt { (name) } dd { (value) } } } }
    }
}
