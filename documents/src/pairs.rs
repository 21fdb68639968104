//! Tables whose rows are names and their values: no row of them is a header for the others. What says that a table is one, its reader knows.

use crate::outline::Outline;
use crate::whitespace::one_line;

/// A line `name: value` for each row, so that each says what it says alone. A cell that is a row alone stands alone, above what it is about.
pub(crate) fn append(rows: Vec<Vec<String>>, outline: &mut Outline) {
    let mut lines = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| one_line(cell))
            .filter(|cell| !cell.is_empty())
            .collect();
        match (cells.as_slice(), row.len()) {
            ([name, value], _) => {
                let name = name.trim_end_matches([':', '：', ' ']);
                let colon = if name.ends_with(['?', '!']) { "" } else { ":" };
                lines.push_str(&format!("{name}{colon} {value}\n"));
            }
            ([alone], 1) => {
                outline.paragraph(&std::mem::take(&mut lines));
                outline.paragraph(alone);
            }
            // A name without a value, or a value without a name.
            ([alone], _) => lines.push_str(&format!("{alone}\n")),
            _ => {}
        }
    }
    outline.paragraph(&lines);
}
