/// A row as a sentence would say it, each cell before the name of its column: "12 Years; 4 Days". So a unit or what is counted, which a table has in its header
/// alone, stands where it is looked for. `None` where they have not as many cells.
pub(super) fn under_header(header: &str, row: &str) -> Option<String> {
    let (names, cells) = (cells(header), cells(row));
    let named = names.len() == cells.len() && cells.len() > 1;
    let said = || cells.iter().zip(&names).filter(|(cell, _)| !cell.is_empty());
    named.then(|| {
        let said: Vec<String> = said().map(|(cell, name)| format!("{cell} {name}")).collect();
        said.join("; ")
    })
}

pub(super) fn cells(row: &str) -> Vec<&str> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    row.strip_suffix('|').unwrap_or(row).split('|').map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::under_header;

    #[test]
    fn a_cell_stands_before_the_name_of_its_column() {
        let said = |header, row| under_header(header, row);
        assert_eq!(said("Model | Years", "K9 | 12").as_deref(), Some("K9 Model; 12 Years"));
        assert_eq!(said("| A | B |", "| 1 | |").as_deref(), Some("1 A"));
        assert_eq!(said("A | B | C", "1 | 2"), None);
        assert_eq!(said("A", "1"), None);
    }
}
