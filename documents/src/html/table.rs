use ego_tree::{NodeId, NodeRef};
use scraper::Node;
use scraper::node::Element;

use super::blocks::is_skipped;
use crate::table::Cell;

/// HTML's own limits are 1,000 columns and 65,534 rows; merged cells end where no table that people read goes on.
const MAX_COLUMNS: usize = 100;
/// A cell of a table of data has no headings, listings or tables within more text than this, in bytes.
const MAX_DATA_BYTES: usize = 2_000;
/// What a repeated cell takes up besides its text.
const CELL_BYTES: usize = 8;

/// The rows of a table, without those of tables in its cells, and its caption.
pub(super) struct Table<'t> {
    pub(super) caption: Option<NodeRef<'t, Node>>,
    pub(super) rows: Vec<Row<'t>>,
}

pub(super) struct Row<'t> {
    /// The `thead`, `tbody` or `tfoot`, at whose end cells end too.
    group: Option<NodeId>,
    pub(super) is_head: bool,
    pub(super) cells: Vec<NodeRef<'t, Node>>,
}

impl<'t> Table<'t> {
    pub(super) fn of(table: NodeRef<'t, Node>) -> Table<'t> {
        let mut read = Table {
            caption: None,
            rows: Vec::new(),
        };
        for child in shown(table) {
            match name(child) {
                "caption" => read.caption = read.caption.or(Some(child)),
                "tr" => read.rows.push(Row::of(child, None)),
                group @ ("thead" | "tbody" | "tfoot") => {
                    let rows = shown(child).filter(|row| name(*row) == "tr");
                    read.rows.extend(rows.map(|row| Row {
                        is_head: group == "thead",
                        ..Row::of(row, Some(child.id()))
                    }));
                }
                _ => {}
            }
        }
        read
    }

    /// Whether `table`, which this was read from, only lays out the page: it holds headings, listings or tables, and says so itself
    /// (`role=presentation`) or, without a header cell, has a single row or column, or a cell that is as good as a page.
    pub(super) fn lays_out_the_page(&self, table: NodeRef<'_, Node>) -> bool {
        if !table.children().any(|child| child.descendants().any(is_structure)) {
            return false;
        }
        let role = table.value().as_element().and_then(|table| table.attr("role"));
        if matches!(role, Some("presentation" | "none")) {
            return true;
        }
        let mut cells = self.rows.iter().flat_map(|row| &row.cells);
        if cells.clone().any(|cell| name(*cell) == "th") {
            return false;
        }
        self.rows.len() <= 1 || self.rows.iter().all(|row| row.cells.len() <= 1) || cells.any(|cell| is_a_page(*cell))
    }

    /// How many of the first rows with cells are the header: those of the `thead`, or of header cells alone that do not name the rows under them; the first in any case.
    pub(super) fn header_rows(&self) -> usize {
        let rows = (0..).zip(&self.rows).filter(|(_, row)| !row.cells.is_empty());
        let is_header = |(at, row): &(usize, &Row<'_>)| {
            row.is_head || row.cells.iter().all(|cell| name(*cell) == "th") && !self.names_rows_below(*at)
        };
        rows.take_while(is_header).count().max(1)
    }

    /// Whether a row is nothing but header cells that reach down into rows of data.
    fn names_rows_below(&self, at: usize) -> bool {
        let (row, below) = (self.rows.get(at), self.rows.get(at + 1));
        let reaches_down = |cell: &NodeRef<'_, Node>| name(*cell) == "th" && span(*cell, "rowspan") != 1;
        row.is_some_and(|row| !row.is_head && !row.cells.is_empty() && row.cells.iter().all(reaches_down))
            && below.is_some_and(|below| below.cells.iter().any(|cell| name(*cell) == "td"))
    }

    /// Puts the text of each cell, by row, into every column and row that the cell covers. What is repeated takes from `bytes`, so that it cannot
    /// multiply a page; once these are used up, each cell is single.
    pub(super) fn spread(&self, texts: Vec<Vec<String>>, bytes: &mut usize) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        let mut above = Above::default();
        let mut group = None;
        for (at, (row, texts)) in self.rows.iter().zip(texts).enumerate() {
            if row.group != group {
                group = row.group;
                above = Above::default();
            }
            let mut cells = Vec::new();
            for (cell, text) in row.cells.iter().zip(texts) {
                above.fill(&mut cells, bytes);
                let further = span(*cell, "colspan").clamp(1, MAX_COLUMNS) - 1;
                let covered = Cell::covered(&text);
                above.begin(cells.len(), &covered, span(*cell, "rowspan"), further);
                cells.push(Cell::from(text));
                let further = further.min(MAX_COLUMNS.saturating_sub(cells.len()));
                let further = std::iter::repeat_n(covered, further);
                cells.extend(further.take_while(|cell| pay(cell, bytes)));
            }
            // What only names the rows below it stands in each of them.
            if !row.cells.is_empty() && (rows.is_empty() || !self.names_rows_below(at)) {
                above.fill_to_the_end(&mut cells, bytes);
                rows.push(cells);
            }
            above.end_row();
        }
        rows
    }
}

impl<'t> Row<'t> {
    fn of(row: NodeRef<'t, Node>, group: Option<NodeId>) -> Row<'t> {
        let cells = shown(row).filter(|cell| matches!(name(*cell), "td" | "th")).collect();
        Row {
            group,
            is_head: false,
            cells,
        }
    }
}

/// Cells of earlier rows that reach into this one, by column, with the rows they still cover.
#[derive(Default)]
struct Above(Vec<Option<(usize, Cell)>>);

impl Above {
    /// Repeats what reaches into the columns that are next.
    fn fill(&self, cells: &mut Vec<Cell>, bytes: &mut usize) {
        while let Some(Some((_, cell))) = self.0.get(cells.len())
            && pay(cell, bytes)
        {
            cells.push(cell.clone());
        }
    }

    /// The same of all columns; those between stay empty.
    fn fill_to_the_end(&self, cells: &mut Vec<Cell>, bytes: &mut usize) {
        let end = self.0.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        while cells.len() < end {
            let cell = self
                .0
                .get(cells.len())
                .cloned()
                .flatten()
                .map(|(_, cell)| cell)
                .unwrap_or_default();
            if !pay(&cell, bytes) {
                return;
            }
            cells.push(cell);
        }
    }

    /// Remembers a cell that covers `rows` rows, or all of its group where that is 0, and `further` columns beside its own.
    fn begin(&mut self, column: usize, covered: &Cell, rows: usize, further: usize) {
        if rows == 1 {
            return;
        }
        for at in column..(column + 1 + further).min(MAX_COLUMNS) {
            if self.0.len() <= at {
                self.0.resize(at + 1, None);
            }
            let rows = if rows == 0 { usize::MAX } else { rows };
            let cell = Cell {
                text: covered.text.clone(),
                across: at > column,
            };
            if let Some(place) = self.0.get_mut(at) {
                *place = Some((rows, cell));
            }
        }
    }

    fn end_row(&mut self) {
        for place in &mut self.0 {
            match place {
                Some((rows, _)) if *rows > 1 => *rows -= 1,
                _ => *place = None,
            }
        }
    }
}

fn pay(cell: &Cell, bytes: &mut usize) -> bool {
    let price = cell.text.len() + CELL_BYTES;
    let is_enough = price <= *bytes;
    *bytes = bytes.saturating_sub(price);
    is_enough
}

/// The number of columns or rows that an attribute gives; 1 where there is none.
pub(super) fn span(cell: NodeRef<'_, Node>, attribute: &str) -> usize {
    let said = cell
        .value()
        .as_element()
        .and_then(|cell| cell.attr(attribute))
        .unwrap_or_default();
    let said = said.trim_start();
    let digits = said.find(|c: char| !c.is_ascii_digit()).unwrap_or(said.len());
    said.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

/// A cell that holds sections, more than one heading, or much text of several kinds.
fn is_a_page(cell: NodeRef<'_, Node>) -> bool {
    let (mut headings, mut structures, mut bytes) = (0, 0, 0);
    for node in cell.descendants() {
        match name(node) {
            "section" | "article" => return true,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => headings += 1,
            _ => {}
        }
        structures += usize::from(is_structure(node));
        bytes += node.value().as_text().map_or(0, |text| text.trim().len());
    }
    headings > 1 || (structures > 0 && bytes > MAX_DATA_BYTES)
}

fn is_structure(node: NodeRef<'_, Node>) -> bool {
    matches!(
        name(node),
        "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "section" | "article"
    )
}

fn shown<'t>(parent: NodeRef<'t, Node>) -> impl Iterator<Item = NodeRef<'t, Node>> {
    parent
        .children()
        .filter(|child| child.value().is_element() && !is_skipped(*child, true))
}

/// Empty for what is no element.
pub(super) fn name<'t>(node: NodeRef<'t, Node>) -> &'t str {
    node.value().as_element().map_or("", Element::name)
}
