use super::geometry::Area;
use super::script::words_in_reading_order;
use super::words::Word;
use crate::unspaced::wants_space;

/// Words of one line that stand close together: a line of a column, or a cell of a table.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) words: Vec<Word>,
    pub(super) area: Area,
    pub(super) baseline: f32,
    pub(super) size: f32,
}

/// A gap of this many sizes between two words separates columns.
const COLUMN_GAP: f32 = 0.95;
/// Raised and lowered text is smaller than its line by this factor.
const SCRIPT_SIZE: f32 = 0.85;
/// A gap of less than this many sizes is none.
const TOUCHING: f32 = 0.1;
/// Pages with more segments are drawings, where a small word beside a bigger one says nothing.
const MAX_SEGMENTS_FOR_SCRIPTS: usize = 3_000;

impl Segment {
    pub(super) fn of(words: Vec<Word>) -> Option<Segment> {
        let area = Area::around(words.iter().map(|word| word.area))?;
        let biggest = words.iter().max_by(|a, b| a.size.total_cmp(&b.size))?;
        let (baseline, size) = (biggest.baseline, biggest.size);
        Some(Segment {
            words,
            area,
            baseline,
            size,
        })
    }

    pub(super) fn text(&self) -> String {
        join_words(&self.words)
    }

    pub(super) fn characters(&self) -> usize {
        self.words.iter().map(|word| word.text.chars().count()).sum()
    }

    /// Two segments of a line as one.
    pub(super) fn join(mut self, other: Segment) -> Segment {
        self.words.extend(other.words);
        self.words.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
        if other.size > self.size {
            (self.baseline, self.size) = (other.baseline, other.size);
        }
        self.area = self.area.union(other.area);
        self
    }
}

/// The text of words that stand left to right in one line.
pub(super) fn join_words(words: &[Word]) -> String {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    let mut last: Option<&Word> = None;
    for word in words {
        match joined.last_mut() {
            Some(before) if last.is_some_and(|last| is_of_one_word(last, word)) => before.push_str(&word.text),
            _ => joined.push(word.text.clone()),
        }
        last = Some(word);
    }
    let mut text = String::new();
    for word in words_in_reading_order(joined.iter().map(String::as_str).collect()) {
        if wants_space(&text, word) {
            text.push(' ');
        }
        text.push_str(word);
    }
    without_drawn_soft_hyphens(text)
}

/// A lowered figure and what it touches: H₂O. A raised one may be the mark of a note.
fn is_of_one_word(left: &Word, right: &Word) -> bool {
    let (small, big) = if left.size < right.size {
        (left, right)
    } else {
        (right, left)
    };
    let is_lowered = small.size < SCRIPT_SIZE * big.size && small.baseline > big.baseline;
    is_lowered && right.area.left - left.area.right < TOUCHING * big.size
}

/// Some fonts call their hyphen a soft one. What is drawn within a line is a hyphen; at its end it tells that the word goes on.
fn without_drawn_soft_hyphens(text: String) -> String {
    let (within, end) = match text.strip_suffix('\u{AD}') {
        Some(within) => (within, "\u{AD}"),
        None => (text.as_str(), ""),
    };
    match within.contains('\u{AD}') {
        true => within.replace('\u{AD}', "-") + end,
        false => text,
    }
}

/// Cuts rows of words at wide gaps, and puts raised and lowered text back into its line. Top to bottom, left to right.
pub(super) fn segments(rows: Vec<Vec<Word>>) -> Vec<Segment> {
    let mut segments = Vec::new();
    for row in rows {
        let mut open: Vec<Word> = Vec::new();
        let mut end = 0.0_f32;
        for word in row {
            let gap = open
                .last()
                .map(|last| (word.area.left - end) / last.size.max(word.size));
            if gap.is_some_and(|gap| gap > COLUMN_GAP) {
                segments.extend(Segment::of(std::mem::take(&mut open)));
            }
            end = if open.is_empty() {
                word.area.right
            } else {
                end.max(word.area.right)
            };
            open.push(word);
        }
        segments.extend(Segment::of(open));
    }
    if segments.len() <= MAX_SEGMENTS_FOR_SCRIPTS {
        segments = with_scripts_in_place(segments);
    }
    segments
}

fn with_scripts_in_place(segments: Vec<Segment>) -> Vec<Segment> {
    let host_of = |script: &Segment| {
        let (_, middle) = script.area.centre();
        segments
            .iter()
            .enumerate()
            .filter(|(_, host)| script.size < SCRIPT_SIZE * host.size && script.characters() <= 12)
            .filter(|(_, host)| {
                let reach = 0.4 * host.size;
                middle > host.area.top - 0.1 * host.size
                    && middle < host.area.bottom
                    && script.area.left <= host.area.right + reach
                    && script.area.right >= host.area.left - reach
            })
            .min_by(|(_, a), (_, b)| {
                (a.baseline - script.baseline)
                    .abs()
                    .total_cmp(&(b.baseline - script.baseline).abs())
            })
            .map(|(index, _)| index)
    };
    let hosts: Vec<Option<usize>> = segments.iter().map(host_of).collect();
    let is_script = |index: usize| hosts.get(index).copied().flatten().is_some();
    let mut placed: Vec<Option<Segment>> = segments.iter().cloned().map(Some).collect();
    for (index, host) in hosts.iter().enumerate() {
        // A script of a script stays where it is.
        let Some(host) = host.filter(|&host| !is_script(host)) else {
            continue;
        };
        let script = placed.get_mut(index).and_then(Option::take);
        if let (Some(script), Some(place)) = (script, placed.get_mut(host)) {
            *place = place.take().map(|line| line.join(script));
        }
    }
    placed.into_iter().flatten().collect()
}
