//! What stands on page after page and is no part of the text: running headers and footers, and page numbers.

use std::collections::HashMap;

use super::PageLayout;
use super::lines::{Line, Piece};

/// The share of the page's height, at the top and at the bottom, where running lines stand.
const MARGIN: f32 = 0.09;
/// Where the number of a page stands.
const NUMBER_MARGIN: f32 = 0.15;
/// Longer lines are text that happens to repeat.
const MAX_CHARACTERS: usize = 100;

/// Drops them from all pages.
pub(super) fn remove(pages: &mut [PageLayout]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        let mut on_this: Vec<String> = page.lines().filter_map(|line| running_key(page, line)).collect();
        on_this.sort();
        on_this.dedup();
        for key in on_this {
            *seen.entry(key).or_default() += 1;
        }
    }
    // Left and right pages may differ, and so may chapters.
    let needed = if pages.len() <= 3 { 2 } else { (pages.len() / 6).max(3) };
    for page in pages {
        let height = page.height;
        let first = page.lines().map(|line| line.baseline).fold(f32::INFINITY, f32::min);
        let last = page.lines().map(|line| line.baseline).fold(f32::NEG_INFINITY, f32::max);
        let is_alone = first == last;
        let apart = ends_apart(page);
        let is_running = |line: &Line| {
            key(height, line).is_some_and(|key| seen.get(&key).is_some_and(|times| *times >= needed))
                || !is_alone
                    && (line.baseline == first && apart.0 || line.baseline == last && apart.1)
                    && is_page_number(height, line)
        };
        for region in &mut page.regions {
            region.retain(|piece| !matches!(piece, Piece::Line(line) if is_running(line)));
        }
    }
}

/// Whether the first line of a page, and its last, stand further from the next than lines do: the end of a paragraph may look like a page number.
fn ends_apart(page: &PageLayout) -> (bool, bool) {
    let mut baselines: Vec<f32> = page.lines().map(|line| line.baseline).collect();
    baselines.sort_by(f32::total_cmp);
    baselines.dedup_by(|next, kept| *next - *kept < 1.0);
    let gaps: Vec<f32> = baselines
        .windows(2)
        .filter_map(|pair| Some(pair.get(1)? - pair.first()?))
        .collect();
    let mut sorted = gaps.clone();
    sorted.sort_by(f32::total_cmp);
    let Some(usual) = sorted.get(sorted.len() / 2).filter(|_| gaps.len() > 2) else {
        return (true, true);
    };
    let is_wide = |gap: Option<&f32>| gap.is_some_and(|gap| *gap > 1.3 * usual);
    (is_wide(gaps.first()), is_wide(gaps.last()))
}

fn running_key(page: &PageLayout, line: &Line) -> Option<String> {
    key(page.height, line)
}

/// The line without its figures, and whether it is at the top; `None` outside the margins.
fn key(height: f32, line: &Line) -> Option<String> {
    let middle = line.area.centre().1;
    if line.text.chars().count() > MAX_CHARACTERS {
        return None;
    }
    let place = if middle < height * MARGIN {
        't'
    } else if middle > height * (1.0 - MARGIN) {
        'b'
    } else {
        return None;
    };
    let text: String = line
        .text
        .chars()
        .filter(|c| !c.is_numeric() && !c.is_whitespace())
        .collect();
    // Where it stands matters: the first lines of pages may be alike.
    Some(format!("{place}{:.0} {text}", line.baseline / 4.0))
}

/// A number as Romans wrote it, below 400: `civil` and `ill` are none.
fn is_roman(word: &str) -> bool {
    const DIGITS: [(&str, u32); 9] = [
        ("c", 100),
        ("xc", 90),
        ("l", 50),
        ("xl", 40),
        ("x", 10),
        ("ix", 9),
        ("v", 5),
        ("iv", 4),
        ("i", 1),
    ];
    let (mut rest, mut last) = (word, u32::MAX);
    while let Some((sign, value)) = DIGITS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        // Larger ones first, and none of those that are written once twice.
        if *value > last || *value == last && !matches!(value, 1 | 10 | 100) {
            return false;
        }
        last = *value;
        rest = rest.get(sign.len()..).unwrap_or_default();
    }
    rest.is_empty() && !word.is_empty() && word.len() <= 8 && !word.contains("iiii") && !word.contains("xxxx")
}

/// "7", "- 7 -", "Page 7", "7 of 12", "vii" in the outer margin.
fn is_page_number(height: f32, line: &Line) -> bool {
    let middle = line.area.centre().1;
    if middle > height * NUMBER_MARGIN && middle < height * (1.0 - NUMBER_MARGIN) {
        return false;
    }
    let text = line.text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_number = |word: &str| word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()) || is_roman(word);
    let is_word = |word: &str| {
        matches!(
            word,
            "page" | "seite" | "of" | "von" | "p" | "de" | "página" | "sur" | "pagina"
        )
    };
    words.len() <= 4
        && words.iter().any(|word| is_number(word))
        && words.iter().all(|word| is_number(word) || is_word(word))
}
