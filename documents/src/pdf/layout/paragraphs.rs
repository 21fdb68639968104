use super::geometry::Area;
use super::join_lines;
use super::lines::{Face, Line};
use super::list_marker;

/// Lines that belong together.
#[derive(Debug, Clone)]
pub(super) struct Paragraph {
    /// `\n` only where a line was ended on purpose.
    pub(super) text: String,
    pub(super) size: f32,
    pub(super) bold: bool,
    /// Set in a typewriter face, or in one that may be: the lines are kept as they are.
    pub(super) face: Face,
    pub(super) lines: usize,
    pub(super) left: f32,
    /// A line of it ends in a value or stands in columns.
    pub(super) is_row: bool,
}

/// Lines further apart than the usual distance by this factor are two paragraphs.
const WIDE: f32 = 1.3;
/// Of a line's size, where a document does not tell.
const USUAL_DISTANCE: f32 = 1.2;

/// The distance of lines in a document, in sizes: the one that is met most often.
pub(super) fn usual_distance<'l>(regions: impl Iterator<Item = Vec<&'l Line>>) -> f32 {
    const BUCKET: f32 = 0.05;
    let mut counts = [0_usize; 64];
    for region in regions {
        for pair in region.windows(2) {
            let [a, b] = pair else { continue };
            let distance = (b.baseline - a.baseline) / a.size;
            if let Some(count) = counts.get_mut((distance / BUCKET).round().max(0.0) as usize)
                && (a.size - b.size).abs() < 0.5
                && distance > 0.8
            {
                *count += 1;
            }
        }
    }
    let most = counts.iter().enumerate().max_by_key(|(_, count)| **count);
    most.filter(|(_, count)| **count >= 3)
        .map_or(USUAL_DISTANCE, |(bucket, _)| bucket as f32 * BUCKET)
        // Lists of single lines may be set wider than any text.
        .clamp(1.0, 2.4)
}

/// The paragraphs of lines that follow each other in one column.
pub(super) fn paragraphs(lines: &[&Line], usual: f32) -> Vec<Paragraph> {
    let Some(column) = Area::around(lines.iter().map(|line| line.area)) else {
        return Vec::new();
    };
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut previous: Option<&Line> = None;
    for line in lines {
        match (paragraphs.last_mut(), previous) {
            (Some(open), Some(last)) if !starts_new(open, last, line, column, usual) => open.add(last, line, column),
            _ => paragraphs.push(Paragraph::of(line)),
        }
        previous = Some(line);
    }
    paragraphs
}

fn starts_new(open: &Paragraph, last: &Line, line: &Line, column: Area, usual: f32) -> bool {
    let distance = (line.baseline - last.baseline) / last.size;
    if distance > usual * WIDE || distance < -0.5 {
        return true;
    }
    let same_size = (line.size / last.size - 1.0).abs() < 0.08;
    // Bold words at the start of a paragraph make a bold line, and the sentence goes on.
    let same_weight = line.bold == last.bold || line.text.starts_with(char::is_lowercase);
    if !same_size || !same_weight || !line.face.may_be(open.face) || list_marker::split(&line.text).is_some() {
        return true;
    }
    if open.face == Face::Typewriter {
        return false;
    }
    let size = line.size;
    let last_ended = last.area.right < column.right - 0.1 * column.width() || last.text.ends_with(['.', '!', '?', ':']);
    if list_marker::split(&open.text).is_some() {
        // What goes on with an item stands under its text, or at least as far left as its marker.
        return line.area.left < open.left + 0.3 * size && last.text.ends_with(['.', '!', '?', ':', ';']) && last_ended;
    }
    let indented = line.area.left - last.area.left;
    // The first line of the next paragraph, set in.
    indented > 0.8 * size
        && indented < 5.0 * size
        && last_ended
        && (open.lines > 1 || last.text.ends_with(['.', '!', '?', ':']))
}

/// Words that are set wide apart may be two pieces.
fn is_row(line: &Line) -> bool {
    line.ends_in_value || line.pieces > 2
}

impl Paragraph {
    fn of(line: &Line) -> Paragraph {
        Paragraph {
            text: line.text.clone(),
            size: line.size,
            bold: line.bold,
            face: line.face,
            lines: 1,
            left: line.area.left,
            is_row: is_row(line),
        }
    }

    fn add(&mut self, last: &Line, line: &Line, column: Area) {
        self.lines += 1;
        self.is_row |= is_row(line);
        if self.face == Face::Even {
            self.face = line.face;
        }
        if self.face == Face::Typewriter {
            let pitch = 0.6 * line.size;
            let indent = ((line.area.left - self.left) / pitch).round().clamp(0.0, 80.0) as usize;
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.text.push_str(&line.text);
            return;
        }
        // A line that ends well before the edge although the next word would have fitted was ended on purpose.
        let first_word = line.text.split(' ').next().unwrap_or_default().chars().count();
        let left_free = column.right - last.area.right;
        let ended = last.ends_in_value
            || left_free > (first_word as f32 * 0.6 + 2.0) * line.size && left_free > 0.15 * column.width();
        let is_list_item = list_marker::split(&self.text).is_some();
        if ended && !is_list_item && !line.text.starts_with(char::is_lowercase) {
            self.text.push('\n');
            self.text.push_str(&line.text);
        } else {
            join_lines::append(&mut self.text, &line.text);
        }
    }
}
