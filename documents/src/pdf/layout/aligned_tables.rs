//! Tables without ruling lines: rows of cells that stand under each other.

use super::geometry::Area;
use super::lines::Row;
use super::segments::Segment;
use super::table::Table;

/// Rows further apart, in sizes of their text, do not belong together.
const MAX_ROW_GAP: f32 = 3.2;
/// Cells are shorter than lines of running text, on average.
const MAX_CELL_CHARACTERS: usize = 45;

/// Replaces runs of rows that make a table by it.
pub(super) fn find(rows: Vec<Row>) -> Vec<Row> {
    let mut found = Vec::with_capacity(rows.len());
    let mut run: Vec<Vec<Segment>> = Vec::new();
    for row in rows {
        match row {
            Row::Segments(segments) if continues(&run, &segments) => run.push(segments),
            Row::Segments(segments) => {
                end(&mut run, &mut found);
                run.push(segments);
            }
            Row::Table(table) => {
                end(&mut run, &mut found);
                found.push(Row::Table(table));
            }
        }
    }
    end(&mut run, &mut found);
    found
}

/// A run starts with a row of several cells; a row of one continues it where it stands under a cell other than the first, or under
/// a short first.
fn continues(run: &[Vec<Segment>], row: &[Segment]) -> bool {
    let (Some(last), Some(first)) = (run.last().and_then(|last| last.first()), row.first()) else {
        return false;
    };
    if run.first().is_none_or(|start| start.len() < 2) {
        return false;
    }
    let gap = first.baseline - last.baseline;
    if gap > MAX_ROW_GAP * last.size.max(first.size) {
        return false;
    }
    if row.len() > 1 {
        return true;
    }
    let columns = columns(run);
    let over = columns
        .iter()
        .filter(|(left, right)| first.area.left < *right && first.area.right > *left)
        .count();
    over == 1 && gap < 2.2 * first.size && first.characters() < MAX_CELL_CHARACTERS * 2
}

fn end(run: &mut Vec<Vec<Segment>>, found: &mut Vec<Row>) {
    let mut rows = std::mem::take(run);
    // A line under a table is not part of it, unless it goes on with a cell.
    let mut after = Vec::new();
    while rows.len() > 1 && rows.last().is_some_and(|row| row.len() < 2) && !goes_on(&rows) {
        after.extend(rows.pop());
    }
    match table(&rows) {
        Some(table) => found.push(Row::Table(table)),
        None => found.extend(rows.into_iter().map(Row::Segments)),
    }
    found.extend(after.into_iter().rev().map(Row::Segments));
}

/// The last row stands under a cell other than the first.
fn goes_on(rows: &[Vec<Segment>]) -> bool {
    let columns = columns(rows);
    let first_right = columns.first().map_or(0.0, |(_, right)| *right);
    rows.last()
        .and_then(|row| row.first())
        .is_some_and(|cell| cell.area.left > first_right)
}

/// The spans of the columns, left to right: where the cells of the rows with most cells stand.
fn columns(rows: &[Vec<Segment>]) -> Vec<(f32, f32)> {
    let several = || rows.iter().filter(|row| row.len() > 1);
    let most = several().map(Vec::len).max().unwrap_or_default();
    // A title over two columns must not make them one.
    let telling = several().filter(|row| row.len() * 2 > most);
    let mut spans: Vec<(f32, f32)> = telling
        .flatten()
        .map(|cell| (cell.area.left, cell.area.right))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (left, right) in spans {
        match columns.last_mut() {
            Some(last) if left < last.1 => last.1 = last.1.max(right),
            _ => columns.push((left, right)),
        }
    }
    columns
}

fn table(rows: &[Vec<Segment>]) -> Option<Table> {
    let several: Vec<&Vec<Segment>> = rows.iter().filter(|row| row.len() > 1).collect();
    let columns = columns(rows);
    if columns.len() < 2 || several.len() < 2 || several.len() + columns.len() < 5 {
        return None;
    }
    let cells = several.iter().map(|row| row.len()).sum::<usize>();
    let characters: usize = several.iter().copied().flatten().map(Segment::characters).sum();
    if characters > MAX_CELL_CHARACTERS * cells || !are_aligned(&several, &columns) {
        return None;
    }
    let area = Area::around(rows.iter().flatten().map(|cell| cell.area))?;
    let gaps = baselines(rows);
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut previous: Option<f32> = None;
    for row in rows {
        let baseline = row.first()?.baseline;
        let mut line = vec![String::new(); columns.len()];
        for cell in row {
            let text = line.get_mut(column_of(cell, &columns))?;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&cell.text());
        }
        let close = previous.is_some_and(|previous| baseline - previous < 0.8 * gaps);
        let no_first = line.first().is_some_and(String::is_empty);
        match lines.last_mut() {
            Some(last) if close && (no_first || row.len() == 1) => {
                for (cell, more) in last.iter_mut().zip(line).filter(|(_, more)| !more.is_empty()) {
                    super::join_lines::append(cell, &more);
                }
            }
            _ => lines.push(line),
        }
        previous = Some(baseline);
    }
    Some(Table::new(area, lines))
}

/// The median distance of rows.
fn baselines(rows: &[Vec<Segment>]) -> f32 {
    let baselines: Vec<f32> = rows
        .iter()
        .filter(|row| row.len() > 1)
        .filter_map(|row| Some(row.first()?.baseline))
        .collect();
    let mut gaps: Vec<f32> = baselines
        .windows(2)
        .map(|pair| pair.iter().rev().copied().reduce(|a, b| a - b).unwrap_or_default())
        .collect();
    gaps.sort_by(f32::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or_default()
}

/// The column that shares most with the cell.
fn column_of(cell: &Segment, columns: &[(f32, f32)]) -> usize {
    let shared = |(left, right): &(f32, f32)| cell.area.right.min(*right) - cell.area.left.max(*left);
    columns
        .iter()
        .enumerate()
        .max_by(|(_, a), (_, b)| shared(a).total_cmp(&shared(b)))
        .map_or(0, |(index, _)| index)
}

/// Most cells stand at the left edge, the right edge or the middle of their column.
fn are_aligned(rows: &[&Vec<Segment>], columns: &[(f32, f32)]) -> bool {
    let aligned = columns.iter().enumerate().filter(|(index, _)| {
        let cells: Vec<&Segment> = rows
            .iter()
            .flat_map(|row| row.iter())
            .filter(|cell| column_of(cell, columns) == *index)
            .collect();
        let share = |edge: fn(&Area) -> f32| {
            let mut at: Vec<f32> = cells.iter().map(|cell| edge(&cell.area)).collect();
            at.sort_by(f32::total_cmp);
            let median = at.get(at.len() / 2).copied().unwrap_or_default();
            at.iter().filter(|x| (*x - median).abs() < 2.5).count()
        };
        let best = share(|area| area.left)
            .max(share(|area| area.right))
            .max(share(|area| area.centre().0));
        best * 10 >= cells.len() * 6
    });
    aligned.count() * 10 >= columns.len() * 6
}
