//! Tables drawn with ruling lines.

use super::geometry::{Area, Rule};
use super::merged_cells;
use super::segments::{Segment, join_words};
use super::table::Table;
use super::words::Word;

/// Lines this close to each other, in points, meet.
const TOLERANCE: f32 = 3.0;
const MAX_LINES: usize = 400;
/// Words whose baselines differ by less, in sizes, are of one line.
const SAME_BASELINE: f32 = 0.4;

/// Takes the words inside of ruled tables out of `segments`, and gives the tables.
pub(super) fn take(rules: &[Rule], segments: &mut Vec<Segment>) -> Vec<Table> {
    let mut tables = Vec::new();
    for grid in grids(rules) {
        let is_inside = |segment: &Segment| grid.area.contains(segment.area.centre());
        let crosses = |segment: &Segment| segment.words.iter().any(|word| grid.area.contains(word.area.centre()));
        let words: Vec<&Word> = segments
            .iter()
            .filter(|segment| is_inside(segment) || crosses(segment))
            .flat_map(|segment| &segment.words)
            .filter(|word| grid.area.contains(word.area.centre()))
            .collect();
        let Some(table) = grid.filled(&words) else { continue };
        let mut outside = Vec::with_capacity(segments.len());
        for segment in segments.drain(..) {
            if !crosses(&segment) {
                outside.push(segment);
                continue;
            }
            // What stands beside the table on the same line.
            let beside = segment
                .words
                .into_iter()
                .filter(|word| !grid.area.contains(word.area.centre()));
            let (left, right): (Vec<Word>, Vec<Word>) =
                beside.partition(|word| word.area.centre().0 < grid.area.centre().0);
            outside.extend([left, right].into_iter().filter_map(Segment::of));
        }
        *segments = outside;
        tables.push(table);
    }
    tables
}

struct Grid {
    area: Area,
    /// Where lines stand, ascending.
    xs: Vec<f32>,
    ys: Vec<f32>,
    rules: Vec<Rule>,
}

/// Groups of lines that touch each other, as far as they make at least two cells.
fn grids(rules: &[Rule]) -> Vec<Grid> {
    let mut groups: Vec<(Area, Vec<Rule>)> = Vec::new();
    if rules.len() > MAX_LINES * 4 {
        return Vec::new();
    }
    for rule in rules {
        let mut group = (rule.area(), vec![*rule]);
        // Everything that the line touches becomes one group.
        let mut apart = Vec::with_capacity(groups.len() + 1);
        for other in groups {
            if other.1.iter().any(|theirs| touch(theirs, rule)) {
                group.0 = group.0.union(other.0);
                group.1.extend(other.1);
            } else {
                apart.push(other);
            }
        }
        apart.push(group);
        groups = apart;
    }
    let mut grids: Vec<Grid> = groups
        .into_iter()
        .filter_map(|(area, rules)| {
            let xs = positions(rules.iter().filter_map(|rule| match rule {
                Rule::Upright { x, .. } => Some(*x),
                Rule::Level { .. } => None,
            }));
            let ys = positions(rules.iter().filter_map(|rule| match rule {
                Rule::Level { y, .. } => Some(*y),
                Rule::Upright { .. } => None,
            }));
            (xs.len() >= 3 && ys.len() >= 3 && xs.len() < MAX_LINES && ys.len() < MAX_LINES).then(|| Grid {
                area,
                xs: with_open_sides(xs, area.left, area.right),
                ys: with_open_sides(ys, area.top, area.bottom),
                rules,
            })
        })
        .collect();
    // Inner tables first.
    grids.sort_by(|a, b| (a.area.width() * a.area.height()).total_cmp(&(b.area.width() * b.area.height())));
    grids
}

impl Rule {
    fn area(&self) -> Area {
        match *self {
            Rule::Level { y, left, right } => Area {
                left,
                top: y,
                right,
                bottom: y,
            },
            Rule::Upright { x, top, bottom } => Area {
                left: x,
                top,
                right: x,
                bottom,
            },
        }
    }
}

fn touch(a: &Rule, b: &Rule) -> bool {
    let (a, b) = (a.area(), b.area());
    a.left <= b.right + TOLERANCE
        && b.left <= a.right + TOLERANCE
        && a.top <= b.bottom + TOLERANCE
        && b.top <= a.bottom + TOLERANCE
}

fn positions(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.dedup_by(|next, kept| *next - *kept < TOLERANCE);
    values
}

/// Where lines of the other direction reach further than the outermost of these, a table is open on that side.
fn with_open_sides(mut lines: Vec<f32>, from: f32, to: f32) -> Vec<f32> {
    if lines.first().is_some_and(|first| first - from > TOLERANCE) {
        lines.insert(0, from);
    }
    if lines.last().is_some_and(|last| to - last > TOLERANCE) {
        lines.push(to);
    }
    lines
}

/// The cell of `position` between ascending lines.
fn between(lines: &[f32], position: f32) -> usize {
    lines
        .iter()
        .rposition(|line| *line <= position)
        .unwrap_or(0)
        .min(lines.len().saturating_sub(2))
}

fn middle(lines: &[f32], cell: usize) -> f32 {
    match lines.get(cell..cell + 2) {
        Some([a, b]) => (a + b) / 2.0,
        _ => 0.0,
    }
}

impl Grid {
    fn filled(&self, words: &[&Word]) -> Option<Table> {
        let (columns, rows) = (self.xs.len() - 1, self.ys.len() - 1);
        let mut cells: Vec<Vec<Vec<&Word>>> = vec![vec![Vec::new(); columns]; rows];
        let mut origins = Origins::of(self, words);
        for word in words {
            let (x, y) = word.area.centre();
            let (row, column) = origins.of_cell(between(&self.ys, y), between(&self.xs, x));
            cells.get_mut(row)?.get_mut(column)?.push(word);
        }
        if holds_columns(cells.iter().flatten()) {
            return None;
        }
        let cells = with_unruled_rows(cells);
        let are_pairs = are_pairs(&cells);
        let rows: Vec<Vec<String>> = cells
            .into_iter()
            .map(|row| row.into_iter().map(cell_text).collect())
            .collect();
        let filled_columns = (0..columns)
            .filter(|&column| {
                rows.iter()
                    .any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
            })
            .count();
        let filled = rows.iter().flatten().filter(|cell| !cell.is_empty()).count();
        let longest = rows.iter().flatten().map(String::len).max().unwrap_or_default();
        // Frames around text are not tables.
        (filled_columns >= 2 && filled >= 3 && longest < 2_000).then(|| Table::new(self.area, rows).of_pairs(are_pairs))
    }

    fn is_upright_at(&self, at: Option<&f32>, y: f32) -> bool {
        self.rules.iter().any(|rule| {
            matches!((rule, at), (Rule::Upright { x, top, bottom }, Some(at))
                if (x - at).abs() < TOLERANCE && *top <= y && y <= *bottom)
        })
    }

    fn is_level_at(&self, at: Option<&f32>, x: f32) -> bool {
        self.rules.iter().any(|rule| {
            matches!((rule, at), (Rule::Level { y, left, right }, Some(at))
                if (y - at).abs() < TOLERANCE && *left <= x && x <= *right)
        })
    }
}

/// The first cell of the merged cell that each cell belongs to: cells with no line between them are one, side by side only where text runs across. Each row and each column is
/// looked at once, however many words stand in it.
struct Origins<'g, 'w> {
    grid: &'g Grid,
    words: Vec<Vec<&'w Word>>,
    /// Of the cells of a row, in which column each begins.
    lefts: Vec<Option<Vec<usize>>>,
    /// Of the cells of a column, in which row.
    tops: Vec<Option<Vec<usize>>>,
}

impl<'g, 'w> Origins<'g, 'w> {
    fn of(grid: &'g Grid, words: &[&'w Word]) -> Self {
        Self {
            grid,
            words: merged_cells::by_row(&grid.ys, words),
            lefts: vec![None; grid.ys.len()],
            tops: vec![None; grid.xs.len()],
        }
    }

    fn of_cell(&mut self, row: usize, column: usize) -> (usize, usize) {
        let grid = self.grid;
        let words = self.words.get(row).map_or([].as_slice(), Vec::as_slice);
        let lefts = || {
            let crossed = merged_cells::crossed(words, |word| word, &grid.xs);
            let is_open = |column: usize| {
                crossed.get(column).is_some_and(|crossed| *crossed)
                    && !grid.is_upright_at(grid.xs.get(column), middle(&grid.ys, row))
            };
            firsts(grid.xs.len(), is_open)
        };
        let column = known(&mut self.lefts, row, column, lefts);
        let is_open = |row: usize| !grid.is_level_at(grid.ys.get(row), middle(&grid.xs, column));
        let row = known(&mut self.tops, column, row, || firsts(grid.ys.len(), is_open));
        (row, column)
    }
}

/// What is at `at` in the line `line`, which is made when it is first asked for.
fn known(lines: &mut [Option<Vec<usize>>], line: usize, at: usize, make: impl FnOnce() -> Vec<usize>) -> usize {
    let line = lines.get_mut(line).map(|line| line.get_or_insert_with(make));
    line.and_then(|line| line.get(at)).copied().unwrap_or(at)
}

/// Of each cell in a line, the first of those that are one with it.
fn firsts(cells: usize, is_open: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut firsts: Vec<usize> = Vec::with_capacity(cells);
    for cell in 0..cells {
        let before = firsts.last().copied().filter(|_| cell > 0 && is_open(cell));
        firsts.push(before.unwrap_or(cell));
    }
    firsts
}

/// Under a header, rows without lines between them: where each line of the first cell has its like in the others, it is a row.
fn with_unruled_rows<'w>(mut cells: Vec<Vec<Vec<&'w Word>>>) -> Vec<Vec<Vec<&'w Word>>> {
    let [_, body] = cells.as_slice() else { return cells };
    let Some(first) = body.first() else {
        return cells;
    };
    let lines: Vec<f32> = cell_lines(first.clone())
        .into_iter()
        .filter_map(|line| line.first().map(|word| word.baseline))
        .collect();
    if !(2..MAX_LINES).contains(&lines.len()) {
        return cells;
    }
    let mut rows: Vec<Vec<Vec<&'w Word>>> = vec![vec![Vec::new(); body.len()]; lines.len()];
    for (column, cell) in body.iter().enumerate() {
        for word in cell {
            let line = merged_cells::line_of(word, &lines, SAME_BASELINE);
            match line.and_then(|line| rows.get_mut(line)?.get_mut(column)) {
                Some(cell) => cell.push(*word),
                None => return cells,
            }
        }
    }
    let have_likes = rows
        .iter()
        .all(|row| row.iter().filter(|cell| !cell.is_empty()).count() > 1);
    if !have_likes {
        return cells;
    }
    cells.truncate(1);
    cells.extend(rows);
    cells
}

/// Cells that hold columns themselves belong to a frame around tables without lines of their own.
fn holds_columns<'w>(cells: impl Iterator<Item = &'w Vec<&'w Word>>) -> bool {
    let (mut all, mut with_gaps) = (0, 0);
    for cell in cells {
        for line in cell_lines(cell.clone()) {
            all += 1;
            let has_gap = line.windows(2).any(|pair| match pair {
                [a, b] => b.area.left - a.area.right > 1.5 * a.size,
                _ => false,
            });
            with_gaps += usize::from(has_gap);
        }
    }
    with_gaps >= 3 && with_gaps * 5 >= all
}

/// The lines of a cell, top to bottom.
fn cell_lines(mut words: Vec<&Word>) -> Vec<Vec<Word>> {
    words.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut lines: Vec<Vec<Word>> = Vec::new();
    for word in words {
        match lines.last_mut() {
            // The one before it is the nearest.
            Some(line)
                if line
                    .last()
                    .is_some_and(|last| (last.baseline - word.baseline).abs() < SAME_BASELINE * word.size) =>
            {
                line.push(word.clone());
            }
            _ => lines.push(vec![word.clone()]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
    }
    lines
}

/// Whether each row is a name, which is bold beside a value that is not, or ends in a colon, and its value.
fn are_pairs(cells: &[Vec<Vec<&Word>>]) -> bool {
    let mut pairs = 0;
    for row in cells {
        let filled: Vec<&Vec<&Word>> = row.iter().filter(|cell| !cell.is_empty()).collect();
        match filled.as_slice() {
            [] => {}
            [name, value] if is_bold(name) && !is_bold(value) || cell_text(name.to_vec()).ends_with(':') => pairs += 1,
            _ => return false,
        }
    }
    pairs > 1
}

fn is_bold(words: &[&Word]) -> bool {
    let bold: usize = words.iter().map(|word| word.weight.0).sum();
    let not: usize = words.iter().map(|word| word.weight.1).sum();
    bold > not
}

/// Lines of a cell, joined.
fn cell_text(words: Vec<&Word>) -> String {
    let mut text = String::new();
    for line in cell_lines(words) {
        super::join_lines::append(&mut text, &join_words(&line));
    }
    text
}
