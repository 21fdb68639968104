use super::aligned_tables;
use super::columns::Item;
use super::geometry::Area;
use super::list_marker;
use super::segments::Segment;
use super::table::Table;
use super::value_rows;

/// One line of running text.
#[derive(Debug, Clone)]
pub(in crate::pdf) struct Line {
    pub(super) text: String,
    pub(super) area: Area,
    pub(super) baseline: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) face: Face,
    /// How many pieces of it stand apart from each other.
    pub(super) pieces: usize,
    /// They are several, and the last of them is a value.
    pub(super) ends_in_value: bool,
}

/// Whether the signs of a line are equally wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Narrow and wide letters are: a typewriter face.
    Typewriter,
    /// They are, but are so in most faces: figures, dashes.
    Even,
    Proportional,
}

impl Face {
    pub(super) fn may_be(self, other: Face) -> bool {
        self == other || self == Face::Even || other == Face::Even
    }
}

/// A line or a table, in reading order.
#[derive(Debug, Clone)]
pub(in crate::pdf) enum Piece {
    Line(Line),
    Table(Table),
}

/// Segments that stand beside each other, left to right; or one table.
pub(super) enum Row {
    Segments(Vec<Segment>),
    Table(Table),
}

/// Reads a region from top to bottom.
pub(super) fn pieces(items: Vec<Item>) -> Vec<Piece> {
    aligned_tables::find(rows(items))
        .into_iter()
        .filter_map(|row| match row {
            Row::Table(table) => Some(Piece::Table(table)),
            Row::Segments(segments) => line(segments).map(Piece::Line),
        })
        .collect()
}

fn line(segments: Vec<Segment>) -> Option<Line> {
    let cells: Vec<String> = segments.iter().map(Segment::text).collect();
    let joined = segments.into_iter().reduce(Segment::join)?;
    Some(Line {
        pieces: cells.len(),
        ends_in_value: value_rows::end_in_value(&cells),
        ..Line::of(&joined)
    })
}

fn rows(mut items: Vec<Item>) -> Vec<Row> {
    items.sort_by(|a, b| top(a).total_cmp(&top(b)));
    let mut rows: Vec<Row> = Vec::new();
    for item in items {
        match item {
            Item::Table(table) => rows.push(Row::Table(table)),
            Item::Text(segment) => match rows.last_mut() {
                Some(Row::Segments(row)) if row.first().is_some_and(|first| same_line(first, &segment)) => {
                    row.push(segment)
                }
                _ => rows.push(Row::Segments(vec![segment])),
            },
        }
    }
    for row in &mut rows {
        if let Row::Segments(segments) = row {
            segments.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
            join_marker(segments);
        }
    }
    rows
}

fn top(item: &Item) -> f32 {
    match item {
        Item::Text(segment) => segment.baseline,
        Item::Table(table) => table.area.top,
    }
}

fn same_line(a: &Segment, b: &Segment) -> bool {
    (a.baseline - b.baseline).abs() < 0.4 * a.size.min(b.size)
}

/// The marker of a list item, or the number of a heading, often stands far from its text.
fn join_marker(segments: &mut Vec<Segment>) {
    if let [marker, text] = segments.as_slice()
        && text.area.left - marker.area.right < 4.0 * text.size
        && list_marker::is_lone_marker(&marker.text())
    {
        let line = marker.clone().join(text.clone());
        *segments = vec![line];
    }
}

const NARROW: [char; 8] = ['i', 'l', 'j', 't', 'f', 'r', '(', '.'];
const WIDE: [char; 8] = ['m', 'w', 'a', 'e', 'o', 'n', 's', '='];

impl Line {
    fn of(segment: &Segment) -> Line {
        let (bold, regular) = segment
            .words
            .iter()
            .fold((0, 0), |sum, word| (sum.0 + word.weight.0, sum.1 + word.weight.1));
        let text = segment.text();
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        let pitch = segment.words.first().and_then(|word| word.pitch);
        let even = pitch.is_some_and(|pitch| (0.45..0.7).contains(&pitch))
            && segment
                .words
                .iter()
                .all(|word| matches!((word.pitch, pitch), (Some(a), Some(b)) if (a - b).abs() < 0.01));
        Line {
            face: match even {
                true if text.contains(NARROW) && text.contains(WIDE) => Face::Typewriter,
                true => Face::Even,
                false => Face::Proportional,
            },
            text,
            area: segment.area,
            baseline: segment.baseline,
            size: segment.size,
            // A raised figure that is known to be bold says nothing of its line.
            bold: bold > regular && bold * 6 >= letters,
            pieces: 1,
            ends_in_value: false,
        }
    }
}
