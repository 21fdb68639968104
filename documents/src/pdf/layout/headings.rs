use super::lines::Face;
use super::list_marker;
use super::paragraphs::Paragraph;
use super::value_rows;

/// Headings are larger than the body by this factor.
const LARGER: f32 = 1.1;
/// Sizes closer than this factor are one.
const SAME_SIZE: f32 = 1.04;
const MAX_CHARACTERS: usize = 200;
const MAX_BOLD_CHARACTERS: usize = 120;
const MAX_LINES: usize = 3;

/// The sizes of a document's text.
pub(super) struct Sizes {
    body: f32,
    body_is_bold: bool,
    /// The whole document is set in a typewriter face, so that it means nothing.
    pub(super) all_typewriter: bool,
    /// Of headings, largest first.
    headings: Vec<f32>,
}

impl Sizes {
    pub(super) fn of(paragraphs: &[&Paragraph]) -> Sizes {
        let mut weights: Vec<(i32, usize, usize)> = Vec::new();
        for paragraph in paragraphs {
            let size = (paragraph.size * 4.0).round() as i32;
            let characters = paragraph.text.chars().count();
            let bold = if paragraph.bold { characters } else { 0 };
            match weights.iter_mut().find(|(known, ..)| *known == size) {
                Some((_, all, all_bold)) => {
                    *all += characters;
                    *all_bold += bold;
                }
                None => weights.push((size, characters, bold)),
            }
        }
        let count = |paragraphs: &mut dyn Iterator<Item = &&Paragraph>| -> usize {
            paragraphs.map(|paragraph| paragraph.text.len()).sum()
        };
        let all = count(&mut paragraphs.iter());
        let typewriter = count(&mut paragraphs.iter().filter(|paragraph| paragraph.face == Face::Typewriter));
        let body = weights.iter().max_by_key(|(_, characters, _)| *characters).copied();
        let (size, characters, bold) = body.unwrap_or_default();
        let mut sizes = Sizes {
            body: size as f32 / 4.0,
            body_is_bold: bold * 2 > characters,
            all_typewriter: typewriter * 2 > all,
            headings: Vec::new(),
        };
        let mut larger: Vec<f32> = paragraphs
            .iter()
            .filter(|paragraph| sizes.is_large(paragraph))
            .map(|paragraph| paragraph.size)
            .collect();
        larger.sort_by(|a, b| b.total_cmp(a));
        larger.dedup_by(|next, kept| *kept <= *next * SAME_SIZE);
        sizes.headings = larger;
        sizes
    }

    fn is_large(&self, paragraph: &Paragraph) -> bool {
        paragraph.size >= self.body * LARGER && could_be_heading(paragraph, MAX_CHARACTERS)
    }

    /// From 1 to 6, or `None` for text.
    pub(super) fn level(&self, paragraph: &Paragraph) -> Option<u8> {
        if self.is_large(paragraph) {
            let larger = self
                .headings
                .iter()
                .filter(|size| **size > paragraph.size * SAME_SIZE)
                .count();
            return Some((larger + 1).min(5) as u8);
        }
        let is_bold = paragraph.bold && !self.body_is_bold && paragraph.size >= self.body * 0.95;
        if !is_bold || !could_be_heading(paragraph, MAX_BOLD_CHARACTERS) || paragraph.text.ends_with(['.', ',', ';']) {
            return None;
        }
        let depth = list_marker::heading_number(&paragraph.text).map_or(0, |parts| parts - 1);
        Some((self.headings.len().min(3) + 1 + depth).min(6) as u8)
    }
}

fn could_be_heading(paragraph: &Paragraph, max_characters: usize) -> bool {
    let letters = paragraph.text.chars().filter(|c| c.is_alphabetic()).count();
    let is_item =
        list_marker::split(&paragraph.text).is_some() && list_marker::heading_number(&paragraph.text).is_none();
    letters >= 2
        && !paragraph.is_row
        && !value_rows::is_row(&paragraph.text)
        && paragraph.lines <= MAX_LINES
        && paragraph.text.chars().count() <= max_characters
        && !paragraph.text.contains('\n')
        && !is_item
}
