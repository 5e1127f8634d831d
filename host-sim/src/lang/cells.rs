//! Rows of tables: cells with two spaces or more between them. A Chinese character takes two columns.

use unicode_width::UnicodeWidthStr;

/// A cell, and the spaces after it.
pub(super) struct Cell<'t> {
    pub(super) text: &'t str,
    pub(super) gap: usize,
}

/// The cells of a row without spaces at its ends; `None`: it has only one.
pub(super) fn split(row: &str) -> Option<Vec<Cell<'_>>> {
    let (mut cells, mut rest) = (Vec::new(), row);
    while let Some(at) = rest.find("  ") {
        let (text, after) = rest.split_at(at);
        let next = after.trim_start_matches(' ');
        cells.push(Cell { text, gap: after.len() - next.len() });
        rest = next;
    }
    if cells.is_empty() {
        return None;
    }
    cells.push(Cell { text: rest, gap: 0 });
    Some(cells)
}

/// The row with other texts in its cells, each beginning where it did, or two columns after the one before it.
pub(super) fn join(cells: &[Cell<'_>], texts: &[String]) -> String {
    let (mut row, mut begins) = (String::new(), 0);
    for (cell, text) in cells.iter().zip(texts) {
        if !row.is_empty() {
            let here = row.width();
            row.push_str(&" ".repeat(begins.max(here + 2) - here));
        }
        row.push_str(text);
        begins += cell.text.width() + cell.gap;
    }
    row
}
