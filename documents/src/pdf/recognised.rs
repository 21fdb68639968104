use roxmltree::{Document, Node, ParsingOptions};
use serde::{Deserialize, Serialize};

use super::layout::{Glyph, is_right_to_left};
use crate::picture::DOTS_PER_INCH;

/// A page, or a picture, as a recogniser (OCR) read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecognisedPage {
    /// From 1; of a picture it is 1, and of one inside a document its number in [`ParsedDocument::pictures`](crate::ParsedDocument::pictures).
    pub page: usize,
    /// [hOCR](https://kba.github.io/hocr-spec/1.2/) of one page, as Tesseract writes it: lines with `bbox`, `baseline` and `x_size`, words (`ocrx_word`) with `bbox` and `x_wconf`.
    pub hocr: String,
}

/// Its words, as glyphs of the page.
#[derive(Debug, Default)]
pub(super) struct Recognition {
    pub(super) glyphs: Vec<Glyph>,
    /// Of the page, in points.
    pub(super) width: f32,
    pub(super) height: f32,
    /// The recogniser's certainty of each word that was taken, 0 to 100.
    pub(super) certainties: Vec<f32>,
}

const LINES: [&str; 4] = ["ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat"];
/// Words that the recogniser is less sure of are mostly none: stains, stamps and drawings. Out of 100; on one poor scan none of 12 words below it was right, and 6 of 14 from 5 to 24.
const MIN_CERTAINTY: f32 = 5.0;
/// A page has some 10,000 elements at most.
const MAX_NODES: u32 = 1_000_000;
/// Lines whose sizes differ from the page's usual one by less are of that size: it is measured on a picture, line by line.
const USUAL: std::ops::Range<f32> = 0.75..1.25;
/// Other sizes are told apart by steps of this factor.
const STEP: f32 = 1.3;
/// Words further apart than so many sizes stand in columns.
const WIDEST_SPACE: f32 = 1.0;

/// Words on a page of `width` points, or of a picture of 300 dots an inch; none where it is no hOCR.
pub(super) fn read(hocr: &str, width: Option<f32>) -> Recognition {
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    // Its document type declares nothing that is needed.
    let root = hocr.find("<html").and_then(|start| hocr.get(start..)).unwrap_or(hocr);
    let Ok(tree) = Document::parse_with_options(root, options) else {
        return Recognition::default();
    };
    let page = tree.descendants().find(|node| has_class(*node, &["ocr_page"]));
    let Some([_, _, right, bottom]) = page.and_then(|page| bbox(page)) else {
        return Recognition::default();
    };
    let scale = width.map_or(72.0 / DOTS_PER_INCH as f32, |width| width / right.max(1.0));
    let mut lines: Vec<Line> = tree
        .descendants()
        .filter(|node| has_class(*node, &LINES))
        .filter_map(|node| Line::of(node, scale))
        .collect();
    even_out_sizes(&mut lines);
    let mut recognition = Recognition {
        width: right * scale,
        height: bottom * scale,
        ..Recognition::default()
    };
    for line in lines {
        line.write(&mut recognition);
    }
    recognition
}

/// In points.
struct Line {
    /// Where the text goes.
    direction: (f32, f32),
    baseline: f32,
    size: f32,
    words: Vec<Word>,
}

struct Word {
    text: String,
    /// Along the line; from where it begins, in its direction.
    start: f32,
    end: f32,
    certainty: f32,
}

impl Line {
    fn of(node: Node<'_, '_>, scale: f32) -> Option<Line> {
        let [left, top, right, bottom] = bbox(node)?;
        let size = *numbers(node, "x_size").first()?;
        let descenders = numbers(node, "x_descenders").first().copied().unwrap_or_default();
        let turned = numbers(node, "textangle").first().copied().unwrap_or_default();
        let (direction, baseline) = match turned.round() as i32 {
            90 => ((0.0, -1.0), right - descenders),
            180 => ((-1.0, 0.0), top + descenders),
            270 => ((0.0, 1.0), left + descenders),
            _ => {
                let (slope, offset) = match numbers(node, "baseline").as_slice() {
                    [slope, offset, ..] => (*slope, *offset),
                    _ => (0.0, -descenders),
                };
                // One for the whole line, though the page may be askew.
                ((1.0, 0.0), bottom + offset + slope * (right - left) / 2.0)
            }
        };
        let words = node.descendants().filter(|node| has_class(*node, &["ocrx_word"]));
        let words: Vec<Word> = words.filter_map(|node| Word::of(node, direction, scale)).collect();
        (size > 0.0 && !words.is_empty()).then_some(Line {
            direction,
            baseline: baseline * scale,
            size: size * scale,
            words,
        })
    }

    fn characters(&self) -> usize {
        self.words.iter().map(|word| word.text.chars().count()).sum()
    }

    /// A letter a glyph, as wide as letters are; a space between words that are near each other.
    fn write(self, recognition: &mut Recognition) {
        let (across, along) = self.direction;
        let mut glyph = |text: String, start: f32, advance: f32| {
            let (x, baseline) = if across == 0.0 {
                (self.baseline, start * along)
            } else {
                (start * across, self.baseline)
            };
            recognition.glyphs.push(Glyph {
                text,
                x,
                baseline,
                advance,
                size: self.size,
                direction: self.direction,
                bold: None,
            });
        };
        let mut last_end: Option<f32> = None;
        for word in &self.words {
            if let Some(end) = last_end
                && (0.0..WIDEST_SPACE * self.size).contains(&(word.start - end))
            {
                glyph(" ".to_owned(), end, word.start - end);
            }
            // In the order it is read in: as one piece, which is not turned round.
            if word.text.chars().any(is_right_to_left) {
                glyph(word.text.clone(), word.start, word.end - word.start);
                last_end = Some(word.end);
                continue;
            }
            let whole: f32 = word.text.chars().map(weight).sum();
            let mut at = word.start;
            for letter in word.text.chars() {
                let advance = (word.end - word.start) * weight(letter) / whole;
                glyph(letter.to_string(), at, advance);
                at += advance;
            }
            last_end = Some(word.end);
        }
        recognition
            .certainties
            .extend(self.words.iter().map(|word| word.certainty));
    }
}

impl Word {
    fn of(node: Node<'_, '_>, (across, along): (f32, f32), scale: f32) -> Option<Word> {
        let [left, top, right, bottom] = bbox(node)?.map(|number| number * scale);
        let certainty = numbers(node, "x_wconf").first().copied().unwrap_or_default();
        let text: String = node
            .descendants()
            .filter(Node::is_text)
            .filter_map(|node| node.text())
            .collect();
        let text: String = text.split_whitespace().collect();
        // Along the direction, so that the start is the smaller.
        let (start, end) = match (across as i32, along as i32) {
            (-1, _) => (-right, -left),
            (_, -1) => (-bottom, -top),
            (_, 1) => (top, bottom),
            _ => (left, right),
        };
        (certainty >= MIN_CERTAINTY && !text.is_empty() && end > start).then_some(Word {
            text,
            start,
            end,
            certainty,
        })
    }
}

/// Some letters are narrower: were all as wide, the page would look typewritten.
fn weight(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | 'f' | 't' | '.' | ',' | ':' | ';' | '!' | '\'' | '|' | '(' | ')' => 0.6,
        'm' | 'w' | 'M' | 'W' | '@' => 1.5,
        _ => 1.0,
    }
}

fn even_out_sizes(lines: &mut [Line]) {
    let mut sizes: Vec<(f32, usize)> = lines.iter().map(|line| (line.size, line.characters())).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, characters)| characters).sum::<usize>() / 2;
    let mut seen = 0;
    let usual = sizes.iter().find(|(_, characters)| {
        seen += characters;
        seen > half
    });
    let Some(&(usual, _)) = usual else { return };
    for line in lines {
        let factor = line.size / usual;
        line.size = if USUAL.contains(&factor) {
            usual
        } else {
            usual * STEP.powf(factor.log(STEP).round())
        };
    }
}

fn has_class(node: Node<'_, '_>, classes: &[&str]) -> bool {
    node.attribute("class").is_some_and(|class| classes.contains(&class))
}

fn bbox(node: Node<'_, '_>) -> Option<[f32; 4]> {
    numbers(node, "bbox").try_into().ok()
}

/// The values of a property in the element's `title`: `bbox 0 0 10 10; x_wconf 95`.
fn numbers(node: Node<'_, '_>, property: &str) -> Vec<f32> {
    let title = node.attribute("title").unwrap_or_default();
    let values = title.split(';').find_map(|part| {
        let mut words = part.split_whitespace();
        (words.next()? == property).then_some(words)
    });
    let numbers = values.into_iter().flatten().map_while(|value| value.parse().ok());
    numbers.filter(|number: &f32| number.is_finite()).collect()
}
