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
        let is_running = |line: &Line| {
            key(height, line).is_some_and(|key| seen.get(&key).is_some_and(|times| *times >= needed))
                || !is_alone && (line.baseline == first || line.baseline == last) && is_page_number(height, line)
        };
        for region in &mut page.regions {
            region.retain(|piece| !matches!(piece, Piece::Line(line) if is_running(line)));
        }
    }
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
    let is_number = |word: &str| {
        word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
            || word.len() <= 6 && word.bytes().all(|byte| b"ivxlc".contains(&byte))
    };
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
