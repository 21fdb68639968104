use super::geometry::{Area, Glyph};
use super::script::{plain_letters, word_in_reading_order};
use crate::unspaced::is_unspaced;

/// A word as it stands in a line.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) area: Area,
    pub(super) baseline: f32,
    pub(super) size: f32,
    /// Letters known to be bold, and known not to be.
    pub(super) weight: (usize, usize),
    /// The advance of every glyph over the size, when they are all the same.
    pub(super) pitch: Option<f32>,
}

/// Glyphs whose baselines differ by less, in sizes, stand in one row.
const SAME_BASELINE: f32 = 0.15;
/// A gap of this many sizes ends a word where the line has no space characters, and where it has.
const WORD_GAP: f32 = 0.15;
const WORD_GAP_BESIDE_SPACES: f32 = 0.3;
const UNSPACED_GAP: f32 = 0.6;

/// Rows of words, top to bottom, the words left to right. Columns side by side are one row.
pub(super) fn rows(mut glyphs: Vec<Glyph>) -> Vec<Vec<Word>> {
    glyphs.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut rows = Vec::new();
    let mut row: Vec<Glyph> = Vec::new();
    for glyph in glyphs {
        let same = row
            .first()
            .is_none_or(|first| glyph.baseline - first.baseline <= SAME_BASELINE * first.size.min(glyph.size));
        if !same {
            rows.push(words(std::mem::take(&mut row)));
        }
        row.push(glyph);
    }
    rows.push(words(row));
    rows.retain(|row| !row.is_empty());
    rows
}

fn words(mut row: Vec<Glyph>) -> Vec<Word> {
    row.sort_by(|a, b| a.x.total_cmp(&b.x));
    // Text drawn twice, a hair apart, to look bold.
    row.dedup_by(|b, a| a.text == b.text && (b.x - a.x).abs() < 0.15 * a.advance.max(0.1) && a.advance > 0.0);
    let has_spaces = row.iter().any(is_space);
    let gap = if has_spaces { WORD_GAP_BESIDE_SPACES } else { WORD_GAP } + letter_spacing(&row);
    let mut words = Vec::new();
    let mut open: Vec<Glyph> = Vec::new();
    let mut end = f32::NEG_INFINITY;
    for glyph in row {
        if is_space(&glyph) {
            words.extend(word(std::mem::take(&mut open)));
            continue;
        }
        let allowed = match open.last() {
            Some(last) if all_unspaced(&last.text) && all_unspaced(&glyph.text) => UNSPACED_GAP,
            _ => gap,
        };
        if !open.is_empty() && glyph.x - end > allowed * glyph.size {
            words.extend(word(std::mem::take(&mut open)));
        }
        if open.is_empty() {
            end = f32::NEG_INFINITY;
        }
        end = end.max(glyph.x + glyph.advance);
        open.push(glyph);
    }
    words.extend(word(open));
    words
}

fn is_space(glyph: &Glyph) -> bool {
    glyph.text.chars().all(|c| c.is_whitespace() || c.is_control())
}

fn all_unspaced(text: &str) -> bool {
    text.chars().all(is_unspaced)
}

/// How far the letters of the row are set apart from each other, in sizes: 0 but for s p a c e d type.
fn letter_spacing(row: &[Glyph]) -> f32 {
    let mut gaps: Vec<f32> = row
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if !is_space(a) && !is_space(b) => Some((b.x - a.x - a.advance) / a.size),
            _ => None,
        })
        .filter(|gap| (-0.5..1.0).contains(gap))
        .collect();
    if gaps.len() < 4 {
        return 0.0;
    }
    gaps.sort_by(f32::total_cmp);
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    if median > 0.08 { median } else { 0.0 }
}

fn word(glyphs: Vec<Glyph>) -> Option<Word> {
    let first = glyphs.first()?;
    let size = glyphs.iter().map(|glyph| glyph.size).fold(0.0, f32::max);
    let area = Area::around(glyphs.iter().map(|glyph| Area {
        left: glyph.x,
        top: glyph.baseline - 0.75 * glyph.size,
        right: glyph.x + glyph.advance.max(0.0),
        bottom: glyph.baseline + 0.25 * glyph.size,
    }))?;
    let pitch = first.advance / first.size;
    let even = glyphs
        .iter()
        .all(|glyph| (glyph.advance / glyph.size - pitch).abs() < 0.005);
    let pieces: Vec<String> = glyphs.iter().map(|glyph| plain_letters(&glyph.text)).collect();
    let text = word_in_reading_order(&pieces);
    let known = |bold| glyphs.iter().filter(|glyph| glyph.bold == Some(bold)).count();
    let word = Word {
        weight: (known(true), known(false)),
        text: text.trim().to_owned(),
        area,
        baseline: first.baseline,
        size,
        pitch: even.then_some(pitch),
    };
    (!word.text.is_empty()).then_some(word)
}
